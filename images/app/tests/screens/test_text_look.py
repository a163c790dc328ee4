"""How a text looks on the glass when its sender has chosen that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from inkstand.rendering.text import AS_IT_COMES, TextAlign, TextLook, TextSize
from inkstand.screens import MessageScreen

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PANELS = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
LARGE = TextLook(align=TextAlign.CENTER, size=TextSize.LARGE)
LOOKED_AT = {
    "look_large": MessageScreen("Please ring the bell twice", "Ada at 09:30", look=LARGE),
    "look_bold": MessageScreen(
        "Bins go out tonight: paper and glass", "Ada at 09:30", look=TextLook(bold=True)
    ),
    "look_right": MessageScreen(
        "Milk\nBread\nTwelve eggs", "Ada at 09:30", look=TextLook(align=TextAlign.RIGHT)
    ),
}


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box around all black pixels."""
    box = ImageChops.invert(image.convert("L")).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("size", [(264, 176), (200, 96)])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_texts_look_as_when_they_were_looked_at(
    name: str, size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"{name}_{size[0]}x{size[1]}", LOOKED_AT[name].render(size, NOW))


@pytest.mark.parametrize("size", PANELS)
@pytest.mark.parametrize("text", ["Hi", "שלום"])
def test_a_text_stands_where_it_was_asked_to_in_any_direction(
    text: str, size: tuple[int, int]
) -> None:
    gaps = {}
    for align in (TextAlign.LEFT, TextAlign.CENTER, TextAlign.RIGHT):
        look = TextLook(align=align, size=TextSize.SMALL)
        left, _, right, _ = ink(MessageScreen(text, look=look).render(size, NOW))
        gaps[align] = (left, size[0] - right)
    assert gaps[TextAlign.LEFT][0] <= 6 < gaps[TextAlign.LEFT][1]
    assert gaps[TextAlign.RIGHT][1] <= 6 < gaps[TextAlign.RIGHT][0]
    assert abs(gaps[TextAlign.CENTER][0] - gaps[TextAlign.CENTER][1]) <= 4


@pytest.mark.parametrize("size", PANELS)
def test_sizes_are_steps_on_any_panel(size: tuple[int, int]) -> None:
    heights = []
    for step in (TextSize.SMALL, TextSize.MEDIUM, TextSize.LARGE):
        screen = MessageScreen("H", look=TextLook(size=step))
        _, top, _, bottom = ink(screen.render(size, NOW))
        heights.append(bottom - top)
    small, medium, large = heights
    assert small * 1.3 < medium
    assert medium * 1.3 < large


@pytest.mark.parametrize("size", PANELS)
def test_a_text_that_is_too_long_for_its_size_comes_on_more_pages(size: tuple[int, int]) -> None:
    text = "all work and no play " * 4
    pages = [MessageScreen(text, look=TextLook(size=step)).pages(size) for step in TextSize]
    auto, small, medium, large = pages
    assert auto == small
    assert small <= medium < large


def test_bold_letters_have_more_ink() -> None:
    plain, bold = (
        MessageScreen("Hello", look=TextLook(size=TextSize.SMALL, bold=bold)).render((200, 96), NOW)
        for bold in (False, True)
    )
    assert bold.convert("L").histogram()[0] > plain.convert("L").histogram()[0] * 1.2


@pytest.mark.parametrize("look", [AS_IT_COMES, LARGE, TextLook(bold=True)])
def test_a_look_is_what_its_words_say(look: TextLook) -> None:
    assert TextLook.of(look.words) == look


def test_words_of_a_later_release_or_a_damaged_file_count_for_nothing() -> None:
    assert TextLook.of("blinking larg\ufffd") == AS_IT_COMES
    assert TextLook.of("blinking large") == TextLook(size=TextSize.LARGE)
