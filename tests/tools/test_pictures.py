"""The pictures of the README can be made anew."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tools import pictures

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.e2e
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_page_and_glass_are_made_from_a_demo(tmp_path: Path) -> None:
    assert pictures.main(["--output", str(tmp_path)]) == 0
    with Image.open(tmp_path / "page.png") as page, Image.open(tmp_path / "glass.png") as glass:
        assert page.size == (pictures.SIZE["width"], pictures.SIZE["height"])
        assert {colour for _, colour in glass.getcolors() or []} == {
            (0, 0, 0),
            (255, 255, 255),
            (201, 201, 196),
        }
