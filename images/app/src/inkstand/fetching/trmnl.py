"""The picture that a TRMNL server has for this appliance, asked for as its own devices ask.

The API is that of https://docs.trmnl.com/go/diy/byos: `/api/setup` gives a device a key,
`/api/display` says where its picture is, what that is called and when to ask again, and `/api/log`
takes what went wrong with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from inkstand import __version__
from inkstand.errors import FetchError, RequestError, StorageError
from inkstand.fetching.addresses import check_url
from inkstand.fetching.fetcher import FetchRequest, PostRequest, next_target
from inkstand.fetching.trmnl_answers import is_unknown, log_entry, read_display, read_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from inkstand.fetching.addresses import Target
    from inkstand.fetching.fetcher import Fetched, Fetcher
    from inkstand.fetching.trmnl_answers import Display
    from inkstand.fetching.trmnl_keys import DeviceKeys

    # Raises RequestError if these bytes are no picture that can be shown.
    Check = Callable[[bytes], Awaitable[object]]

_T = TypeVar("_T")
_ID, _KEY = "ID", "Access-Token"
_MAX_ANSWER = 65_536


@dataclass(frozen=True, slots=True)
class _Device:
    """Who we are to a server; `headers` go with all that it is asked, the key among them.

    `gave_key` is whether keys come from the server, and not from the owner.
    """

    request: FetchRequest
    server: Target
    identity: str
    headers: dict[str, str] = field(repr=False)
    gave_key: bool

    def url(self, path: str) -> str:
        """Return the URL of `path` of the API."""
        return self.server.url.rstrip("/") + path

    def asked(self, path: str) -> FetchRequest:
        """Return the request for `path` of the API."""
        return FetchRequest(self.url(path), self.headers, _MAX_ANSWER, self.request.private)

    @property
    def account(self) -> str:
        """By what its key is kept, which goes to the server that gave it, with the same ID."""
        return f"{self.server.url} {self.identity}"

    def refused(self) -> FetchError:
        """Return the error that the server does not know us."""
        known = (
            f"add it there as {self.identity}, or fill in its API key here"
            if self.gave_key
            else f"the API key that was filled in here is not that of {self.identity}"
        )
        return FetchError(f"{self.server.host} does not know this device: {known}")


class Trmnl:
    """Asks TRMNL servers with `fetcher`; keys that they gave are in `keys`.

    `check` looks at a picture before it takes the place of another.
    """

    def __init__(self, fetcher: Fetcher, keys: DeviceKeys, check: Check) -> None:
        self._fetcher = fetcher
        self._keys = keys
        self._check = check
        self._lock = asyncio.Lock()
        # What each server was told last.
        self._told: dict[str, str] = {}

    async def fetch(
        self, request: FetchRequest, known: Fetched | None, size: tuple[int, int] | None
    ) -> Fetched:
        """Return the picture that the server at `request.url` has for a panel of `size`.

        Where the headers ID and Access-Token of `request` are empty they are those of this
        appliance. `known` came from there before; while the picture is called the same nothing
        else is fetched, and the body is that of `known`. A picture may be at another host, which
        gets no header and has to be public.

        Raises:
            FetchError: there is none that can be shown, or it may not be fetched.
        """
        device = await self._device(request, known, size)
        try:
            answer = await self._fetcher.fetch(device.asked("/api/display"))
            display = read_display(device.server.host, answer.body)
        except FetchError as error:
            if not is_unknown(error):
                raise
            if device.gave_key:
                async with self._lock:
                    await self._set_up(device)
            raise device.refused() from None
        if known is not None and display.name and display.name == known.etag:
            return replace(known, fetched_at=answer.fetched_at, again=display.again)
        return await self._picture(device, display, answer.fetched_at)

    async def _device(
        self, request: FetchRequest, known: Fetched | None, size: tuple[int, int] | None
    ) -> _Device:
        """Return who we are to the server, which is asked for a key if we have none."""
        headers = {**request.headers, "FW-Version": __version__, "Model": "inkstand"}
        if size is not None:
            headers |= {"Width": str(size[0]), "Height": str(size[1])}
        if known is not None and known.again is not None:
            headers["Refresh-Rate"] = str(int(known.again.total_seconds()))
        # Of two screens that ask for a key at once, one might be told that it was given already.
        async with self._lock:
            identity = headers.get(_ID, "") or await _kept(self._keys.identity)
            headers[_ID], key = identity, headers.pop(_KEY, "")
            device = _Device(request, check_url(request.url), identity, headers, gave_key=not key)
            if not key:
                kept = await _kept(self._keys.get, device.account)
                key = await self._set_up(device) if kept is None else kept
        return replace(device, headers={**headers, _KEY: key}) if key else device

    async def _set_up(self, device: _Device) -> str:
        """Return the key that the server gives us now, and keep it.

        One that was kept stays if it gives none: it may do that once, and 404 may be the word of a
        proxy while the server is started.
        """
        headers = {name: it for name, it in device.headers.items() if name != _KEY}
        try:
            answer = await self._fetcher.fetch(replace(device, headers=headers).asked("/api/setup"))
            key = read_key(device.server.host, answer.body)
        except FetchError as error:
            raise (device.refused() if is_unknown(error) else error) from None
        if key or _KEY not in device.headers:
            await _kept(self._keys.put, device.account, key)
        return key

    async def _picture(self, device: _Device, display: Display, now: datetime) -> Fetched:
        server = device.server
        try:
            target = next_target(server, display.picture)
            found = await self._fetcher.fetch(
                FetchRequest(
                    target.url,
                    device.headers if target.origin == server.origin else {},
                    device.request.max_bytes,
                    device.request.private and target.host == server.host,
                )
            )
            await self._check(found.body)
        except (FetchError, RequestError) as error:
            sentence = f"the picture of {server.host} cannot be shown: {error}"
            await self._tell(device, sentence, now)
            wait = error.retry_after if isinstance(error, FetchError) else None
            raise FetchError(sentence, wait) from None
        self._told.pop(device.account, None)
        return replace(found, etag=display.name, last_modified=None, again=display.again)

    async def _tell(self, device: _Device, sentence: str, now: datetime) -> None:
        """Write into the server's log what is wrong with its picture, once and if it takes that."""
        if self._told.get(device.account) != sentence:
            self._told[device.account] = sentence
            with contextlib.suppress(FetchError):
                headers = {**device.headers, "Content-Type": "application/json"}
                body = json.dumps({"logs": [log_entry(sentence, now)]}).encode()
                private = device.request.private
                await self._fetcher.post(
                    PostRequest(device.url("/api/log"), headers, body, private)
                )


async def _kept(act: Callable[..., _T], *arguments: str) -> _T:
    try:
        return await asyncio.to_thread(act, *arguments)
    except StorageError as error:
        raise FetchError(str(error)) from error
