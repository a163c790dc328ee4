"""Lines of a stream become events."""

from __future__ import annotations

import pytest

from inkstand.client.sse import Event, Reader

pytestmark = pytest.mark.unit


def read(text: str, reader: Reader | None = None) -> list[Event]:
    return list((reader or Reader()).events(text.encode().splitlines(keepends=True)))


def test_an_event_ends_with_an_empty_line() -> None:
    text = 'id: 1f-7\nevent: button\ndata: {"gesture": "short"}\n\n'
    assert read(text) == [Event("1f-7", "button", {"gesture": "short"})]


def test_carriage_returns_and_missing_blanks_make_no_difference() -> None:
    assert read('id:1\r\nevent:x\r\ndata:"y"\r\n\r\n') == [Event("1", "x", "y")]


def test_data_may_come_in_several_lines() -> None:
    assert read("event: x\ndata: [1,\ndata: 2]\n\n") == [Event("", "x", [1, 2])]


def test_comments_unknown_fields_and_events_without_data_are_nothing() -> None:
    assert read(": ping\n\nretry: 2000\n\nevent: x\n\nnonsense\n\n") == []


def test_an_event_without_a_type_is_a_message_and_keeps_the_last_id() -> None:
    assert read("id: 5\ndata: 1\n\ndata: 2\n\n") == [
        Event("5", "message", 1),
        Event("5", "message", 2),
    ]


def test_what_broke_off_is_no_event_and_the_next_stream_begins_anew() -> None:
    reader = Reader()
    assert read("id: 1\nevent: x\ndata: 1\n\nid: 2\nevent: y\ndata: 2\n", reader)[-1].id == "1"
    assert read("data: 3\n\n", reader) == [Event("2", "message", 3)]


def test_what_is_no_json_is_left_out() -> None:
    assert read("data: {\n\ndata: 1\n\n") == [Event("", "message", 1)]


def test_bytes_that_are_no_utf_8_end_nothing() -> None:
    assert list(Reader().events([b'data: "\xff"\n', b"\n"])) == [Event("", "message", "\ufffd")]
