"""When a source is asked next: in its interval, later when it fails, never sooner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MIN_INTERVAL = timedelta(seconds=60)
MAX_BACK_OFF = timedelta(hours=1)
MAX_RETRY_AFTER = timedelta(days=1)
# Of the wait, to both sides: a thousand Pis that start together do not ask together for long.
JITTER = 0.1
# 60 s doubled this often is more than an hour.
_MAX_DOUBLINGS = 6


def next_at(
    asked_at: datetime,
    interval: timedelta,
    *,
    chance: float,
    failures: int = 0,
    retry_after: timedelta | None = None,
) -> datetime:
    """Return when to ask again what was asked at `asked_at` (aware).

    An interval is a promise of how often a service is asked and the Pi wakes up, so that failing
    never shortens it: after `failures` in a row the wait is 60 s, 120 s, … up to an hour, or the
    interval if that is longer. All of this is at least 60 s, with JITTER by `chance` (from 0 to
    1, drawn anew each time). `retry_after`, what the service asked for, is kept to up to a day.
    """
    wait = max(interval, MIN_INTERVAL, _back_off(failures)) * (1 + JITTER * (2 * chance - 1))
    asked_for = min(retry_after or timedelta(), MAX_RETRY_AFTER)
    # In UTC, so that no change of daylight time matters.
    later = asked_at.astimezone(UTC) + max(wait, MIN_INTERVAL, asked_for)
    return later.astimezone(asked_at.tzinfo)


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return how long the header Retry-After (RFC 9110, 10.2.3) wants us to wait, at most a day.

    None if there is none, or nothing that can be read; what is over by `now` (aware) is zero.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        # Thousands of digits would take long, and are a day as well.
        longest = int(MAX_RETRY_AFTER.total_seconds())
        return timedelta(seconds=min(int(value[:9]), longest))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    # Without a zone it is in UTC, as RFC 5322 has "-0000".
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), MAX_RETRY_AFTER)


def _back_off(failures: int) -> timedelta:
    if failures < 1:
        return timedelta()
    doublings = min(failures - 1, _MAX_DOUBLINGS)
    return min(MIN_INTERVAL * (1 << doublings), MAX_BACK_OFF)
