"""The picture of a TRMNL server: how it is asked for, and what is done with bad answers."""

from __future__ import annotations

import asyncio
import json
import re
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from images.app.tests.fetching.servers import SECRET, Server, http
from images.app.tests.fetching.trmnl_server import HOST, TrmnlServer, asking, picture, request
from inkstand.errors import FetchError
from inkstand.fetching.addresses import check_url
from inkstand.fetching.fetcher import next_target
from inkstand.fetching.trmnl_answers import log_entry, read_display, read_key
from inkstand.fetching.trmnl_keys import DeviceKeys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from inkstand.clock import ManualClock
    from inkstand.fetching.trmnl import Trmnl

pytestmark = pytest.mark.integration

SIZE = (264, 176)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
KEY, IDENTITY = f"{SECRET}-of-the-owner", "02:00:5E:00:53:01"


@pytest.fixture
async def server() -> AsyncIterator[TrmnlServer]:
    server = TrmnlServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def trmnl(clock: ManualClock, tmp_path: Path) -> Trmnl:
    return asking(clock, tmp_path)


async def failure(trmnl: Trmnl, url: str, **changes: Any) -> str:
    """Fetch, and return what the error says, which tells no secret."""
    with pytest.raises(FetchError) as caught:
        await trmnl.fetch(request(url, **changes), None, SIZE)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


async def test_a_device_is_set_up_once_and_then_shows_its_picture(
    server: TrmnlServer, clock: ManualClock, tmp_path: Path
) -> None:
    found = await asking(clock, tmp_path).fetch(request(server.url), None, SIZE)
    assert (found.body, found.fetched_at, found.again) == (
        server.picture,
        clock.now(),
        15 * MINUTE,
    )
    headers = dict(server.asked)["/api/display"]
    (identity,) = server.keys
    assert re.fullmatch(r"[0-9A-F][26AE](:[0-9A-F]{2}){5}", identity)
    assert headers["ID"] == identity
    assert headers["Access-Token"] == server.keys[identity]
    assert (headers["Width"], headers["Height"]) == ("264", "176")
    assert re.fullmatch(r"\d+\.\d+\.\d+", headers["FW-Version"])
    assert "Access-Token" not in dict(server.asked)["/api/setup"]
    assert server.paths() == ["setup", "display", "/pictures/screen.png"]
    assert (tmp_path / "trmnl.json").stat().st_mode & 0o777 == 0o600
    # After a restart.
    await asking(clock, tmp_path).fetch(request(server.url), found, SIZE)
    assert dict(server.asked)["/api/display"]["ID"] == identity
    assert dict(server.asked)["/api/display"]["Refresh-Rate"] == "900"
    assert server.paths() == ["display"]


async def test_who_has_a_key_is_not_set_up(server: TrmnlServer, trmnl: Trmnl) -> None:
    server.keys[IDENTITY] = KEY
    await trmnl.fetch(request(server.url, key=KEY, identity=IDENTITY), None, None)
    headers = dict(server.asked)["/api/display"]
    assert (headers["ID"], headers["Access-Token"]) == (IDENTITY, KEY)
    assert "Width" not in headers
    assert server.paths() == ["display", "/pictures/screen.png"]


async def test_two_screens_at_once_are_one_device(server: TrmnlServer, trmnl: Trmnl) -> None:
    await asyncio.gather(*(trmnl.fetch(request(server.url), None, SIZE) for _ in range(5)))
    assert len(server.keys) == 1
    assert server.paths().count("setup") == 1


async def test_a_picture_of_the_same_name_is_not_fetched_again(
    server: TrmnlServer, trmnl: Trmnl, clock: ManualClock
) -> None:
    first = await trmnl.fetch(request(server.url), None, SIZE)
    server.picture = picture(black=0.2)
    server.display["refresh_rate"] = 120
    clock.advance(15 * MINUTE)
    server.paths()
    same = await trmnl.fetch(request(server.url), first, SIZE)
    assert server.paths() == ["display"]
    assert same.body is first.body
    assert (same.fetched_at, same.again) == (clock.now(), 2 * MINUTE)
    server.display["filename"] = "screen-2"
    assert (await trmnl.fetch(request(server.url), same, SIZE)).body == server.picture


