"""When something that repeats comes: a part of the RRULE of RFC 5545, days and longer; pure.

dateutil says which days of a period it is. Which periods there are is counted here, so that it
costs the same however long ago the rule began, and ends for one that never comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING

from inkstand.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

WORDS = {
    "daily": "FREQ=DAILY",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
    "yearly": "FREQ=YEARLY",
}
LONGEST_RULE = 200  # characters
MAX_INTERVAL = 1000
MAX_COUNT = 1000
_KNOWN = ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Which one of a month or a year, at most.
_GREATEST = {"MONTHLY": 5, "YEARLY": 53}
_DAYS_OF_MONTH = 31
_UNTIL = {8: "%Y%m%d", 15: "%Y%m%dT%H%M%S"}
# A fifth Sunday in each February comes after 40 years at the latest.
_MOST_EMPTY_PERIODS = 50
# Months or years: what comes after the first period is out of the calendar.
_FAR = 120_000
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read.

    `weekdays` are pairs: 0 for Monday, and which one of the period, from its end if negative, 0 for
    each. `until` is naive where it is a time of the owner's zone.
    """

    frequency: str
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    days: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | None = None


def parse(text: str) -> Rule:
    """Return the rule that a word such as "weekly" or an RRULE means.

    Raises:
        InvalidValueError: it is neither, or finer than days; the sentence says what is wrong.
    """
    parts = [part.partition("=") for part in _spelled_out(text).split(";")]
    values = {name: value for name, _, value in parts}
    if len(values) < len(parts):
        raise InvalidValueError("repeat names something twice")
    for name in values:
        if name not in _KNOWN and "FREQ" in values:
            raise InvalidValueError(f"repeat knows {', '.join(_KNOWN)}, and not {name[:20]!r}")
    return _checked(_rule(values))


def occurrences(
    rule: Rule, start: datetime, zone: tzinfo, after: datetime | None = None
) -> Iterator[datetime]:
    """Yield when it comes, in UTC: at the time of day that `start` has in `zone`, not before it.

    A time that the clock skips is as much later as the clock is put forward; of one that comes
    twice the first is meant. With `after` (aware) only what comes later.
    """
    first = _wall(start, zone)
    # Who counts has to begin at the beginning.
    since = first if after is None or rule.count else max(first, _wall(after, zone) - _DAY)
    last = None if rule.until is None else _instant(rule.until, zone)
    for local in islice(_from(rule, first, since), rule.count):
        if local.year > _LAST_YEAR:
            return
        at = max(_instant(local, zone), start.astimezone(UTC))
        if last is not None and at > last:
            return
        if after is None or at > after:
            yield at


def _spelled_out(text: str) -> str:
    words = text.strip()
    return WORDS.get(words.lower(), words.upper().removeprefix("RRULE:").rstrip(";"))


def _rule(values: dict[str, str]) -> Rule:
    count = values.get("COUNT")
    return Rule(
        frequency=values.get("FREQ", ""),
        interval=_whole("INTERVAL", values.get("INTERVAL", "1"), MAX_INTERVAL),
        weekdays=tuple(map(_weekday, _listed(values, "BYDAY"))),
        days=tuple(map(_day_of_month, _listed(values, "BYMONTHDAY"))),
        count=None if count is None else _whole("COUNT", count, MAX_COUNT),
        until=_until(values["UNTIL"]) if "UNTIL" in values else None,
    )


def _checked(rule: Rule) -> Rule:
    """Return `rule` if it means something, and the same to everybody.

    Raises:
        InvalidValueError: it does not.
    """
    if rule.frequency not in _FREQUENCIES:
        words = ", ".join(WORDS)
        raise InvalidValueError(
            f"repeat has to be {words}, or a rule such as FREQ=WEEKLY;BYDAY=TU, no finer than daily"
        )
    numbers = [abs(number) for _, number in rule.weekdays]
    if max(numbers, default=0) > _GREATEST.get(rule.frequency, 0):
        raise InvalidValueError(f"repeat: BYDAY has a number that {rule.frequency} has not")
    if 0 in numbers and any(numbers):
        raise InvalidValueError("repeat: BYDAY has numbers for all of its days, or for none")
    if rule.days and rule.frequency == "WEEKLY":
        raise InvalidValueError("repeat: BYMONTHDAY is not for WEEKLY")
    if rule.frequency == "DAILY" and rule.interval > 1 and (rule.days or rule.weekdays):
        raise InvalidValueError("repeat: DAILY has either INTERVAL, or BYDAY and BYMONTHDAY")
    if rule.count and rule.until:
        raise InvalidValueError("repeat has COUNT or UNTIL, not both")
    return rule


