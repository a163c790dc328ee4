"""Settings over HTTP: who may, what counts at once, and what is on the glass for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts.model import Scope
from inkstand.rendering import from_png, to_frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Api = Any
SHOPPING = {"name": "shopping", "pack": "text", "settings": {"text": "Milk"}, "example": False}
FAMILY = {"name": "family", "pack": "calendar", "settings": {"address": "https://a.example/"}}
ALWAYS_QUIET = [{"days": "daily"}]


async def told(answer: Any) -> dict[str, Any]:
    assert answer.status == 200, await answer.text()
    return {each["name"]: each for each in (await answer.json())["settings"]}


async def screen(api: Api) -> dict[str, Any]:
    shown: dict[str, Any] = await (await api.get("/screen")).json()
    return shown


async def test_at_first_everything_is_its_default(api: Api) -> None:
    answer = await api.get("/settings")
    assert (await answer.json())["internet"] is True
    assert await told(answer) == {
        name: {
            "name": name,
            "value": value,
            "default": value,
            "provisioned": False,
            "problem": None,
        }
        for name, value in (
            ("screens", []),
            ("playlist", []),
            ("quiet_hours", []),
            ("quiet_screen", "until"),
        )
    }


async def test_a_screen_is_on_the_glass_as_soon_as_it_is_chosen(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = api.site.panel.current()
    changes = {"screens": [SHOPPING], "playlist": [{"screen": "shopping"}]}
    answer = await told(await api.request("PATCH", "/settings", json=changes))
    assert answer["screens"]["value"] == [SHOPPING]
    assert (await screen(api))["name"] == "shopping"
    shown = api.site.system.report.screens
    await eventually(lambda: api.site.panel.current() != clock)
    assert [*shown] == ["shopping"]
    other = {**SHOPPING, "settings": {"text": "Bread"}}
    milk = api.site.panel.current()
    await told(await api.put("/settings/screens", json={"value": [other]}))
    await eventually(lambda: api.site.panel.current() != milk)


async def test_how_a_screen_looks_is_told_as_soon_as_it_was_drawn(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = api.site.panel.current()
    missing = await api.get("/settings/screens/shopping.png")
    assert (missing.status, (await missing.json())["code"]) == (404, "screen-not-shown")
    changes = {"screens": [SHOPPING], "playlist": [{"screen": "shopping"}]}
    await told(await api.request("PATCH", "/settings", json=changes))
    await eventually(lambda: api.site.panel.current() != clock)
    answer = await api.get("/settings/screens/shopping.png")
    assert (answer.status, answer.content_type) == (200, "image/png")
    picture = to_frame(from_png(await answer.read()), (264, 176))
    assert picture == api.site.panel.current()
    assert (await api.get("/settings/screens/family.png")).status == 404


async def test_a_screen_that_was_removed_is_not_shown_any_more(api: Api) -> None:
    await told(await api.put("/settings/screens", json={"value": [SHOPPING]}))
    await told(await api.put("/settings/playlist", json={"value": [{"screen": "shopping"}]}))
    assert (await screen(api))["screen"] == "pack"
    await told(await api.request("PATCH", "/settings", json={"screens": [], "playlist": None}))
    assert (await screen(api))["screen"] == "clock"
    assert api.site.system.report.screens == {}


async def test_quiet_hours_begin_and_end_at_once(api: Api) -> None:
    await told(await api.put("/settings/quiet_hours", json={"value": ALWAYS_QUIET}))
    assert (await screen(api))["quiet_until"] is not None
    answer = await told(await api.delete("/settings/quiet_hours"))
    assert answer["quiet_hours"]["value"] == []
    assert (await screen(api))["quiet_until"] is None


async def test_a_secret_is_written_and_never_read(api: Api) -> None:
    sent = await told(await api.put("/settings/screens", json={"value": [FAMILY]}))
    (marked,) = sent["screens"]["value"]
    assert marked["settings"] == {"address": "(kept secret)"}
    kept = await told(await api.put("/settings/screens", json={"value": [marked, SHOPPING]}))
    assert kept["screens"]["value"][0] == marked
    settings = api.site.system.preferences.settings
    assert settings.screens["family"]["settings"] == FAMILY["settings"]


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/settings/language", {"value": 1}, 404, "There is no setting language; there is"),
        ("/settings/quiet_screen", {"value": 1}, 422, "value has to be a list of objects"),
        ("/settings/quiet_screen", {}, 422, "value has to be a list"),
        ("/settings/quiet_screen", {"value": "x"}, 422, "quiet_screen must be one of until, last"),
        ("/settings/screens", {"value": [{}]}, 422, "screens at entry 1: name must be"),
        ("/settings/playlist", {"value": [{"screen": "x"}]}, 422, "there is no screen x; there is"),
    ],
)
async def test_what_is_wrong_is_refused_with_a_sentence(
    api: Api, path: str, body: dict[str, Any], status: int, sentence: str
) -> None:
    answer = await api.put(path, json=body)
    assert answer.status == status
    assert sentence in (await answer.json())["detail"]


@pytest.mark.parametrize("scope", [Scope.READ, Scope.POST])
async def test_only_who_administers_may_read_or_change_them(api: Api, scope: Scope) -> None:
    issued = await api.site.system.accounts.create("kitchen", scope, None)
    headers = {"Authorization": f"Bearer {issued.token}"}
    for method, path in (
        ("GET", "/settings"),
        ("GET", "/settings/screens/a.png"),
        ("PATCH", "/settings"),
        ("PUT", "/settings/screens"),
        ("DELETE", "/settings/screens"),
    ):
        answer = await api.request(method, path, headers=headers, json={"value": []})
        assert answer.status == 403


async def test_what_is_provisioned_is_refused_and_says_where_to_change_it(api: Api) -> None:
    preferences = api.site.system.preferences
    preferences._provisioned = frozenset({"playlist"})
    assert (await told(await api.get("/settings")))["playlist"]["provisioned"] is True
    for answer in (
        await api.put("/settings/playlist", json={"value": []}),
        await api.delete("/settings/playlist"),
        await api.request("PATCH", "/settings", json={"quiet_screen": "last", "playlist": None}),
    ):
        assert (answer.status, (await answer.json())["code"]) == (409, "provisioned")
    assert preferences.settings.quiet_screen == "until"


async def test_the_page_is_for_anybody_and_says_nothing_of_them(api: Api) -> None:
    answer = await api.site.client.get("/settings", headers={"Accept": "text/html"})
    text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "<title>Settings · LegoMac</title>" in text
    for name in ("settings.css", "settings.js", "settings-rows.js", "settings-screens.js"):
        assert (await api.site.client.get(f"/assets/{name}")).status == 200
