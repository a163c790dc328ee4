"""Machines on which screens are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkstand.rendering import fonts

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def other_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has fonts, and none of ours."""
    monkeypatch.setattr(fonts, "FONT_FOLDER", Path("/nonexistent"))
    fonts._font_map.cache_clear()
    yield
    fonts._font_map.cache_clear()
