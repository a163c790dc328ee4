"""Pictures that were looked at once, and what is drawn now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, features

from inkstand.rendering import fonts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).parents[1] / "data"
# Another FreeType may set a few pixels of a letter otherwise; a wrong line sets hundreds.
TOLERANCE = 0.004


@pytest.fixture
def golden() -> Callable[[str, Image.Image], None]:
    """Compare a picture with the one of that name; INKSTAND_GOLDEN=write keeps it instead."""
    if not all((fonts.FONT_FOLDER / family[0]).is_file() for family in (fonts.REGULAR, fonts.BOLD)):
        pytest.skip("the pictures are drawn with Debian's fonts-dejavu-core, not installed here")
    if not features.check("raqm"):
        pytest.skip("the pictures are drawn with libraqm, which this Pillow has not got")
    return _write if os.environ.get("INKSTAND_GOLDEN") == "write" else _compare


def _write(name: str, image: Image.Image) -> None:
    image.save(DATA / f"{name}.png", optimize=True)


def _compare(name: str, image: Image.Image) -> None:
    expected = Image.open(DATA / f"{name}.png").convert("1")
    assert image.size == expected.size
    different = ImageChops.logical_xor(image, expected).convert("L").histogram()[255]
    assert different <= TOLERANCE * image.width * image.height, f"{different} pixels of {name}"


@pytest.fixture
def built_in_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with no font file."""
    monkeypatch.setattr(fonts, "FONT_FOLDER", Path("/nonexistent"))
    for family in (fonts.regular, fonts.bold):
        family.cache_clear()
    yield
    monkeypatch.undo()
    for family in (fonts.regular, fonts.bold):
        family.cache_clear()