def _listed(values: dict[str, str], name: str) -> list[str]:
    return values[name].split(",") if name in values else []


def _whole(name: str, text: str, most: int) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise InvalidValueError(f"repeat: {name} has to be a whole number from 1 to {most}")
    return int(text)


def _weekday(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)", text)
    if match is None:
        raise InvalidValueError("repeat: BYDAY has to be days such as TU or MO,FR or -1SU")
    return _WEEKDAYS.index(match[2]), int(match[1] or 0)


def _day_of_month(text: str) -> int:
    if not re.fullmatch(r"[+-]?[1-9][0-9]?", text) or abs(int(text)) > _DAYS_OF_MONTH:
        raise InvalidValueError("repeat: BYMONTHDAY has to be days such as 1 or 1,15 or -1")
    return int(text)


def _until(text: str) -> datetime:
    bare = text.removesuffix("Z")
    try:
        moment = datetime.strptime(bare, _UNTIL[len(bare)])  # noqa: DTZ007 - its zone comes later
    except (KeyError, ValueError):
        moment = datetime.min  # noqa: DTZ901 - it is refused
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        wanted = "a day or a time such as 20261231 or 20261231T180000Z"
        raise InvalidValueError(f"repeat: UNTIL has to be {wanted}")
    if text.endswith("Z"):
        return moment.replace(tzinfo=UTC)
    return moment if "T" in text else datetime.combine(moment, time.max)


def _from(rule: Rule, first: datetime, since: datetime) -> Iterator[datetime]:
    """Yield the local times of a rule that begins at `first`, from the period of `since` on."""
    periods = _periods(rule, first, since)
    found: Iterator[datetime]
    if rule.frequency in ("DAILY", "WEEKLY"):
        # These come again within some years, whatever they ask for.
        begins = islice(periods, 1)
        found = chain.from_iterable(_expand(rule, first, it, rule.interval) for it in begins)
    else:
        found = _each(rule, first, periods)
    return (local for local in found if local >= first)


def _each(rule: Rule, first: datetime, periods: Iterator[date]) -> Iterator[datetime]:
    empty = 0
    for begin in periods:
        found = list(_expand(rule, first, begin, _FAR))
        yield from found
        empty = 0 if found else empty + 1
        if empty == _MOST_EMPTY_PERIODS:
            return


def _periods(rule: Rule, first: datetime, since: datetime) -> Iterator[date]:
    """Yield the first days of the periods in which the rule comes, from that of `since` on."""
    frequency, interval = rule.frequency, rule.interval
    origin = _number(frequency, first)
    passed = (_number(frequency, since) - origin) // interval * interval
    last = _number(frequency, date(_LAST_YEAR, 12, 31))
    return (_begin(frequency, each) for each in range(origin + passed, last + 1, interval))


def _number(frequency: str, day: date) -> int:
    match frequency:
        case "DAILY":
            return day.toordinal()
        case "WEEKLY":
            return (day.toordinal() - 1) // 7
        case "MONTHLY":
            return 12 * day.year + day.month - 1
    return day.year


def _begin(frequency: str, number: int) -> date:
    match frequency:
        case "DAILY":
            return date.fromordinal(number)
        case "WEEKLY":
            return date.fromordinal(7 * number + 1)
        case "MONTHLY":
            return date(number // 12, number % 12 + 1, 1)
    return date(number, 1, 1)


def _expand(rule: Rule, first: datetime, begin: date, interval: int) -> Iterator[datetime]:
    """Yield the times from the period that begins on `begin`, and from each `interval` after it."""
    # Most owners have nothing that repeats.
    from dateutil import rrule  # noqa: PLC0415

    by: dict[str, object] = {"bymonthday": rule.days or None}
    if rule.weekdays:
        by["byweekday"] = [rrule.weekday(day, number or None) for day, number in rule.weekdays]
    elif rule.frequency == "WEEKLY":
        by["byweekday"] = first.weekday()
    elif rule.frequency in ("MONTHLY", "YEARLY") and not rule.days:
        by["bymonthday"] = first.day
        by["bymonth"] = first.month if rule.frequency == "YEARLY" else None
    start = datetime.combine(begin, first.time())
    frequency = getattr(rrule, rule.frequency)
    return iter(rrule.rrule(frequency, dtstart=start, interval=interval, **by))


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(moment: datetime, zone: tzinfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
