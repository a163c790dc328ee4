"""Calendars in iCalendar (RFC 5545) as plain data. Only for the process that draws packs."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
import recurring_ical_events

_BEGIN = re.compile(rb"^BEGIN:VEVENT\r?\n", re.MULTILINE)
_END = re.compile(rb"^END:VEVENT\r?\n?", re.MULTILINE)
_DAY = re.compile(rb"^DT(?:START|END)[^:\r\n]*:(\d{8})", re.MULTILINE)
# With one of these, an event may take place on other days than those that it names.
_MOVES = re.compile(rb"^(?:RRULE|RDATE|RECURRENCE-ID|DURATION)\b", re.MULTILINE)
# To walk through these takes minutes, from where they begin; a day does not hold so much.
_TOO_OFTEN = re.compile(rb"^RRULE:(?:.*;)?FREQ=(?:SECONDLY|MINUTELY)\b", re.MULTILINE)
_MAX_EVENTS = 2000
_MAX_SHOWN = 200
_MAX_TEXT = 500
# Zones are up to 14 hours apart, and an event may begin before midnight.
_AROUND = timedelta(days=2)


def read_events(data: bytes, now: datetime, days: int) -> dict[str, Any]:
    """Return the events of the next `days` days in the zone of `now`, in the order of their begin.

    Cancelled ones are left out, and those that repeat each minute. Each has title, place, start,
    end and all_day; times are ISO 8601. Of events for all day start and end are dates alone, the
    first day and the last.

    Raises:
        ValueError: it is no calendar, or has too many events that may be in these days.
    """
    end = now + timedelta(days=days)
    calendar = icalendar.Calendar.from_ical(_shortened(data, now, end))
    found = recurring_ical_events.of(calendar).between(now, end)
    events = [_plain(event, now) for event in found if not _is_cancelled(event)]
    events.sort(key=lambda event: (event["start"], event["title"]))
    return {"events": events[:_MAX_SHOWN]}


def _shortened(data: bytes, now: datetime, end: datetime) -> bytes:
    """Return the calendar without the events that cannot be in these days: most are past."""
    if not re.search(rb"^BEGIN:VCALENDAR\s*$", data, re.MULTILINE):
        raise ValueError("it does not begin with BEGIN:VCALENDAR")
    first, last = (f"{day:%Y%m%d}".encode() for day in (now - _AROUND, end + _AROUND))
    before, *begun = _BEGIN.split(data)
    # What stands behind an event may be a zone; one that does not end is left out.
    parted = [both for both in (_END.split(each, 1) for each in begun) if len(both) > 1]
    kept = [event for event, _ in parted if _may_be(event, first, last)]
    if len(kept) > _MAX_EVENTS:
        raise ValueError(f"it has {len(kept)} events, more than {_MAX_EVENTS}")
    rest = before + b"".join(behind for _, behind in parted)
    events = b"".join(b"BEGIN:VEVENT\r\n" + event + b"END:VEVENT\r\n" for event in kept)
    return rest.partition(b"END:VCALENDAR")[0] + events + b"END:VCALENDAR\r\n"


def _may_be(event: bytes, first: bytes, last: bytes) -> bool:
    days = _DAY.findall(event)
    if _TOO_OFTEN.search(event):
        return False
    return bool(_MOVES.search(event)) or (bool(days) and min(days) <= last and max(days) >= first)


def _is_cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _plain(event: Any, now: datetime) -> dict[str, Any]:
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    all_day = not isinstance(start, datetime)
    if all_day:
        # RFC 5545, 3.6.1: the end is the day after the last one.
        end = max(start, end - timedelta(days=1))
    return {
        "title": str(event.get("SUMMARY", ""))[:_MAX_TEXT],
        "place": str(event.get("LOCATION", ""))[:_MAX_TEXT],
        "start": _written(start, now),
        "end": _written(end, now),
        "all_day": all_day,
    }


def _written(when: date, now: datetime) -> str:
    """Return `when` in ISO 8601; a time that names no zone is one in that of `now`."""
    if not isinstance(when, datetime):
        return when.isoformat()
    moment = when if when.tzinfo else when.replace(tzinfo=now.tzinfo)
    return moment.astimezone(now.tzinfo).isoformat(timespec="seconds")
