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
_NO_PLAYLIST, _NEVER_QUIET = Playlist(), QuietHours()


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
    changes_at: datetime | None = None  # when at() has something to say, at the latest

    def at(self, moment: datetime) -> Home:
        """Return what it is at `moment`, which is aware and in the owner's zone."""
        if not self.playlist.entries and not self.quiet_hours.windows:
            return self
        ends, now = _utc(self.quiet_hours.until(moment)), moment.astimezone(UTC)
        awake = self.awake_until if self._is_awake(now) else None
        turn = self.playlist.turn(moment, self.shift)
        quiet = None if awake else ends
        stays = quiet is not None and self.quiet_until is not None
        changes = (
            awake if ends else _utc(self.quiet_hours.next_change(moment)),
            None if quiet else _utc(turn.until),
            quiet,
        )
        return replace(
            self,
            screen=self.screen if stays else turn.screen,
            quiet_until=quiet,
            awake_until=awake,
            changes_at=min(filter(None, changes), default=None),
        )

    def woken(self, moment: datetime) -> Home:
        """Return what it is when somebody has used the button at `moment`."""
        if self.quiet_hours.until(moment) is None:
            return self
        return replace(self, awake_until=moment.astimezone(UTC) + AWAKE_TIME)

    def following(self, moment: datetime) -> Home:
        """Return it with the turn of the next screen beginning at `moment`, if there is one."""
        return replace(self, shift=self.playlist.next_shift(moment, self.shift))

    def _is_awake(self, now: datetime) -> bool:
        # More than that is left when the clock was set back.
        until = self.awake_until
        return until is not None and timedelta() < until - now <= AWAKE_TIME


def _utc(moment: datetime | None) -> datetime | None:
    """Times of one zone would compare by what the wall shows, which goes back once a year."""
    return None if moment is None else moment.astimezone(UTC)
