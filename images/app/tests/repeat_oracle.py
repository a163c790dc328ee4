"""When a rule comes, found by looking at each day: what messages.repeat has to say."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def walk(
    parts: Mapping[str, str], start: datetime, zone: tzinfo, horizon: datetime
) -> Iterator[datetime]:
    """Yield the moments of a rule, given by the parts of its RRULE, up to `horizon`."""
    wall = start.astimezone(zone)
    day, count = wall.date(), 0
    while day <= horizon.date() + timedelta(days=1):
        if _is_on(parts, wall.date(), day):
            at = max(moment(datetime.combine(day, wall.time()), zone), start)
            count += 1
            if count > int(parts.get("COUNT", "100000")) or _is_over(parts, at, zone):
                return
            if at <= horizon:
                yield at
        day += timedelta(days=1)


def moment(wall: datetime, zone: tzinfo) -> datetime:
    """Return when clocks show that: the first time; if they skip it, that much later."""
    around = [(wall + timedelta(days=by)).replace(tzinfo=zone).utcoffset() for by in (-1, 1)]
    offsets = [offset for offset in around if offset is not None]
    found = [(wall - offset).replace(tzinfo=UTC) for offset in offsets]
    true = [at for at in found if at.astimezone(zone).replace(tzinfo=None) == wall]
    return min(true, default=found[0])


def _is_over(parts: Mapping[str, str], at: datetime, zone: tzinfo) -> bool:
    text = parts.get("UNTIL")
    if text is None:
        return False
    if len(text) == 8:
        return at.astimezone(zone).strftime("%Y%m%d") > text
    shown = at.astimezone(UTC if text.endswith("Z") else zone)
    return shown.strftime("%Y%m%dT%H%M%S%f") > text.removesuffix("Z") + "000000"


def _is_on(parts: Mapping[str, str], first: date, day: date) -> bool:
    return _passed(parts["FREQ"], first, day) % int(parts.get("INTERVAL", "1")) == 0 and (
        _is_wanted(parts, day)
        if "BYDAY" in parts or "BYMONTHDAY" in parts
        else _is_like(parts["FREQ"], first, day)
    )


def _passed(frequency: str, first: date, day: date) -> int:
    match frequency:
        case "DAILY":
            return (day - first).days
        case "WEEKLY":
            return ((day - first).days + first.weekday()) // 7
        case "MONTHLY":
            return (day.year - first.year) * 12 + day.month - first.month
    return day.year - first.year


def _is_like(frequency: str, first: date, day: date) -> bool:
    match frequency:
        case "DAILY":
            return True
        case "WEEKLY":
            return day.weekday() == first.weekday()
        case "MONTHLY":
            return day.day == first.day
    return (day.month, day.day) == (first.month, first.day)


def _is_wanted(parts: Mapping[str, str], day: date) -> bool:
    if "BYDAY" in parts and DAYS[day.weekday()] not in parts["BYDAY"]:
        return False
    if "BYMONTHDAY" in parts:
        from_end = day.day - calendar.monthrange(day.year, day.month)[1] - 1
        if not {day.day, from_end} & {int(each) for each in parts["BYMONTHDAY"].split(",")}:
            return False
    return "BYDAY" not in parts or any(
        each[-2:] == DAYS[day.weekday()] and _has_number(each[:-2], parts["FREQ"], day)
        for each in parts["BYDAY"].split(",")
    )


def _has_number(number: str, frequency: str, day: date) -> bool:
    if not number:
        return True
    if frequency == "YEARLY":
        ends = (date(day.year, 1, 1), date(day.year, 12, 31))
    else:
        ends = (day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))
    return int(number) in ((day - ends[0]).days // 7 + 1, -((ends[1] - day).days // 7) - 1)
