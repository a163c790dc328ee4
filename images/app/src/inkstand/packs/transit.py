"""Departures out of trip updates of GTFS-Realtime. Only for the process that draws packs.

Of the protocol buffers (gtfs-realtime.proto) only what a board of departures needs is read, and of
trips only those that mention a stop that is asked for: a feed has those of a whole country.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_SHOWN = 100
# What has left a moment ago may still be seen; what is told for the day after is no news.
_PAST, _AHEAD = timedelta(minutes=1), timedelta(days=1)
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
# Fields of FeedMessage, FeedHeader, FeedEntity, TripUpdate, TripDescriptor, StopTimeUpdate and
# StopTimeEvent.
_HEADER, _ENTITY = 1, 2
_VERSION = 1
_IS_DELETED, _TRIP_UPDATE = 2, 3
_TRIP, _STOP_TIME_UPDATE = 1, 2
_TRIP_ID, _OF_TRIP, _ROUTE_ID = 1, 4, 5
_ARRIVAL, _DEPARTURE, _STOP_ID, _OF_STOP = 2, 3, 4, 5
_DELAY, _TIME = 1, 2
# Values of schedule_relationship: a trip does not run, a stop is left out.
_CANCELED, _DELETED, _SKIPPED = 3, 7, 1

_Value = int | bytes
_Message = dict[int, _Value]


def read_departures(data: bytes, stops: str, now: datetime) -> dict[str, Any]:
    """Return the next departures from `stops`, ids or ID=NAME with commas between, by their time.

    Each has stop (its id), name, route, trip, time (ISO 8601 in the zone of `now`) and delay, in
    seconds or None.

    Raises:
        ValueError: it is no GTFS-Realtime, or tells of these stops only delays.
    """
    names, header, found = _names(stops), _Message(), list[dict[str, Any]]()
    for number, value in _fields(data):
        if number == _HEADER:
            header = _message(value)
        elif number == _ENTITY and _mentions(value, names):
            found += _of_entity(_message(value), names)
    if _VERSION not in header:
        raise ValueError("it is no feed of GTFS-Realtime")
    timed = [each for each in found if each["time"] is not None]
    if found and not timed:
        raise ValueError("it tells delays alone for these stops, and no times")
    return {"departures": list(_shown(timed, now))[:_MAX_SHOWN]}


def _names(stops: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in stops.split(","))
    return {key.strip(): (name or key).strip() for key, _, name in pairs if key.strip()}


def _mentions(entity: _Value, names: Mapping[str, str]) -> bool:
    return isinstance(entity, bytes) and any(name.encode() in entity for name in names)


def _of_entity(entity: _Message, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    update = entity.get(_TRIP_UPDATE, b"")
    fields = () if entity.get(_IS_DELETED) else tuple(_fields(_bytes(update)))
    trip = next((_message(value) for number, value in fields if number == _TRIP), _Message())
    if trip.get(_OF_TRIP) in (_CANCELED, _DELETED):
        return
    for stop in (_message(value) for number, value in fields if number == _STOP_TIME_UPDATE):
        if (name := _text(stop.get(_STOP_ID))) in names and stop.get(_OF_STOP) != _SKIPPED:
            event = _message(stop.get(_DEPARTURE) or stop.get(_ARRIVAL) or b"")
            yield {
                "stop": name,
                "name": names[name],
                "route": _text(trip.get(_ROUTE_ID)),
                "trip": _text(trip.get(_TRIP_ID)),
                "time": _signed(event.get(_TIME)),
                "delay": _signed(event.get(_DELAY)),
            }


def _shown(found: list[dict[str, Any]], now: datetime) -> Iterator[dict[str, Any]]:
    first, last = ((now + step).timestamp() for step in (-_PAST, _AHEAD))
    for each in sorted(found, key=lambda each: (each["time"], each["route"], each["trip"])):
        if first <= each["time"] <= last:
            at = datetime.fromtimestamp(each["time"], UTC).astimezone(now.tzinfo)
            yield {**each, "time": at.isoformat(timespec="seconds")}


def _message(value: _Value) -> _Message:
    """Return the last value of each field."""
    return dict(_fields(_bytes(value)))


def _bytes(value: _Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number stands where a message has to be")  # noqa: TRY004 - bad data
    return value


def _text(value: _Value | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _signed(value: _Value | None) -> int | None:
    """Return an integer of 64 bits in two's complement."""
    if not isinstance(value, int):
        return None
    return value - (1 << 64) if value >> 63 else value


def _fields(data: bytes) -> Iterator[tuple[int, _Value]]:
    """Yield number and value of each field of a message, but for those of 4 or 8 bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, 0)
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif not size:
            raise ValueError("it is no protocol buffer")
        if at + size > len(data):
            raise ValueError("it ends too soon")
        if kind == _BYTES:
            yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, of which the first 64 bits count, and its end."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
            return value & (1 << 64) - 1, at + place + 1
    raise ValueError("it ends too soon")
