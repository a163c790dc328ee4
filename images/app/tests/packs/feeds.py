"""Trip updates of GTFS-Realtime, written down field by field as gtfs-realtime.proto has them."""

from __future__ import annotations

SCHEDULED, SKIPPED, CANCELED = 0, 1, 3


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    if value < 0x80:
        return bytes([value])
    return bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def event(time: int | None = None, delay: int | None = None) -> bytes:
    given = ((1, delay), (2, time))
    return b"".join(field(number, value) for number, value in given if value is not None)


def stop(name: str, arrival: bytes = b"", departure: bytes = b"", how: int = SCHEDULED) -> bytes:
    events = [(2, arrival), (3, departure)]
    told = b"".join(field(number, value) for number, value in events if value)
    return told + field(4, name) + field(5, how)


def trip(name: str, route: str, *stops: bytes, how: int = SCHEDULED, deleted: int = 0) -> bytes:
    descriptor = field(1, name) + field(4, how) + field(5, route)
    update = field(1, descriptor) + b"".join(field(2, each) for each in stops)
    return field(1, f"entity {name}") + field(2, deleted) + field(3, update)


def feed(*trips: bytes, at: int = 0) -> bytes:
    header = field(1, "2.0") + field(2, 0) + field(3, at)
    return field(1, header) + b"".join(field(2, each) for each in trips)
