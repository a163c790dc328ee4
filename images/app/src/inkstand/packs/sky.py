"""Sun and moon at a place, worked out and not fetched. Only for the process that draws packs."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from astral import Observer, moon, sun

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_THE_SUN = ("dawn", "sunrise", "sunset", "dusk")
_PHASES = (
    "New moon",
    "Waxing crescent",
    "First quarter",
    "Waxing gibbous",
    "Full moon",
    "Waning gibbous",
    "Last quarter",
    "Waning crescent",
)
_NEW_MOON_SIGN = 0x1F311
_DAY = timedelta(days=1)
# What astral calls a whole month; and in how many days each phase is there once.
_MONTH, _SEARCHED = 28.0, 31
# In degrees, when the upper edge of the sun is at the horizon.
_EDGE = -0.833


def read_sky(place: str, now: datetime) -> dict[str, Any]:
    """Return sun and moon on the day of `now` at `place`, degrees north and east with a comma.

    Times are ISO 8601 in the zone of `now`; what does not happen on that day is None.

    Raises:
        ValueError: that is no place.
    """
    north, east = _degrees(place)
    observer = Observer(latitude=north, longitude=east)
    return {**_sun(observer, now), "moon": _moon(now, mirrored=north < 0)}


def _degrees(place: str) -> tuple[float, float]:
    try:
        north, east = map(float, place.split(","))
    except ValueError:
        north = east = math.nan
    if not (abs(north) <= 90 and abs(east) <= 180):  # noqa: PLR2004 - there are no more
        raise ValueError("a place is degrees north and east, such as 59.33,18.06")
    return north, east


def _sun(observer: Observer, now: datetime) -> dict[str, Any]:
    times = {name: _time(name, observer, now) for name in _OF_THE_SUN}
    rise, down = times["sunrise"], times["sunset"]
    if rise and down:
        # It may go down after midnight, and so before it comes up.
        light = (down - rise) % _DAY
    else:
        light = (
            _DAY if sun.elevation(observer, sun.noon(observer, now.date())) > _EDGE else 0 * _DAY
        )
    written = {name: at and at.isoformat(timespec="seconds") for name, at in times.items()}
    return {**written, "day_minutes": light // timedelta(minutes=1)}


def _time(name: str, observer: Observer, now: datetime) -> datetime | None:
    try:
        at: datetime = getattr(sun, name)(observer, now.date(), tzinfo=now.tzinfo)
    except ValueError:
        return None
    return at


def _moon(now: datetime, *, mirrored: bool) -> dict[str, Any]:
    phase = _phase(now)
    eighth = round(phase / _MONTH * 8) % 8
    return {
        "phase": _PHASES[eighth],
        "symbol": chr(_NEW_MOON_SIGN + (-eighth % 8 if mirrored else eighth)),
        "lit": round(50 - 50 * math.cos(2 * math.pi * phase / _MONTH)),
        "next": [
            {"phase": name, "at": at.isoformat(timespec="minutes")} for at, name in _next(now)
        ],
    }


def _phase(now: datetime) -> float:
    """Return the phase from 0 to 28; what astral says of a day is as it is at noon in UTC."""
    day = (now.astimezone(UTC) - _DAY / 2).date()
    first, step = _step(day)
    return (first + step * ((now - _noon(day)) / _DAY)) % _MONTH


def _step(day: date) -> tuple[float, float]:
    """Return the phase at noon of `day`, and how much there is to that of the day after."""
    first = moon.phase(day)
    return first, (moon.phase(day + _DAY) - first) % _MONTH


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _next(now: datetime) -> list[tuple[datetime, str]]:
    """Return when each of the four phases that last for a moment is next, in their order."""
    found: dict[str, datetime] = {}
    for at, name in _moments(now.astimezone(UTC).date() - _DAY):
        if at > now:
            found.setdefault(name, at.astimezone(now.tzinfo))
    return sorted((at, name) for name, at in found.items())


def _moments(first: date) -> Iterator[tuple[datetime, str]]:
    for day in (first + count * _DAY for count in range(_SEARCHED)):
        phase, step = _step(day)
        for place in range(0, 8, 2):
            part = (place * _MONTH / 8 - phase) % _MONTH
            if part < step:
                yield _noon(day) + part / step * _DAY, _PHASES[place]
