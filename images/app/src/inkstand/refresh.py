"""Which refresh a new frame needs: pure."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from inkstand.panel import Frame, Refresh

if TYPE_CHECKING:
    from datetime import datetime

# Partial refreshes leave ghosts, and each adds to them; a full one wipes them out.
FULL_EVERY = timedelta(minutes=30)


def choose(
    shown: Frame,
    wanted: Frame,
    *,
    gradual: bool,
    last_full: datetime | None,
    now: datetime,
) -> Refresh | None:
    """Return how to get from the frame `shown` to the frame `wanted`; None when they are equal.

    `gradual` says that a partial refresh will do: the panel can, and the picture is the next of a
    row rather than a new one. `last_full` is the time of the last full refresh, None if unknown.
    """
    if shown == wanted:
        return None
    if not gradual or last_full is None:
        return Refresh.FULL
    # In UTC: within one zone a difference is that of the wall clock, off by an hour twice a year.
    age = now.astimezone(UTC) - last_full.astimezone(UTC)
    recent = timedelta() <= age < FULL_EVERY
    return Refresh.PARTIAL if recent else Refresh.FULL
