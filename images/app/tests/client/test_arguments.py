"""What people write on the command line becomes what the API takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from inkstand.client.arguments import (
    check_picture,
    extras,
    moment,
    seconds,
    stamp,
    unescaped,
    with_wait_spelled_out,
)
from inkstand.client.errors import MisusedError

pytestmark = pytest.mark.unit
HERE = timezone(timedelta(hours=1))
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=HERE)


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400)]
)
def test_a_time_has_a_unit_or_is_in_seconds(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "2w", "h", "1 h", "9" * 10])
def test_what_is_no_time_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(MisusedError) as caught:
        seconds(text)
    assert repr(text) in str(caught.value)


def here(wall: datetime) -> datetime:
    return wall.replace(tzinfo=HERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "2026-11-21T13:00:00Z"),
        ("18:30", "2026-11-21T17:30:00Z"),
        ("9:05", "2026-11-22T08:05:00Z"),
        ("12:00", "2026-11-22T11:00:00Z"),
        ("tomorrow 7:00", "2026-11-22T06:00:00Z"),
        ("Today 12:01", "2026-11-21T11:01:00Z"),
        ("saturday 12:01", "2026-11-21T11:01:00Z"),
        ("sat 12:00", "2026-11-28T11:00:00Z"),
        ("FRIDAY  8:00", "2026-11-27T07:00:00Z"),
        ("2026-11-22 08:00", "2026-11-22T07:00:00Z"),
        ("2026-11-22T08:00", "2026-11-22T07:00:00Z"),
        ("2026-11-22T08:00Z", "2026-11-22T08:00:00Z"),
        ("2026-11-22T08:00+05:00", "2026-11-22T03:00:00Z"),
    ],
)
def test_a_moment_is_from_now_or_of_the_day_or_a_date(text: str, expected: str) -> None:
    assert stamp(moment(text, NOON, here)) == expected


@pytest.mark.parametrize(
    "text", ["tomorrow", "24:00", "12:60", "90", "", "1h30m", "fr 8:00", "someday 8:00", "friday"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(MisusedError, match="is not a time such as 2h"):
        moment(text, NOON)


@pytest.mark.parametrize("text", ["2026-11-21T11:59", "today 12:00"])
def test_a_moment_that_has_passed_is_refused(text: str) -> None:
    with pytest.raises(MisusedError, match="has passed"):
        moment(text, NOON, here)


def test_a_morning_stays_one_when_the_clock_is_changed_before_it() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    friday = datetime(2027, 3, 26, 12, tzinfo=timezone(timedelta(hours=1)))
    then = moment("monday 7:00", friday, lambda wall: wall.replace(tzinfo=stockholm))
    assert stamp(then) == "2027-03-29T05:00:00Z"


def test_only_what_is_asked_for_is_sent() -> None:
    assert extras(urgent=False, show_for=None, expires_at=None) == {}
    at = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
    assert extras(urgent=True, show_for=60, expires_at=at) == {
        "priority": "urgent",
        "show_for": 60,
        "expires_at": "2026-11-21T17:30:00Z",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\nrest",
        b"\xff\xd8\xff\xe0",
        b"RIFF\n\x00\x00\x00WEBPVP8 ",
        b"GIF89a",
        b"BM0000",
        b"II*\0",
        b"MM\0*",
        b"\0\0\0\x18ftypheic",
    ],
)
def test_a_picture_is_known_by_how_it_begins(data: bytes) -> None:
    check_picture(data, "x")


def test_what_is_no_picture_is_not_sent() -> None:
    with pytest.raises(MisusedError, match=r"notes\.txt is no picture"):
        check_picture(b"Dear Ada,", "notes.txt")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (r"hello\nWorld", "hello\nWorld"),
        (r"a\tb", "a\tb"),
        (r"C:\\new", r"C:\new"),
        (r"\x \0 \q", r"\x \0 \q"),
        ("\\", "\\"),
    ],
)
def test_escapes_become_what_they_stand_for(given: str, expected: str) -> None:
    assert unescaped(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("send --wait Hello", "send --wait=shown Hello"),
        ("send Hello --wait", "send Hello --wait=shown"),
        ("send --wait read Hello", "send --wait read Hello"),
        ("send --wait --urgent x", "send --wait=shown --urgent x"),
        ("send -- --wait for me", "send -- --wait for me"),
        ("history", "history"),
    ],
)
def test_a_bare_wait_takes_no_text_for_a_state(given: str, expected: str) -> None:
    assert with_wait_spelled_out(given.split()) == expected.split()
