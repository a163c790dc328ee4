"""Which page of a screen is on, and when the next one comes. Pure but for what it remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol

from inkstand.screens import MessageScreen, StatusScreen

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.screens import Screen


class Shower(Protocol):
    """As much of a display as it takes to tell the pages of what it draws."""

    @property
    def screen(self) -> Screen | None:
        """What it draws or has drawn."""
        ...

    @property
    def pages(self) -> int:
        """How many pages that has."""
        ...


class Pager:
    """The pages of one screen; each is shown for `time`, zero: until somebody turns it."""

    def __init__(self, display: Shower, time: timedelta, screen: Screen) -> None:
        self.screen = screen
        self.page = 1
        self._display = display
        self._time = time
        self._pages = 1
        self._due: datetime | None = None

    @property
    def pages(self) -> int:
        """How many there are, as far as that is known: 1 until the first one was drawn."""
        if self._display.screen is self.screen:
            self._pages = self._display.pages
        return self._pages

    @property
    def following(self) -> int:
        """The page after this one; after the last comes the first."""
        return self.page % self.pages + 1

    @property
    def has_more(self) -> bool:
        """Whether there are pages after this one."""
        return self.page < self.pages

    def arrived(self, at: datetime) -> None:
        """Take note that this page came onto the glass at `at`, aware."""
        if self.pages > 1 and self._time:
            self._due = at.astimezone(UTC) + self._time

    def turns_at(self, now: datetime) -> datetime | None:
        """Return when it is time for the next page, None if it never is; `now` is aware.

        A clock that was set back meanwhile makes no page stay longer than others.
        """
        if self._due is not None:
            self._due = min(self._due, now.astimezone(UTC) + self._time)
        return self._due

    def turn_to(self, page: int) -> Screen:
        """Go to `page`, from 1, and return it."""
        self._due, pages = None, self.pages
        if isinstance(self.screen, MessageScreen | StatusScreen):
            self.screen = replace(self.screen, page=page)
        self.page, self._pages = page, pages
        return self.screen