async def test_a_picture_without_a_name_is_fetched_each_time(
    server: TrmnlServer, trmnl: Trmnl
) -> None:
    server.display["filename"] = None
    first = await trmnl.fetch(request(server.url), None, SIZE)
    server.picture = picture(black=0.2)
    assert (await trmnl.fetch(request(server.url), first, SIZE)).body == server.picture


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=401),
        web.Response(status=403),
        web.json_response({"message": "MAC Address not registered"}, status=404),
        web.json_response({"status": 404}),
        web.json_response({"status": 500, "error": "Device not found"}),
    ],
    ids=["401", "403", "404", "404 in JSON", "500 in JSON"],
)
async def test_for_a_key_that_is_good_no_longer_another_is_asked_for(
    server: TrmnlServer, trmnl: Trmnl, answer: web.Response
) -> None:
    await trmnl.fetch(request(server.url), None, SIZE)
    (identity,) = server.keys
    server.keys[identity] = f"{SECRET}-new"
    server.instead["/api/display"] = answer
    server.paths()
    said = await failure(trmnl, server.url)
    assert said == (
        f"{HOST} does not know this device: add it there as {identity}, or fill in its API key here"
    )
    assert "Access-Token" not in dict(server.asked)["/api/setup"]
    assert server.paths() == ["display", "setup"]
    server.instead.clear()
    await trmnl.fetch(request(server.url), None, SIZE)
    assert server.paths() == ["display", "/pictures/screen.png"]


async def test_a_key_that_is_given_once_outlives_a_proxy_that_knows_nothing(
    server: TrmnlServer, trmnl: Trmnl
) -> None:
    await trmnl.fetch(request(server.url), None, SIZE)
    server.instead["/api/display"] = web.Response(status=404)
    for answer in (web.Response(status=404), web.json_response({"api_key": ""})):
        server.instead["/api/setup"] = answer
        await failure(trmnl, server.url)
    server.instead.clear()
    server.paths()
    await trmnl.fetch(request(server.url), None, SIZE)
    assert server.paths() == ["display", "/pictures/screen.png"]


async def test_the_key_of_an_owner_is_not_replaced(server: TrmnlServer, trmnl: Trmnl) -> None:
    said = await failure(trmnl, server.url, key=KEY, identity=IDENTITY)
    assert said == (
        f"{HOST} does not know this device: the API key that was filled in here is not that of "
        f"{IDENTITY}"
    )
    assert server.paths() == ["display"]


async def test_a_server_that_is_broken_or_gone_leaves_the_key(
    server: TrmnlServer, trmnl: Trmnl
) -> None:
    await trmnl.fetch(request(server.url), None, SIZE)
    server.instead["/api/display"] = web.Response(status=500)
    assert await failure(trmnl, server.url) == f"{HOST} answered 500"
    await server.stop()
    assert f"{HOST} cannot be reached" in await failure(trmnl, server.url)
    server.instead.clear()
    await server.start()
    server.paths()
    await trmnl.fetch(request(server.url), None, SIZE)
    assert server.paths() == ["display", "/pictures/screen.png"]


async def test_who_is_not_known_is_told_its_id_and_asks_again(
    server: TrmnlServer, trmnl: Trmnl
) -> None:
    server.takes_all = False
    said = await failure(trmnl, server.url)
    (identity,) = re.findall(r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}", said)
    server.keys[identity] = f"{SECRET}-1"
    await trmnl.fetch(request(server.url), None, SIZE)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b'{"api_key": 7}', "gave an API key that cannot be sent"),
        (b'{"api_key": "a\\r\\nb"}', "gave an API key that cannot be sent"),
        (b'{"api_key": "%s"}' % (b"x" * 300), "gave an API key that cannot be sent"),
        (b'{"status": 404, "api_key": null}', "does not know this device"),
        (b"[]", "does not answer as a TRMNL server does"),
        (b"<html>", "does not answer as a TRMNL server does"),
        pytest.param(b"[" * 100_000, "does not answer as a TRMNL server does", id="deep"),
    ],
)
def test_a_key_that_is_none_is_not_taken(answer: bytes, sentence: str) -> None:
    with pytest.raises(FetchError, match=sentence):
        read_key(HOST, answer)


