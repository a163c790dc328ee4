"""The faces of the clock, on panels that lie and that stand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from inkstand.language import language_of
from inkstand.screens import ClockScreen, MessageScreen
from inkstand.screens.clock import Face

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

NOW = datetime(2026, 9, 30, 20, 48, tzinfo=UTC)
LYING, STANDING = ((264, 176), (200, 96), (128, 96)), ((176, 264), (96, 200), (96, 128))
FACES = {
    "clock": ClockScreen(),
    "clock_date": ClockScreen(face=Face.DATE),
    "clock_date_de": ClockScreen(face=Face.DATE, language=language_of("de")),
    "clock_12": ClockScreen(language=language_of("en", 12)),
}


@pytest.mark.parametrize("size", [*LYING, *STANDING])
@pytest.mark.parametrize("name", FACES)
def test_faces_look_as_when_they_were_looked_at(
    name: str, size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"{name}_{size[0]}x{size[1]}", FACES[name].render(size, NOW))


def test_a_message_is_set_upright(golden: Callable[[str, Image.Image], None]) -> None:
    letter = "It was the best of times, it was the worst of times, it was the age of wisdom, " * 6
    golden("message_96x200", MessageScreen(letter, "Ada at 09:30").render((96, 200), NOW))


@pytest.mark.parametrize("size", [*LYING, *STANDING])
@pytest.mark.parametrize("face", Face)
def test_there_is_white_all_around(face: Face, size: tuple[int, int]) -> None:
    for language in (language_of("es", 12), language_of("fr")):
        image = ClockScreen(face=face, language=language).render(size, NOW)
        box = ImageChops.invert(image.convert("L")).getbbox()
        assert box is not None
        assert min(box[0], box[1], size[0] - box[2], size[1] - box[3]) >= 1


@pytest.mark.parametrize("size", [*LYING, *STANDING])
def test_nothing_but_the_minutes_moves_with_them(size: tuple[int, int]) -> None:
    """A partial update then touches nothing else."""
    screen = ClockScreen(face=Face.DATE)
    before, after = (screen.render(size, NOW.replace(minute=minute)) for minute in (48, 49))
    changed = ImageChops.logical_xor(before, after).getbbox()
    assert changed is not None
    assert changed[3] - changed[1] < 0.4 * size[1]
    assert changed[3] < 0.75 * size[1]


@pytest.mark.parametrize(
    ("day", "week"),
    [(datetime(2027, 1, 3, tzinfo=UTC), 53), (datetime(2026, 12, 28, tzinfo=UTC), 53)],
)
def test_weeks_are_those_of_iso_8601(day: datetime, week: int) -> None:
    rows = ClockScreen(face=Face.DATE)._rows((264, 176))
    assert rows[-1].text(language_of("en"), day) == f"Week {week}"
