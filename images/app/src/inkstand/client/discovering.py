"""`inkstand discover`: the appliances that announce themselves in this network, by mDNS.

Whoever is in the network can announce anything. What is announced is read as an address and is no
proof of anything: that is the certificate.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from inkstand.client.errors import ClientError, MisusedError, UnreachableError
from inkstand.client.logins import origin
from inkstand.client.terminal import end_at_once, note, say, say_json
from inkstand.client.wording import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Mapping, Sequence

    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncZeroconf

TYPE = "_inkstand._tcp.local."
_API = "1"
_HTTPS = 443
# Of a name that is told, how long the rest is waited for; milliseconds.
_ANSWER_TIMEOUT = 3000
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::[0-9]{{1,5}})?")
_NOTHING = (
    "no appliance was found; is `traefik_mdns: true` in its settings, and is this computer in the"
    " same network (not a guest network), with a firewall that lets UDP port 5353 in?"
)
_NO_ZEROCONF = (
    "this needs zeroconf; run in the repository: pipx install --force './images/app[discover]'"
    " (or on Debian: apt install python3-zeroconf)"
)


@dataclass(frozen=True, slots=True)
class Appliance:
    """One that announces itself; `ca` is where the certificate of its own authority is, if any."""

    name: str
    url: str
    ca: str | None
    addresses: tuple[str, ...]


def discover(options: argparse.Namespace) -> int:
    """Print what announces itself, as it comes, until the time is over.

    Raises:
        ClientError: zeroconf is not installed, or the network cannot be asked.
        UnreachableError: nothing was found.
    """
    end_at_once()
    try:
        number = asyncio.run(_print(options.interface, options.timeout, as_json=options.json))
    except ModuleNotFoundError as error:
        raise ClientError(_NO_ZEROCONF) from error
    except OSError as error:
        raise ClientError(f"cannot ask the network: {error.strerror or error}") from error
    if not number:
        raise UnreachableError(_NOTHING)
    return 0


async def found(interface: str | None, seconds: float) -> AsyncIterator[Appliance | MisusedError]:
    """Yield what announces itself within `seconds`, or why that makes no sense, as it comes.

    `interface` is the address of this computer in the network that is asked; None: in all.

    Raises:
        MisusedError: `interface` is no address.
        ModuleNotFoundError: zeroconf is not installed.
        OSError: the network cannot be asked.
    """
    from zeroconf import InterfaceChoice  # noqa: PLC0415 - may not be there
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf  # noqa: PLC0415

    end = asyncio.get_running_loop().time() + seconds
    chosen = InterfaceChoice.All if interface is None else [_address(interface)]
    async with AsyncZeroconf(interfaces=chosen) as network:
        answers = _Answers(network)
        browser = AsyncServiceBrowser(network.zeroconf, TYPE, handlers=[answers.changed])
        try:
            while answer := await answers.next(end):
                yield answer
        finally:
            await browser.async_cancel()
            await answers.close()


class _Answers:
    """Asks for the rest of each name at once, so that one who never answers holds up nobody."""

    def __init__(self, network: AsyncZeroconf) -> None:
        self._network = network
        self._asking: set[asyncio.Task[Appliance | MisusedError | None]] = set()
        self._done: asyncio.Queue[asyncio.Task[Appliance | MisusedError | None]] = asyncio.Queue()

    def changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        """Ask about one that is announced; called by the browser, with these names."""
        del zeroconf, service_type
        if state_change.name == "Added":
            task = asyncio.ensure_future(self._ask(name))
            self._asking.add(task)
            task.add_done_callback(self._done.put_nowait)

    async def next(self, end: float) -> Appliance | MisusedError | None:
        """Return the next answer; None: it is `end`, in the loop's time."""
        answer = None
        while answer is None:
            left = end - asyncio.get_running_loop().time()
            try:
                answer = (await asyncio.wait_for(self._done.get(), left)).result()
            except TimeoutError:
                return None
        return answer

    async def close(self) -> None:
        """End what still waits for an answer."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _ask(self, name: str) -> Appliance | MisusedError | None:
        from zeroconf.asyncio import AsyncServiceInfo  # noqa: PLC0415

        info = AsyncServiceInfo(TYPE, name)
        if not await info.async_request(self._network.zeroconf, _ANSWER_TIMEOUT):
            return None
        try:
            return read(name, info.port or 0, info.properties, info.parsed_addresses())
        except MisusedError as error:
            return error


def read(
    name: str, port: int, text: Mapping[bytes, bytes | None], addresses: Sequence[str]
) -> Appliance:
    """Return what an announcement says; pure.

    `name` is its whole name, `port` where its host listens, `text` the record TXT.

    Raises:
        MisusedError: it is not what an appliance says.
    """
    called = printable(name.removesuffix(f".{TYPE}"))
    host = _word(text, b"name")
    if not _NAME.fullmatch(host):
        raise MisusedError(f"{called} says that its name is {printable(host)!r}, which is none")
    if (version := _word(text, b"api")) != _API:
        raise MisusedError(
            f"{called} speaks version {printable(version)!r} of the API, and this client {_API};"
            " take the client of its release"
        )
    try:
        url = origin(host if _has_port(host) or port == _HTTPS else f"{host}:{port}")
    except MisusedError as error:
        raise MisusedError(f"{called} announces itself wrongly: {error}") from error
    ca = _word(text, b"ca") or None
    if ca not in (None, f"http://{host}/ca.pem"):
        raise MisusedError(f"{called} says that its authority is at {printable(ca)}, another place")
    return Appliance(called, url, ca, tuple(addresses))


def _word(text: Mapping[bytes, bytes | None], key: bytes) -> str:
    return (text.get(key) or b"").decode(errors="replace")


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        message = f"{text!r} is no address of this computer, such as 192.168.1.10"
        raise MisusedError(message) from error


async def _print(interface: str | None, seconds: float, *, as_json: bool) -> int:
    """Print what is found, and return how many."""
    number = 0
    async for each in found(interface, seconds):
        if isinstance(each, MisusedError):
            note(str(each))
            continue
        number += 1
        if as_json:
            say_json(asdict(each))
        else:
            say(_line(each))
    return number


def _line(appliance: Appliance) -> str:
    trust = f"by its own authority, {appliance.ca}" if appliance.ca else "like any site"
    return f"{appliance.name}  {appliance.url}  trusted {trust}"
