"""Departures out of GTFS-Realtime."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.app.tests.packs.feeds import CANCELED, SKIPPED, event, feed, field, stop, trip
from inkstand.packs.transit import read_departures

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 28, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
AT = int(NOW.timestamp())


def departures(*trips: bytes, stops: str = "7") -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = read_departures(feed(*trips), stops, NOW)["departures"]
    return found


def at(minutes: float, stop_id: str = "7", name: str = "t") -> bytes:
    return trip(name, "41", stop(stop_id, departure=event(AT + int(60 * minutes))))


def test_a_departure_has_all_that_is_told_of_it() -> None:
    one = trip("trip-1", "41", stop("7", event(AT), event(AT + 600, 120)))
    assert departures(one, stops="7 = Harbour") == [
        {
            "stop": "7",
            "name": "Harbour",
            "route": "41",
            "trip": "trip-1",
            "time": "2026-11-28T14:15:00+01:00",
            "delay": 120,
        }
    ]


def test_they_are_in_the_order_of_their_times_and_of_these_stops_alone() -> None:
    found = departures(at(9), at(3), at(1, "8"), at(2, "77"), at(5, "9"), stops="7, 9=Hall,")
    assert [(each["name"], each["time"][11:16]) for each in found] == [
        ("7", "14:08"),
        ("Hall", "14:10"),
        ("7", "14:14"),
    ]


def test_what_has_left_and_what_is_far_ahead_is_left_out() -> None:
    far = 24 * 60
    found = departures(at(-2), at(-1), at(far), at(far + 1), at(1e12), at(-1e12))
    assert [each["time"][8:16] for each in found] == ["28T14:04", "29T14:05"]


def test_without_a_departure_the_arrival_counts() -> None:
    assert departures(trip("t", "41", stop("7", event(AT + 60, -30))))[0]["delay"] == -30


def test_what_does_not_run_or_does_not_stop_is_left_out() -> None:
    here = stop("7", departure=event(AT + 60))
    assert not departures(
        trip("t", "41", here, how=CANCELED),
        trip("t", "41", here, how=7),
        trip("t", "41", here, deleted=1),
        trip("t", "41", stop("7", departure=event(AT + 60), how=SKIPPED)),
    )


def test_of_a_feed_without_times_that_is_told() -> None:
    with pytest.raises(ValueError, match="it tells delays alone for these stops, and no times"):
        departures(trip("t", "41", stop("7", departure=event(delay=60))))


def test_fields_that_nobody_asked_for_do_no_harm() -> None:
    fixed = bytes([15 << 3 | 5]) + bytes(4) + bytes([15 << 3 | 1]) + bytes(8)
    other = field(15, 2**64 - 1) + field(2000, "x") + fixed
    here = stop("7", departure=event(AT + 60) + other) + other
    one = feed(trip("t", "41", here) + other) + other
    assert len(read_departures(one, "7", NOW)["departures"]) == 1


def test_an_empty_feed_has_none() -> None:
    assert read_departures(feed(), "7", NOW) == {"departures": []}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html></html>",
        b'{"entity": []}',
        feed(at(1))[:-1],
        feed(at(1))[:1],
        field(1, 5),
        field(1, field(2, 0)),
        field(1, field(1, "2.0")) + field(2, b"7" + field(3, 5)),
        field(1, field(1, "2.0")) + b"\xff" * 11,
    ],
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"it |a number stands"):
        read_departures(data, "7", NOW)


@given(st.data())
def test_a_damaged_feed_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(feed(*(at(minute, name=str(minute)) for minute in range(4))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_departures(bytes(whole), "7", NOW)
    except ValueError:
        return
    assert all(each["stop"] == "7" for each in found["departures"])