@pytest.mark.parametrize("answer", [{"status": 200, "api_key": ""}, {"api_key": None}, {}])
async def test_who_is_given_no_key_has_none_and_may_be_known_without(
    server: TrmnlServer, trmnl: Trmnl, answer: dict[str, Any]
) -> None:
    server.instead["/api/setup"] = web.json_response(answer)
    server.instead["/api/display"] = web.json_response(server.display)
    for _ in range(2):
        await trmnl.fetch(request(server.url), None, SIZE)
        assert "Access-Token" not in dict(server.asked)["/api/display"]
    assert server.paths().count("setup") == 1
    server.instead["/api/display"] = web.Response(status=404)
    assert "or fill in its API key here" in await failure(trmnl, server.url)


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (900, 15 * MINUTE),
        ("1800", 30 * MINUTE),
        (61.5, timedelta(seconds=61.5)),
        (1, MINUTE),
        (86_401, DAY),
        (10**30, DAY),
        pytest.param(10**400, None, id="no float"),
        (0, None),
        (-300, None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        pytest.param("9" * 10_000, None, id="ten thousand digits"),
        (True, None),
        (None, None),
        ([900], None),
        ({}, None),
    ],
)
def test_how_often_is_between_a_minute_and_a_day(said: Any, again: timedelta | None) -> None:
    answer = {"image_url": "/a.png", "filename": "a", "refresh_rate": said}
    assert read_display(HOST, json.dumps(answer).encode()).again == again


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"<html>", f"{HOST} does not answer as a TRMNL server does; look at its address"),
        (b"null", f"{HOST} does not answer as a TRMNL server does; look at its address"),
        (b'{"status": 0}', f"{HOST} has no picture for this device"),
        (b'{"image_url": ""}', f"{HOST} has no picture for this device"),
        (b'{"image_url": ["/a"]}', f"{HOST} has no picture for this device"),
        (b'{"status": 202, "image_url": "/a"}', f"{HOST} gave this device to nobody yet"),
        (b'{"status": 503, "image_url": "/a"}', f"{HOST} answered that it cannot do that now"),
        (b'{"status": [], "image_url": "/a"}', f"{HOST} answered that it cannot do that now"),
    ],
)
def test_what_is_no_display_is_told(answer: bytes, sentence: str) -> None:
    with pytest.raises(FetchError, match=sentence):
        read_display(HOST, answer)


@pytest.mark.parametrize("name", [7, "", "x" * 600, ["a"]])
def test_a_name_that_is_none_is_as_good_as_no_name(name: Any) -> None:
    answer = json.dumps({"image_url": "/a", "filename": name}).encode()
    assert read_display(HOST, answer).name is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<html>Not here</html>", "is no picture"),
        (b"", "is no picture"),
        (picture()[:-60], "PNG picture (is damaged|ends too early)"),
        (picture("BMP") + b"\0" * 100_000, f"{HOST} sent more than the 100000 bytes"),
    ],
    ids=["HTML", "empty", "cut off", "too large"],
)
async def test_what_is_no_picture_is_told_here_and_once_to_the_server(
    server: TrmnlServer, trmnl: Trmnl, body: bytes, sentence: str
) -> None:
    server.picture = body
    for _ in range(3):
        said = await failure(trmnl, server.url)
        assert said.startswith(f"the picture of {HOST} cannot be shown: ")
        assert re.search(sentence, said)
    (entry,) = [entry for log in server.logs for entry in log["logs"]]
    assert entry["message"] == said[:200]
    headers = dict(server.asked)["/api/log"]
    assert headers["Access-Token"] in server.keys.values()
    assert headers["Content-Type"] == "application/json"
    # Well again, and ill again: that is new.
    server.picture = picture()
    await trmnl.fetch(request(server.url), None, SIZE)
    server.picture = body
    await failure(trmnl, server.url)
    assert len(server.logs) == 2


async def test_a_server_that_takes_no_log_is_no_trouble(server: TrmnlServer, trmnl: Trmnl) -> None:
    server.picture = b""
    server.instead["/api/log"] = web.Response(status=500)
    assert "is no picture" in await failure(trmnl, server.url)
    server.picture = picture()[:-60]
    server.breaks_off = "/api/log"
    assert "PNG picture" in await failure(trmnl, server.url)
    assert server.paths().count("log") == 2


