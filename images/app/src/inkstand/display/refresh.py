"""Which refresh a new frame needs: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from inkstand.panel import Refresh

if TYPE_CHECKING:
    from inkstand.frame import Frame


def choose(shown: Frame, wanted: Frame, *, gradual: bool) -> Refresh | None:
    """Return how to get from the frame `shown` to the frame `wanted`; None when they are equal.

    `gradual` says that a partial refresh will do: the panel can, the picture is the next of a row
    rather than a new one, and the last full refresh is_recent().
    """
    if shown == wanted:
        return None
    return Refresh.PARTIAL if gradual else Refresh.FULL


def is_recent(last_full: datetime | None, now: datetime, full_every: timedelta) -> bool:
    """Return whether the last full refresh (aware; None: unknown) is less than `full_every` ago.

    Each partial refresh leaves ghosts, which only a full one wipes out.
    """
    if last_full is None:
        return False
    # In UTC: within one zone a difference is that of the wall clock, off by an hour twice a year.
    age = now.astimezone(UTC) - last_full.astimezone(UTC)
    return timedelta() <= age < full_every
