"""The bytes of the pigpiod protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.button.wire import Answer, Command, Decoder, Report, Request

pytestmark = pytest.mark.unit

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
REQUESTS = st.builds(Request, st.sampled_from(Command), U32, U32)
RESULTS = st.integers(-(1 << 31), (1 << 31) - 1)
REPORTS = st.builds(Report, U16, U16, U32, U32)


def test_the_requests_of_the_worked_example() -> None:
    """Button on GPIO 22, pull-up, 10 ms filter, handle 0."""
    assert [
        request.encode().hex()
        for request in (
            Request(Command.MODES, 22, 0),
            Request(Command.PUD, 22, 2),
            Request(Command.FG, 22, 10_000),
            Request(Command.BR1),
            Request(Command.NOIB),
            Request(Command.NB, 0, 1 << 22),
        )
    ] == [
        "00000000160000000000000000000000",
        "02000000160000000200000000000000",
        "61000000160000001027000000000000",
        "0a000000000000000000000000000000",
        "63000000000000000000000000000000",
        "13000000000000000000400000000000",
    ]


def test_an_extension_follows_its_length() -> None:
    assert Request(Command.FG, 1, 2, b"abc").encode()[12:] == b"\x03\0\0\0abc"


def test_the_stream_of_the_worked_example() -> None:
    decoder = Decoder()
    decoder.expect(Request(Command.BR1))
    decoder.expect(Request(Command.NOIB))
    levels, handle, pressed, released = decoder.feed(
        bytes.fromhex(
            "0a0000000000000000000000ffffff0f"
            "63000000000000000000000000000000"
            "0000000040e20100ffffbf0f"
            "0100000080a90300ffffff0f"
        )
    )
    assert levels == Answer(10, 0, 0, 0x0FFF_FFFF)
    assert handle == Answer(99, 0, 0, 0)
    assert pressed == Report(0, 0, 123_456, 0x0FBF_FFFF)
    assert released == Report(1, 0, 240_000, 0x0FFF_FFFF)


def test_a_level_is_a_bit() -> None:
    report = Report(0, 0, 0, 0x0FBF_FFFF)
    assert not report.is_high(22)
    assert report.is_high(21)
    assert not report.is_high(31)


@pytest.mark.parametrize(
    ("flags", "change"), [(0, True), (0x36, False), (0x40, False), (0x81, False)]
)
def test_only_a_report_without_flags_is_a_change(flags: int, change: bool) -> None:
    assert Report(0, flags, 0, 0).is_change is change


def test_all_32_levels_are_no_error() -> None:
    decoder = Decoder()
    decoder.expect(Request(Command.BR1))
    (answer,) = decoder.feed(bytes.fromhex("0a0000000000000000000000ffffffff"))
    assert isinstance(answer, Answer)
    assert answer.result == -1
    assert answer.unsigned == 0xFFFF_FFFF


def test_a_report_with_the_number_of_a_command_is_still_a_report() -> None:
    decoder = Decoder()
    decoder.expect(Request(Command.BR1))
    assert decoder.feed(bytes.fromhex("0a0000000100000000000000")) == [Report(10, 0, 1, 0)]


def test_an_answer_is_waited_for_when_its_result_is_missing() -> None:
    decoder = Decoder()
    decoder.expect(Request(Command.NOIB))
    whole = bytes.fromhex("63000000000000000000000007000000")
    assert decoder.feed(whole[:12]) == []
    assert decoder.feed(whole[12:]) == [Answer(99, 0, 0, 7)]


def encoded(item: Answer | Report) -> bytes:
    if isinstance(item, Report):
        head = item.seqno.to_bytes(2, "little") + item.flags.to_bytes(2, "little")
        return head + item.tick.to_bytes(4, "little") + item.levels.to_bytes(4, "little")
    words = (item.command, item.p1, item.p2, item.unsigned)
    return b"".join(word.to_bytes(4, "little") for word in words)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Request], list[Answer | Report]]:
    """Requests, and their answers in order among reports that look like none of them."""
    requests = draw(st.lists(REQUESTS, max_size=5))
    echoes = {request.echo for request in requests}
    items: list[Answer | Report] = []
    for request in requests:
        items += draw(st.lists(REPORTS.filter(lambda it: encoded(it) not in echoes), max_size=3))
        items.append(Answer(request.command, request.p1, request.p2, draw(RESULTS)))
    return requests, items + draw(st.lists(REPORTS, max_size=3))


@given(streams(), st.data())
def test_however_the_bytes_are_split_they_mean_the_same(
    stream: tuple[list[Request], list[Answer | Report]], data: st.DataObject
) -> None:
    requests, items = stream
    decoder = Decoder()
    for request in requests:
        decoder.expect(request)
    rest, found = b"".join(map(encoded, items)), []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += decoder.feed(rest[:size])
        rest = rest[size:]
    assert found == items


def test_byte_by_byte_is_no_other_way() -> None:
    decoder = Decoder()
    report = Report(7, 0, 0xFFFF_FFFF, 1)
    assert [it for byte in encoded(report) * 3 for it in decoder.feed(bytes([byte]))] == [
        report
    ] * 3
