"""What is told of a panel that hangs on its side, with another clock and another language."""

from __future__ import annotations

import hashlib
import io
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.language import language_of
from inkstand.playlist.playlist import DATE_CLOCK, Entry, Playlist
from inkstand.rendering import from_frame
from inkstand.screens import ClockScreen, MessageScreen
from inkstand.screens.clock import Face
from inkstand.screens.message import signature

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inkstand.config import Settings

pytestmark = pytest.mark.integration
Api = Any

UPRIGHT = (176, 264)
GERMAN = language_of("de", 12)


@pytest.fixture
def make_settings(make_settings: Callable[..., Settings]) -> Callable[..., Settings]:
    turns = Playlist((Entry(DATE_CLOCK),))
    return partial(make_settings, rotation=90, language="de", hour_cycle=12, playlist=turns)


def picture(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as opened:
        made: Image.Image = opened.convert("1")
    return made


async def test_panel_and_picture_are_as_people_see_them(api: Api) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    panel = await (await api.get("/panel")).json()
    assert (panel["width"], panel["height"]) == UPRIGHT
    seen = picture(await (await api.get("/panel.png")).read())
    hangs = from_frame(api.site.panel.current())
    assert seen.size == UPRIGHT
    assert seen.rotate(-90, expand=True).tobytes() == hangs.tobytes()


async def test_monitoring_compares_what_the_driver_has(api: Api) -> None:
    held = hashlib.sha256(api.site.panel.current().data).hexdigest()
    metrics = await (await api.site.client.get("/metrics")).text()
    assert f'inkstand_frame_info{{sha256="{held}"}} 1' in metrics


async def test_a_preview_is_as_it_will_be(api: Api) -> None:
    answer = await api.post("/preview", json={"text": "Hello"})
    assert answer.status == 200
    now = api.site.system.clock.now()
    wanted = MessageScreen("Hello", signature("tests", now, language=GERMAN))
    assert picture(await answer.read()).size == UPRIGHT
    assert answer.headers["Inkstand-Pages"] == str(wanted.pages(UPRIGHT))


async def test_the_playlist_has_the_clock_with_the_week(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    screen = await (await api.get("/screen")).json()
    assert (screen["screen"], screen["name"]) == ("clock", DATE_CLOCK)
    clock, system = ClockScreen(language=GERMAN, face=Face.DATE), api.site.system

    def is_shown() -> bool:
        wanted = clock.render(UPRIGHT, system.clock.now())
        return from_frame(system.display.frame).tobytes() == wanted.tobytes()

    # The next minute may begin just now.
    await eventually(is_shown)


async def test_a_message_is_signed_in_the_language(api: Api) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    message = await (await api.get("/messages/1")).json()
    screen = api.site.system.controller._screen
    assert screen.author.startswith(f"{message['author']} um ")
    assert screen.author.endswith("M")
