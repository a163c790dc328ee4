"""No server of a private network is reached, however its address is written or come to.

Where a connection would go is written down, and it goes to a server of this machine instead: what
is not refused does reach one.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.fetching.servers import NAME, SECRET, http, to
from images.app.tests.fetching.test_addresses import NOT_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from images.app.tests.fetching.servers import Names, Server
    from inkstand.errors import FetchError
    from inkstand.fetching.fetcher import Fetched

    Serve = Callable[..., Awaitable[Server]]
    Fetch = Callable[..., Awaitable[Fetched]]
    Failure = Callable[..., Awaitable[FetchError]]

pytestmark = pytest.mark.integration
PUBLIC = "93.184.216.34"

# As people and servers write them in a URL.
WRITTEN = (
    "127.0.0.1",
    "127.0.0.1.",
    "127.8.9.10",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.1",
    "127.0.1",
    "2130706433",
    "02130706433",
    "0x7f000001",
    "0x7F.0x0.0x0.0x1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "00000177.0.0.1",
    "127.0.0.1%00",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "127\u30020\u30020\u30021",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "0.0.0.0",
    "0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "172.16.0.1",
    "192.168.1.1",
    "3232235777",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[fd00::1]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "[fec0::1]",
    "[ff02::1]",
    f"{PUBLIC}@127.0.0.1",
    f"{PUBLIC}\\@127.0.0.1",
    f"{PUBLIC}%20@127.0.0.1",
)
LED_TO = tuple(address for address in NOT_PUBLIC if "." in address or ":" in address)


@pytest.fixture
async def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was connected to, by any means that asyncio has; it is this machine in any case."""
    loop, addresses = asyncio.get_running_loop(), []
    connect = loop.sock_connect

    async def dial(sock: socket.socket, address: Any) -> None:
        addresses.append(address[0])
        here = "127.0.0.1" if sock.family == socket.AF_INET else "::ffff:127.0.0.1"
        await connect(sock, (here, address[1]))

    monkeypatch.setattr(loop, "sock_connect", dial)
    return addresses


@pytest.fixture
async def inside(serve: Serve) -> Server:
    """A server of the private network."""
    return await serve(http(200, b"what nobody outside may see"))


async def test_a_public_address_is_reached(
    inside: Server, fetch: Fetch, names: Names, dialled: list[str]
) -> None:
    names.known[NAME] = [[PUBLIC]]
    await fetch(inside.url(), private=False)
    await fetch(inside.url(host="8.8.8.8"), private=False)
    assert dialled == [PUBLIC, "8.8.8.8"]
    assert inside.connections == 2


@pytest.mark.parametrize("host", WRITTEN)
async def test_what_is_written_as_a_private_address_is_not_reached(
    inside: Server, failure: Failure, dialled: list[str], host: str
) -> None:
    await failure(inside.url(host=host), private=False)
    assert (dialled, inside.connections) == ([], 0)


@pytest.mark.parametrize("host", WRITTEN)
async def test_nor_is_it_by_a_redirect(
    inside: Server, failure: Failure, names: Names, dialled: list[str], host: str
) -> None:
    names.known[NAME] = [[PUBLIC]]
    location = inside.url(host=host).encode().decode("latin-1")
    inside.answers = [to(location), http(200)]
    error = await failure(inside.url(), private=False)
    assert str(error).startswith(f"{NAME} redirects")
    assert (dialled, inside.connections) == ([PUBLIC], 1)


@pytest.mark.parametrize("address", LED_TO)
async def test_a_name_that_leads_to_it_is_not_reached(
    inside: Server, failure: Failure, names: Names, dialled: list[str], address: str
) -> None:
    names.known[NAME] = [[address]]
    error = await failure(inside.url(), private=False)
    assert str(error) == (
        f"{NAME} is at {address}, which is an address of a private network; "
        "allow it with private = true"
    )
    assert (dialled, inside.connections) == ([], 0)


async def test_one_private_address_among_public_ones_is_enough(
    inside: Server, failure: Failure, names: Names, dialled: list[str]
) -> None:
    names.known[NAME] = [[PUBLIC, "127.0.0.1"]]
    await failure(inside.url(), private=False)
    assert (dialled, inside.connections) == ([], 0)


async def test_a_name_that_leads_elsewhere_the_second_time_is_asked_once(
    inside: Server, fetch: Fetch, names: Names, dialled: list[str]
) -> None:
    names.known[NAME] = [[PUBLIC], ["127.0.0.1"]]
    await fetch(inside.url(), private=False)
    assert (names.asked, dialled) == ([NAME], [PUBLIC])


async def test_it_is_judged_again_when_it_is_redirected_to(
    inside: Server, failure: Failure, names: Names, dialled: list[str]
) -> None:
    names.known[NAME] = [[PUBLIC], ["127.0.0.1"]]
    inside.answers = [to("/again"), http(200)]
    error = await failure(inside.url(), private=False)
    assert str(error).startswith(f"{NAME} is at 127.0.0.1, which is an address of a private")
    assert (dialled, inside.connections) == ([PUBLIC], 1)


@pytest.mark.parametrize("hops", [1, 2, 3])
async def test_each_hop_of_a_chain_is_judged(
    inside: Server, failure: Failure, names: Names, dialled: list[str], hops: int
) -> None:
    chain = [f"hop{number}.example" for number in range(1, hops)]
    names.known = {name: [[PUBLIC]] for name in (NAME, *chain)}
    names.known["last.example"] = [["10.0.0.1"]]
    urls = [inside.url(host=name) for name in (*chain, "last.example")]
    inside.answers = [*(to(url) for url in urls), http(200)]
    error = await failure(inside.url(), private=False)
    assert str(error).startswith(f"{NAME} redirects, and last.example is at 10.0.0.1, which")
    assert dialled == [PUBLIC] * hops


async def test_a_connection_that_breaks_is_not_tried_at_another_address(
    inside: Server, failure: Failure, names: Names, dialled: list[str]
) -> None:
    names.known[NAME] = [[PUBLIC], ["127.0.0.1"]]
    inside.answers = [b""]
    await failure(inside.url(), private=False)
    assert names.asked == [NAME]
    assert set(dialled) == {PUBLIC}


@pytest.mark.parametrize("host", ["127.0.0.1", NAME])
async def test_who_may_reach_it_does(
    inside: Server, fetch: Fetch, dialled: list[str], host: str
) -> None:
    await fetch(inside.url(host=host), private=True)
    assert (dialled, inside.connections) == (["127.0.0.1"], 1)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "[fe80::1%25lo]"])
async def test_not_even_they_may_write_it_so_that_others_read_another(
    inside: Server, failure: Failure, dialled: list[str], host: str
) -> None:
    error = await failure(inside.url(host=host), private=True)
    assert SECRET not in str(error)
    assert (dialled, inside.connections) == ([], 0)


async def test_a_written_address_is_told_with_what_allows_it(failure: Failure) -> None:
    error = await failure("http://192.168.1.1/", private=False)
    assert str(error) == (
        "192.168.1.1 is an address of a private network; allow it with private = true"
    )
