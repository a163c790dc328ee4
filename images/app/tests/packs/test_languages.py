"""Packs that ship, in other languages than English."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from inkstand.language import CODES, language_of
from inkstand.packs import example, pack
from inkstand.packs.chosen import shipped
from inkstand.packs.content import fill
from inkstand.packs.drawing import draw
from inkstand.packs.requests import resolve
from inkstand.packs.worker import Order
from inkstand.packs.worker import draw as draw_apart
from inkstand.rendering import from_png

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 28, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
WORDED = ("bikes", "calendar", "countdown", "weather")


def drawn(name: str, size: tuple[int, int], code: str) -> Image.Image:
    path = shipped()[name]
    it = pack.read(pack.decode(path.read_bytes()))
    answers = example.answers(it, path.parent)
    settings = resolve(it, it.example.settings)
    return draw(fill(it, settings, answers, example.now(it, NOW), language_of(code)), size)


@pytest.mark.parametrize("name", WORDED)
def test_they_look_as_when_they_were_looked_at(
    name: str, golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"pack_{name}_de_264x176", drawn(name, (264, 176), "de"))
    golden(f"pack_{name}_sv_96x200", drawn(name, (96, 200), "sv"))


@pytest.mark.parametrize("name", WORDED)
def test_each_language_says_something_else(name: str) -> None:
    pictures = {drawn(name, (264, 176), code).tobytes() for code in CODES}
    assert len(pictures) == len(CODES)


async def test_the_process_that_draws_them_is_told_the_language() -> None:
    path = shipped()["weather"]
    it = pack.read(pack.decode(path.read_bytes()))
    answers = example.answers(it, path.parent)
    order = Order(
        path.read_text(), it.example.settings, answers, (264, 176), example.now(it, NOW),
        language_of("fr"),
    )  # fmt: skip
    there = from_png((await draw_apart(order)).png)
    assert there.tobytes() == drawn("weather", (264, 176), "fr").tobytes()
