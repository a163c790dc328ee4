"""Screens as picture files, with no panel."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from inkstand import __version__
from inkstand.config import parse_size
from inkstand.errors import ConfigError
from inkstand.rendering import from_frame, to_frame, to_png
from inkstand.screens import ClockScreen, MessageScreen, StatusScreen

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.screens import Screen


def render(name: str, size: str, text: str, author: str, path: Path) -> None:
    """Draw the screen called `name` for a panel of `size` ("264x176") into the PNG file `path`.

    Raises:
        ConfigError: `size` is none, or the file cannot be written.
    """
    pixels = _pixels(size)
    picture = _screen(name, text, author).render(pixels, datetime.now().astimezone())
    png = to_png(from_frame(to_frame(picture, pixels)))
    try:
        path.write_bytes(png)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _screen(name: str, text: str, author: str) -> Screen:
    screens: dict[str, Screen] = {
        "clock": ClockScreen(),
        "message": MessageScreen(text, author),
        "status": StatusScreen("Inkstand", (("Version", __version__), ("Panel", "none"))),
    }
    return screens[name]


def _pixels(size: str) -> tuple[int, int]:
    try:
        return parse_size(size)
    except ValueError as error:
        raise ConfigError(f"the size {error}") from error
