"""Screens as picture files, with no panel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from inkstand import __version__
from inkstand.config import parse_size
from inkstand.errors import ConfigError
from inkstand.language import language_of
from inkstand.rendering import from_frame, to_frame, to_png
from inkstand.screens import ClockScreen, MessageScreen, StatusScreen
from inkstand.screens.clock import Face

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.language import Language
    from inkstand.screens import Screen

_LINK = "https://mac.example.com"


def render(  # noqa: PLR0913, PLR0917 - what the command line has
    name: str, size: str, text: str, author: str, path: Path, page: int = 1, language: str = "en"
) -> None:
    """Draw the screen called `name` for a panel of `size` ("264x176") into the PNG file `path`.

    Of a text that is too long for one picture it is number `page`, from 1.

    Raises:
        ConfigError: `size` is none, or the file cannot be written.
    """
    pixels = _pixels(size)
    screen = _screen(name, MessageScreen(text, author, page), language_of(language))
    picture = screen.render(pixels, datetime.now().astimezone())
    png = to_png(from_frame(to_frame(picture, pixels)))
    try:
        path.write_bytes(png)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _screen(name: str, message: MessageScreen, language: Language) -> Screen:
    facts = (("", _LINK), ("Version", __version__), ("Panel", "none"))
    screens: dict[str, Screen] = {
        "clock": ClockScreen(language=language),
        "clock-date": ClockScreen(language=language, face=Face.DATE),
        "message": replace(message, language=language),
        "status": StatusScreen("Inkstand", facts, _LINK),
    }
    return screens[name]


def _pixels(size: str) -> tuple[int, int]:
    try:
        return parse_size(size)
    except ValueError as error:
        raise ConfigError(f"the size {error}") from error
