"""Messages, pictures and the status, whatever they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from inkstand.rendering import Framing, to_frame
from inkstand.screens import ClockScreen, ImageScreen, MessageScreen, Screen, StatusScreen

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SIZES = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
ANY_TEXT = st.text(st.characters(categories=None))
NASTY = {
    "nothing": "",
    "spaces": "   \n\t ",
    "controls": "\x00\x01\x1b[31m\x7f",
    "a surrogate": "\ud83d",
    "one long word": "W" * 5000,
    "only marks": "\u0301" * 500,
    "right to left": "\u202e\u05d0\u05d1\u05d2 (abc) \u0661\u0662%",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1f8\U0001f1ea \u2764\ufe0f",
    "100 kB": "all work and no play " * 5000,
    "no characters": "\ufffe\uffff\U0010ffff\ue000",
    "one huge letter": "\ufdfd",
}


def black_pixels(image: Image.Image) -> int:
    return image.convert("L").histogram()[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_message_leaves_the_panel_empty(text: str, size: tuple[int, int]) -> None:
    image = MessageScreen(text, author=text).render(size, NOW)
    assert to_frame(image, size).size == size
    assert black_pixels(image) > 0


@given(ANY_TEXT, st.none() | ANY_TEXT, st.sampled_from(SIZES))
@settings(deadline=None)
def test_any_message_by_anybody_can_be_drawn(
    text: str, author: str | None, size: tuple[int, int]
) -> None:
    image = MessageScreen(text, author).render(size, NOW)
    assert (image.mode, image.size) == ("1", size)


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=8), st.sampled_from(SIZES))
@settings(deadline=None)
def test_any_status_can_be_drawn(
    title: str, entries: list[tuple[str, str]], size: tuple[int, int]
) -> None:
    image = StatusScreen(title, tuple(entries)).render(size, NOW)
    assert (image.mode, image.size) == ("1", size)


@pytest.mark.usefixtures("built_in_font")
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_message_needs_no_font_file(text: str) -> None:
    assert black_pixels(MessageScreen(text).render((128, 96), NOW)) > 0


MESSAGES = {
    "message_short": MessageScreen("Hello World!"),
    "message_signed": MessageScreen("Lunch is ready. Come down before it gets cold!", "Ada"),
    "message_hebrew": MessageScreen("שלום עולם! הפגישה (15:30) בחדר B12", "דוד"),
    "message_arabic": MessageScreen("مرحبا بالعالم، الاجتماع في الساعة 15:30 اليوم"),
    "message_cyrillic_greek": MessageScreen("Привет, мир! Καλημέρα κόσμε! Žluťoučký kůň"),
}


@pytest.mark.parametrize("size", [(264, 176), (200, 96)])
@pytest.mark.parametrize("name", MESSAGES)
def test_messages_look_as_when_they_were_looked_at(
    name: str, size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"{name}_{size[0]}x{size[1]}", MESSAGES[name].render(size, NOW))


def test_the_author_stands_below_the_text() -> None:
    unsigned, signed = (MessageScreen("Hi", author).render((264, 176), NOW) for author in ("", "A"))
    changed = ImageChops.logical_xor(unsigned, signed).crop((200, 150, 264, 176))
    assert black_pixels(signed.crop((200, 150, 264, 176))) > 0
    assert black_pixels(unsigned.crop((200, 150, 264, 176))) == 0
    assert changed.getbbox() is not None


def test_a_long_author_is_cut_to_one_line() -> None:
    image = MessageScreen("Hi", "A very long name " * 40).render((264, 176), NOW)
    assert black_pixels(image.crop((0, 130, 264, 150))) == 0


def test_a_picture_is_shown_in_the_middle() -> None:
    screen = ImageScreen(Image.new("L", (10, 10), 0), Framing.FIT)
    image = screen.render((128, 96), NOW)
    assert ImageChops.invert(image.convert("L")).getbbox() == (16, 0, 112, 96)


@pytest.mark.parametrize(
    "screen", [MessageScreen("Hi"), StatusScreen("Inkstand"), ImageScreen(Image.new("1", (8, 8)))]
)
def test_what_has_no_time_in_it_never_changes(screen: Screen) -> None:
    assert screen.next_change(NOW) is None


def test_equal_screens_are_one_screen() -> None:
    assert ClockScreen() == ClockScreen()
    assert MessageScreen("a", "b") == MessageScreen("a", "b")
    assert MessageScreen("a") != MessageScreen("b")
