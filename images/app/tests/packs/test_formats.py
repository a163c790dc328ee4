"""Whatever a server answers is data of a size that has an end, or refused; nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import random
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from images.app.tests.packs.feeds import event, feed, stop, trip
from inkstand.errors import InkstandError
from inkstand.packs import boxes, example, pack
from inkstand.packs.chosen import shipped
from inkstand.packs.drawing import draw
from inkstand.packs.formats import Asked, parse
from inkstand.packs.pack import MAX_ANSWER, Format
from inkstand.packs.worker import LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 28, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
ASKED = Asked(NOW, 14, "9022001,9022002")
# What comes out may be larger than what went in: names of columns stand in each row.
GROWTH = 60
# Tried with that part of the bytes that may come, in that part of the time that there is.
PART = 4
MOST = MAX_ANSWER // PART


def good_answers() -> Iterator[tuple[Format, bytes]]:
    """Yield the answers of the packs that ship, and some that none of them has."""
    for path in shipped().values():
        read = pack.read(pack.decode(path.read_bytes()))
        for name, answer in example.answers(read, path.parent).items():
            with contextlib.suppress(ValueError):
                yield Format(read.sources[name].format), answer.data or b""
    yield Format.CSV, b'at;watts\n12:00;1,5\n"13:00";2\n'
    yield Format.TEXT, "Grüße\n".encode()
    yield Format.SKY, b"59.33,18.06"
    gif = io.BytesIO()
    Image.new("P", (20, 10)).save(gif, "GIF")
    yield Format.PICTURE, gif.getvalue()


GOOD = list(good_answers())
# What formats are made of, to put where it does not belong.
PIECES = (
    *(b"", b"\0", b"\xff" * 11, b"\x80" * 20, b'"', b"'", b"\n", b"\r\n", b",", b";", b"\t", b":"),
    *(b"<", b">", b"]]>", b"<![CDATA[", b"<!--", b"&#0;", b"&#x110000;", b"&lt", b"</", b"<?xml"),
    *(b"{", b"[", b"}", b"1e999", b"-", b"NaN", b"null", b"\\ud800", b"\\u0000", b"9" * 400),
    *(b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"END:VCALENDAR", b"RRULE:FREQ=YEARLY;BYDAY=+54MO\n"),
    *(b"DTSTART:00000000\r\n", b"DTEND;VALUE=DATE:99991231\r\n", b"DURATION:-P99999999999D\r\n"),
    *(b"RDATE:x\r\n", b"EXDATE;TZID=Mars:20261201T000000\r\n", b"RECURRENCE-ID:1\r\n"),
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return `whole` with pieces cut out, doubled or put in."""
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(whole)))
        end = draw(st.integers(start, min(len(whole), start + 40)))
        piece = draw(
            st.sampled_from(PIECES) | st.binary(max_size=4) | st.just(whole[start:end] * 2)
        )
        whole = whole[:start] + piece + whole[end:]
    return whole


def parsed(kind: Format, data: bytes) -> Any:
    """Return what is in `data`, or None if it is refused in one short line."""
    try:
        return parse(kind, data, ASKED)
    except ValueError as error:
        told = str(error)
    assert "\n" not in told
    assert 0 < len(told) <= 120
    return None


def size_of(found: Any) -> int:
    return len(found) if isinstance(found, bytes) else len(json.dumps(found))


@pytest.mark.parametrize(
    ("kind", "whole"), GOOD, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(GOOD)]
)
def test_a_good_answer_is_read(kind: Format, whole: bytes) -> None:
    assert parsed(kind, whole) is not None


@settings(deadline=None)
@given(st.sampled_from(GOOD).flatmap(lambda it: st.tuples(st.just(it[0]), damaged(it[1]))))
def test_a_damaged_answer_is_read_or_refused(answer: tuple[Format, bytes]) -> None:
    kind, data = answer
    assert size_of(parsed(kind, data)) <= 4000 + GROWTH * len(data)


PICTURES = [data for kind, data in GOOD if kind is Format.PICTURE]


@settings(deadline=None)
@given(st.sampled_from(PICTURES).flatmap(damaged))
def test_a_damaged_picture_is_drawn_or_refused(data: bytes) -> None:
    with contextlib.suppress(InkstandError):
        assert draw(boxes.Picture(data), (64, 48)).size == (64, 48)


def filled(piece: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return as many pieces as there is room for."""
    room = MOST - len(before) - len(after)
    return before + piece * (room // len(piece)) + after


CALENDAR, EVENT = b"BEGIN:VCALENDAR\r\n", b"BEGIN:VEVENT\r\nDTSTART:20261201T080000Z\r\n"
END_EVENT, END = b"END:VEVENT\r\n", b"END:VCALENDAR\r\n"
RSS = b'<rss version="2.0"><channel><title>x</title>'


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Format.JSON, filled(b"[")),
        (Format.JSON, filled(b"[],", b"[", b"0]")),
        (Format.JSON, filled(b'{"":', b"", b"1")),
        (Format.CSV, filled(b"1\n")),
        (Format.CSV, filled(b",", b"a\n")),
        (Format.CSV, filled(b'"\n')),
        (Format.TEXT, filled("é".encode())),
        (Format.FEED, filled(b"<item><title>a</title></item>", RSS)),
        (Format.FEED, filled(b"<x>", RSS)),
        (Format.FEED, filled(b"&amp;", RSS + b"<item><title>")),
        (Format.FEED, filled(b"<b>", RSS + b"<item><description><![CDATA[")),
        (Format.ICAL, filled(EVENT + END_EVENT, CALENDAR, END)),
        (Format.ICAL, filled(b"BEGIN:VEVENT\r\n", CALENDAR)),
        (Format.ICAL, filled(b"SUMMARY:x\r\n", CALENDAR + EVENT, END_EVENT + END)),
        (Format.ICAL, filled(b"x", CALENDAR + EVENT + b"SUMMARY:", b"\r\n" + END_EVENT + END)),
        (Format.ICAL, filled(b"RRULE:FREQ=HOURLY\r\n", CALENDAR + EVENT, END_EVENT + END)),
        (Format.ICAL, filled(b"EXDATE:20261201T080000Z\r\n", CALENDAR + EVENT, END_EVENT + END)),
        (Format.GTFS_RT, filled(b"\x12\x00", feed())),
        (Format.GTFS_RT, filled(b"\x80")),
        (Format.GTFS_RT, feed(*(trip("t", "4", *[stop("9022001", event(1))] * 9),) * 1000)),
        (Format.SKY, filled(b"1,")),
        (Format.PICTURE, filled(b"\x89PNG\r\n\x1a\n")),
    ],
    ids=lambda it: it if isinstance(it, str) else it[:24].hex(),
)
def test_as_many_bytes_as_may_come_take_no_more_than_a_worker_has(
    kind: Format, data: bytes
) -> None:
    before = time.process_time()
    found = parsed(kind, data[:MOST])
    assert time.process_time() - before < (LIMITS.processor or 0) / PART
    assert size_of(found) <= GROWTH * MOST


@pytest.mark.parametrize("kind", Format)
def test_noise_is_refused_or_data(kind: Format) -> None:
    assert size_of(parsed(kind, random.Random(0).randbytes(100_000))) <= GROWTH * MOST