async def test_a_log_is_for_nobody_that_its_server_redirects_to(
    server: TrmnlServer, trmnl: Trmnl, serve: Callable[..., Awaitable[Server]]
) -> None:
    elsewhere = await serve(http(200))
    server.picture = b""
    server.instead["/api/log"] = web.Response(
        status=307, headers={"Location": f"http://{HOST}:{elsewhere.port}/log"}
    )
    await failure(trmnl, server.url)
    assert server.paths()[-1] == "log"
    assert elsewhere.asked == []


def test_a_long_sentence_is_cut_in_a_log(clock: ManualClock) -> None:
    assert len(log_entry("x" * 1000, clock.now())["message"]) == 200


async def test_a_picture_elsewhere_is_asked_for_without_the_key(
    server: TrmnlServer, trmnl: Trmnl, serve: Callable[..., Awaitable[Server]]
) -> None:
    elsewhere = await serve(http(200, picture(black=0.1)))
    server.display["image_url"] = f"http://{HOST}:{elsewhere.port}/a.png"
    found = await trmnl.fetch(request(server.url), None, SIZE)
    assert found.body == picture(black=0.1)
    (asked,) = elsewhere.asked
    assert not {"id", "access-token"} & asked.headers.keys()


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("http://other.example/a.png", "other.example is at 127.0.0.1, .* private network"),
        ("http://169.254.169.254/latest/", "169.254.169.254 is an address of a private network"),
        ("file:///etc/passwd", "leads to where nobody may go"),
        ("http://me:pw@other.example/", "leads to where nobody may go"),
        ("http://[::1/", "leads to what is not a URL"),
    ],
)
async def test_a_picture_is_not_fetched_from_where_nobody_may_go(
    server: TrmnlServer, trmnl: Trmnl, place: str, sentence: str
) -> None:
    server.display["image_url"] = place
    assert re.search(sentence, await failure(trmnl, server.url))
    assert server.paths() == ["setup", "display", "log"]


def test_a_picture_of_https_is_not_asked_for_by_http() -> None:
    with pytest.raises(FetchError, match="leads from https to http, which others can read"):
        next_target(check_url(f"https://{HOST}"), f"http://{HOST}/a.png")


async def test_a_server_that_redirects_into_the_private_network_is_refused(
    server: TrmnlServer, trmnl: Trmnl
) -> None:
    server.instead["/api/display"] = web.Response(
        status=302, headers={"Location": f"http://other.example:{server.port}/api/display"}
    )
    said = await failure(trmnl, server.url)
    assert f"{HOST} redirects, and other.example is at 127.0.0.1" in said
    assert server.paths() == ["setup", "display"]


async def test_a_key_is_for_one_server_and_one_device(
    server: TrmnlServer, trmnl: Trmnl, clock: ManualClock, tmp_path: Path
) -> None:
    await trmnl.fetch(request(server.url), None, SIZE)
    other = TrmnlServer()
    await other.start()
    try:
        await trmnl.fetch(request(other.url), None, SIZE)
        assert other.paths()[0] == "setup"
    finally:
        await other.stop()
    server.paths()
    await trmnl.fetch(request(server.url, identity=IDENTITY), None, SIZE)
    assert server.paths()[0] == "setup"
    await asking(clock, tmp_path).fetch(request(server.url), None, SIZE)
    assert server.paths()[0] == "display"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"id": 7, "keys": []}', pytest.param(b"[" * 65_000, id="deep")],
)
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trmnl.json"
    path.write_bytes(content)
    identity = DeviceKeys(path).identity()
    DeviceKeys(path).put("a", KEY)
    assert DeviceKeys(path).identity() == identity
    assert DeviceKeys(path).get("a") == KEY


def test_no_more_than_twenty_keys_are_kept(tmp_path: Path) -> None:
    keys = DeviceKeys(tmp_path / "trmnl.json")
    for number in range(25):
        keys.put(str(number), KEY)
    assert [number for number in range(25) if keys.get(str(number))] == list(range(5, 25))


async def test_without_a_place_for_its_id_no_server_is_asked(
    server: TrmnlServer, clock: ManualClock, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    said = await failure(asking(clock, tmp_path / "state"), server.url)
    assert "cannot keep" in said
    assert server.paths() == []
