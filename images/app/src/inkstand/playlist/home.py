"""What is on the glass while there is no message: the playlist's turn, and whether it is quiet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from inkstand.playlist.playlist import CLOCK, Playlist
from inkstand.playlist.quiet import QuietHours

if TYPE_CHECKING:
    from datetime import datetime

# How long a press keeps the panel awake in quiet hours.
AWAKE_TIME = timedelta(minutes=5)
# How long quiet that somebody has switched on lasts at most: the glass says when it ends.
LONGEST_QUIET = timedelta(hours=24)
_NO_PLAYLIST, _NEVER_QUIET = Playlist(), QuietHours()


@dataclass(frozen=True, slots=True)
class Switched:
    """Somebody has switched the quiet on or off, which holds until then; in UTC."""

    on: bool
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Whose turn it is, as far as at() was told the time; times are in UTC.

    While it is quiet nothing takes turns: what is there stays until the quiet ends.
    """

    playlist: Playlist = _NO_PLAYLIST
    quiet_hours: QuietHours = _NEVER_QUIET
    screen: str = CLOCK
    shift: int = 0  # minutes by which presses have put the playlist forward
    quiet_until: datetime | None = None  # None: it is not quiet
    awake_until: datetime | None = None  # somebody has pressed the button
    held: str | None = None  # a screen that stays until a press, whoever's turn it is
    switched: Switched | None = None  # whatever the quiet hours say
    changes_at: datetime | None = None  # when at() has something to say, at the latest

    def at(self, moment: datetime) -> Home:
        """Return what it is at `moment`, which is aware and in the owner's zone."""
        if self == _CLOCK_ALONE:
            return self
        now = moment.astimezone(UTC)
        switched = self._switched_at(now)
        ends = self._quiet_ends(moment)
        awake = self._awake_at(now)
        turn = self.playlist.turn(moment, self.shift)
        quiet = None if awake else ends
        stays = quiet is not None and self.quiet_until is not None
        changes = (
            awake if ends else _utc(self.quiet_hours.next_change(moment)),
            None if quiet or self.held else _utc(turn.until),
            quiet,
        )
        return replace(
            self,
            screen=self.screen if stays else self.held or turn.screen,
            quiet_until=quiet,
            awake_until=awake,
            switched=switched,
            changes_at=min(filter(None, changes), default=None),
        )

    def woken(self, moment: datetime) -> Home:
        """Return what it is when somebody has used the button at `moment`."""
        if self._quiet_ends(moment) is None:
            return self
        return replace(self, awake_until=moment.astimezone(UTC) + AWAKE_TIME)

    def following(self, moment: datetime) -> Home:
        """Return it with the turn of the next screen beginning at `moment`, if there is one.

        Whoever's turn it is follows a screen that is held.
        """
        free = replace(self, held=None)
        if self.held not in {None, self.playlist.turn(moment, self.shift).screen}:
            return free
        return replace(free, shift=self.playlist.next_shift(moment, self.shift))

    def holding(self, screen: str | None) -> Home:
        """Return it with `screen` staying until somebody presses the button; None: no more."""
        return replace(self, held=screen)

    def with_quiet(self, moment: datetime, *, on: bool) -> Home:
        """Return what it is when somebody has switched the quiet on or off at `moment`.

        On, it lasts a day at most; off, until those quiet hours end during which that was.
        """
        ends = moment + LONGEST_QUIET if on else self.quiet_hours.until(moment)
        until = _utc(ends)
        switched = None if until is None else Switched(on, until)
        return replace(self, switched=switched, awake_until=None)

    def _quiet_ends(self, moment: datetime) -> datetime | None:
        """Return when the quiet ends that there is at `moment`; None: there is none."""
        switched = self._switched_at(moment.astimezone(UTC))
        if switched is None:
            return _utc(self.quiet_hours.until(moment))
        return switched.until if switched.on else None

    def _switched_at(self, now: datetime) -> Switched | None:
        switched = self.switched
        if switched is None or switched.until <= now:
            return None
        # More is left when the clock was set back, or of what happened before is told now.
        longest = now + LONGEST_QUIET if switched.on else switched.until
        return replace(switched, until=min(switched.until, longest))

    def _awake_at(self, now: datetime) -> datetime | None:
        until = self.awake_until
        return None if until is None or until <= now else min(until, now + AWAKE_TIME)


def _utc(moment: datetime | None) -> datetime | None:
    """Times of one zone would compare by what the wall shows, which goes back once a year."""
    return None if moment is None else moment.astimezone(UTC)


_CLOCK_ALONE = Home()
