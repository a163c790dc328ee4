"""Pictures that were looked at once, and what is drawn now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from inkstand.rendering import fonts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).parents[1] / "data"
# Another FreeType may set a few pixels of a letter otherwise; a wrong line sets hundreds.
TOLERANCE = 0.004


@pytest.fixture
def golden() -> Callable[[str, Image.Image], None]:
    """Compare a picture with the one of that name; INKSTAND_GOLDEN=write keeps it instead."""
    names = (*fonts.FILES, *fonts.FALLBACKS.values())
    missing = [name for name in names if not (fonts.FONT_FOLDER / name).is_file()]
    if missing:
        pytest.skip(f"the pictures are drawn with fonts that are not installed: {missing}")
    return _write if os.environ.get("INKSTAND_GOLDEN") == "write" else _compare


def _write(name: str, image: Image.Image) -> None:
    image.save(DATA / f"{name}.png", optimize=True)


def _compare(name: str, image: Image.Image) -> None:
    expected = Image.open(DATA / f"{name}.png").convert("1")
    assert image.size == expected.size
    different = ImageChops.logical_xor(image, expected).convert("L").histogram()[255]
    assert different <= TOLERANCE * image.width * image.height, f"{different} pixels of {name}"


@pytest.fixture
def other_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has fonts, and none of ours."""
    monkeypatch.setattr(fonts, "FONT_FOLDER", Path("/nonexistent"))
    fonts.font_map.cache_clear()
    yield
    fonts.font_map.cache_clear()
