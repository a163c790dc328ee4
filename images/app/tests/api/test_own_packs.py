"""Packs of the owner's own over HTTP: added, replaced and removed while it runs."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.packs.power import EXAMPLE, POWER
from inkstand import bootstrap
from inkstand.api.app import make_app
from inkstand.packs import worker
from inkstand.packs.pack import MAX_FILE
from inkstand.preferences.preferences import Preferences
from inkstand.preferences.table import NAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inkstand.config import Settings

pytestmark = pytest.mark.integration
Api = Any
Site = Any
PASSWORD = "four words and more"
TEXT = {"Content-Type": "text/plain"}
NOTE = """\
[pack]
name = "note"
about = "A note"
[layout]
kind = "text"
text = "Milk"
"""
SCREEN = {"name": "kitchen", "pack": "note"}


async def add(api: Api, toml: str = NOTE) -> dict[str, Any]:
    answer = await api.post("/packs", data=toml.encode(), headers=TEXT)
    assert answer.status == 200, await answer.text()
    told: dict[str, Any] = await answer.json()
    return told


async def refused(answer: Any) -> tuple[int, str, str]:
    told = await answer.json()
    return answer.status, told["code"], told["detail"]


async def packs(api: Api) -> dict[str, dict[str, Any]]:
    told = (await (await api.get("/packs")).json())["packs"]
    return {each["name"]: each for each in told}


async def test_one_is_added_told_shown_and_removed(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = api.site.panel.current()
    assert await add(api) == {"name": "note", "forgotten": []}
    told = await packs(api)
    assert [told[name]["own"] for name in ("note", "weather")] == [True, False]
    assert (await (await api.get("/packs/note")).text()) == NOTE
    preview = await api.post("/packs/note/preview", json={"settings": {}})
    assert (preview.status, preview.content_type) == (200, "image/png")
    changes = {"screens": [SCREEN], "playlist": [{"screen": "kitchen"}]}
    assert (await api.request("PATCH", "/settings", json=changes)).status == 200
    await eventually(lambda: api.site.panel.current() != clock)
    in_use = await refused(await api.delete("/packs/note"))
    assert in_use == (409, "packs", "note is shown by kitchen; remove that screen first")
    nothing = {"screens": None, "playlist": None}
    assert (await api.request("PATCH", "/settings", json=nothing)).status == 200
    assert (await api.delete("/packs/note")).status == 204
    assert "note" not in await packs(api)
    for answer in (await api.delete("/packs/note"), await api.get("/packs/note")):
        assert (await refused(answer))[:2] == (404, "pack-not-found")


async def test_one_that_is_replaced_is_on_the_glass_at_once(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = api.site.panel.current()
    await add(api)
    changes = {"screens": [SCREEN], "playlist": [{"screen": "kitchen"}]}
    await api.request("PATCH", "/settings", json=changes)
    await eventually(lambda: api.site.panel.current() != clock)
    milk = api.site.panel.current()
    await add(api, NOTE.replace("Milk", "Bread"))
    await eventually(lambda: api.site.panel.current() != milk)


async def test_a_screen_that_does_not_fit_its_pack_any_more_says_so(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    asks = NOTE.replace("[layout]", '[settings.where]\nabout = "Where"\n[layout]')
    await add(api, asks)
    screen = {**SCREEN, "settings": {"where": "here and there"}}
    changes = {"screens": [screen], "playlist": [{"screen": "kitchen"}]}
    await api.request("PATCH", "/settings", json=changes)
    report = api.site.system.report
    await add(api, asks.replace("[layout]", '[sources.a]\nurl = "http://{where}/"\n[layout]'))
    said = "where has to be the name or address of a host"
    await eventually(lambda: report.screens["kitchen"].problem == said)
    answer = await api.get("/settings/screens/kitchen.png")
    assert (answer.status, answer.content_type) == (200, "image/png")


async def test_the_app_starts_with_a_pack_that_it_takes_no_longer(
    make_settings: Callable[..., Settings], eventually: Callable[..., Awaitable[None]]
) -> None:
    settings = make_settings(panel="memory", button="memory")
    settings.state_directory.mkdir(parents=True, exist_ok=True)
    async with Preferences(settings, lambda _: None) as kept:
        await kept.keep_pack(NOTE)
        shopping = {"name": "shopping", "pack": "text", "settings": {"text": "Milk"}}
        await kept.change({"screens": [SCREEN, shopping]})
    with closing(sqlite3.connect(settings.state_directory / NAME)) as connection, connection:
        connection.execute("UPDATE pack SET toml = replace(toml, 'kind', 'knd')")
    system, stop = bootstrap.build(settings), asyncio.Event()
    app, listener = make_app(system.services), bootstrap.listen("127.0.0.1", 0)
    running = asyncio.create_task(bootstrap.run(system, app, listener, stop, lambda: None))
    showing = system.showing
    await eventually(lambda: running.done() or all(map(showing.picture, ("kitchen", "shopping"))))
    assert {name: state.problem for name, state in showing.states.items()} == {
        "kitchen": "layout needs kind, a text",
        "shopping": "",
    }
    stop.set()
    await running


async def test_what_is_wrong_is_told_by_line_as_the_command_tells_it(api: Api) -> None:
    wrong = (POWER + EXAMPLE).replace("every", "evry", 1).replace('kind = "number"', 'kind = "x"')
    found = await worker.check(wrong)
    status, code, detail = await refused(
        await api.post("/packs", data=wrong.encode(), headers=TEXT)
    )
    assert (status, code) == (422, "invalid-pack")
    assert detail.splitlines() == [str(each) for each in found]
    assert detail.startswith("line 8: sources.meter.evry is not known; did you mean every?\n")
    assert len(found) > 1
    drawn = (POWER + EXAMPLE).replace("power.now", "power.nw", 1)
    answer = await refused(await api.post("/packs", data=drawn.encode(), headers=TEXT))
    assert answer[2].startswith("line 10: values.watts: meter.power.nw finds nothing")
    assert "power" not in await packs(api)


async def test_an_example_in_a_file_is_refused_for_there_is_none(api: Api) -> None:
    toml = POWER + '[example]\nmeter = "file:settings.sqlite3"\n'
    status, _, detail = await refused(await api.post("/packs", data=toml.encode(), headers=TEXT))
    assert (status, detail[:24]) == (422, "line 17: example.meter: ")
    assert "has no file beside it; write it here" in detail


async def test_a_pack_that_is_too_large_is_refused_before_it_is_read(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(_text: str) -> list[Any]:
        raise AssertionError

    largest = NOTE + "#" * (MAX_FILE - len(NOTE))
    await add(api, largest)
    monkeypatch.setattr(worker, "check", check)
    answer = await api.post("/packs", data=f"{largest}#".encode(), headers=TEXT)
    assert await refused(answer) == (422, "invalid-pack", "A pack has at most 65536 bytes")


@pytest.mark.parametrize(
    ("body", "kind", "status", "sentence"),
    [
        (
            f"{NOTE}[example]\n{'x.' * 30_000}x = 1",
            "text/plain",
            422,
            "line 8: a name has too many",
        ),
        (f"{NOTE}[{'x.' * 30_000}x]", "text/plain", 422, "line 7: a name has too many dots"),
        (f"{NOTE}a = {{{'x . ' * 15_000}x = 1}}", "text/plain", 422, "line 7: a name has"),
        (NOTE.replace("note", "weather"), "text/plain", 409, "weather is a pack that ships"),
        (NOTE, "application/toml", 415, "A pack is taken as text/plain"),
        ("{", "text/plain", 422, "line 1: this is no TOML"),
        (b"a = '\xff'", "text/plain", 422, "line 1: this is no UTF-8"),
        ("", "text/plain", 422, "needs pack, a table"),
    ],
)
async def test_what_is_no_pack_of_ones_own_is_refused(
    api: Api, body: Any, kind: str, status: int, sentence: str
) -> None:
    answer = await api.post("/packs", data=body, headers={"Content-Type": kind})
    assert answer.status == status
    assert sentence in (await answer.json())["detail"]


async def test_who_was_invited_uses_them_and_cannot_change_or_read_them(
    api: Api, site: Site
) -> None:
    await add(api)
    invited = await api.post("/invitations", json={"role": "admin"})
    secret = (await invited.json())["url"].rpartition("#")[2]
    person = {"secret": secret, "name": "anna", "password": PASSWORD}
    assert (await api.post("/invitation/accept", json=person)).status == 201
    login = {"username": "anna", "password": PASSWORD}
    token = (await (await site.client.post("/api/v1/session", json=login)).json())["token"]
    anna = {"Authorization": f"Bearer {token}"}
    other = NOTE.replace("Milk", "Bread").encode()
    for answer in (
        await api.post("/packs", data=other, headers={**TEXT, **anna}),
        await api.get("/packs/note", headers=anna),
        await api.delete("/packs/note", headers=anna),
    ):
        assert await refused(answer) == (403, "owner-only", "Only the owner may do that")
    assert site.system.preferences.packs == {"note": NOTE}
    told = (await (await api.get("/packs", headers=anna)).json())["packs"]
    assert told[0]["name"] == "note"
    answer = await api.put("/settings/screens", json={"value": [SCREEN]}, headers=anna)
    assert answer.status == 200


async def test_a_secret_goes_to_no_other_server_when_a_pack_is_replaced(api: Api) -> None:
    await add(api, secretive("https://meter.example"))
    screen = {"name": "meter", "pack": "meter", "settings": {"key": "abc", "zone": "1"}}
    assert (await api.put("/settings/screens", json={"value": [screen]})).status == 200
    settings = api.site.system.preferences
    replaced = await add(api, secretive("https://meter.example", "/v2"))
    assert replaced["forgotten"] == []
    assert settings.settings.screens["meter"]["settings"] == screen["settings"]
    replaced = await add(api, secretive("https://thief.example"))
    assert replaced == {"name": "meter", "forgotten": ["meter"]}
    assert settings.settings.screens["meter"]["settings"] == {"zone": "1"}


def secretive(server: str, path: str = "") -> str:
    return f"""\
[pack]
name = "meter"
[settings.key]
about = "Key"
type = "secret"
[settings.zone]
about = "Zone"
[sources.data]
url = "{server}{path}/?zone={{zone}}"
headers = {{Authorization = "Bearer {{key}}"}}
[layout]
kind = "text"
text = "x"
"""


async def test_the_page_has_a_place_for_them_that_only_its_script_shows(api: Api) -> None:
    text = await (await api.site.client.get("/settings", headers={"Accept": "text/html"})).text()
    (part,) = re.findall(r'<section id="packs-part"[^>]*>.*?</section>', text, re.DOTALL)
    assert part.partition(">")[0].endswith(" hidden")
    fields = re.findall(r'<(?:input|textarea) id="([^"]+)"', part)
    assert fields == re.findall(r'<label for="([^"]+)"', part) == ["pack-file", "pack-toml"]
    script = await (await api.site.client.get("/assets/settings-packs.js")).text()
    used = set(re.findall(r'byId\("(pack[^"]*)"\)', script))
    assert used
    assert used <= set(re.findall('id="([^"]+)"', part))
