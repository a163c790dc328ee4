"""What is on the glass in quiet hours: nothing of it changes before they end."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.language import ENGLISH, Language
from inkstand.rendering import blank
from inkstand.screens.message import MessageScreen

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

    from inkstand.screens.base import Screen


class QuietLook(enum.StrEnum):
    """What an owner can choose."""

    UNTIL = "until"
    LAST = "last"
    BLANK = "blank"


def quiet_screen(
    look: QuietLook, screen: Screen, now: datetime, until: datetime, language: Language = ENGLISH
) -> Screen:
    """Return what is shown from `now` to `until`, both aware and in the owner's zone.

    `screen` is what would be shown otherwise.
    """
    match look:
        case QuietLook.UNTIL:
            return MessageScreen(language.text("Quiet until {time}", time=language.time(until)))
        case QuietLook.LAST:
            return StillScreen(screen, now)
        case QuietLook.BLANK:
            return BlankScreen()


@dataclass(frozen=True, slots=True)
class StillScreen:
    """What `screen` is at a moment, whatever the time."""

    screen: Screen
    moment: datetime

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return the picture at that moment."""
        return self.screen.render(size, self.moment)

    def pages(self, size: tuple[int, int]) -> int:
        """Return on how many pictures of `size` it is."""
        return self.screen.pages(size)

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes."""
        return None


@dataclass(frozen=True, slots=True)
class BlankScreen:
    """White."""

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return a white picture."""
        return blank(size)

    def pages(self, size: tuple[int, int]) -> int:  # noqa: ARG002 Screen
        """Return 1: it is one picture."""
        return 1

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes."""
        return None
