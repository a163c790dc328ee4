"""What the server says becomes lines that people can read, and terminals cannot obey."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from inkstand.client import wording
from inkstand.client.sse import Event

pytestmark = pytest.mark.unit
ZONE = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=ZONE)
AT = "2026-11-21T09:30:20Z"
MESSAGE = {
    "id": 7,
    "author": "john",
    "text": "Hello",
    "at": AT,
    "state": "waiting",
    "shown_at": None,
    "ended_at": None,
    "picture": None,
}
PANEL = {
    "state": "ok",
    "reason": None,
    "width": 264,
    "height": 176,
    "refreshing": None,
    "frame": {"etag": "x", "at": AT, "refresh": "full", "seconds": 3.42},
    "refreshes": {"full": 1, "partial": 2, "skipped": 0},
}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (
            "message",
            {"message": MESSAGE, "previous": None},
            "10:30:20  message     7 is waiting, from john: Hello",
        ),
        (
            "message",
            {"message": {**MESSAGE, "state": "shown", "shown_at": AT}, "previous": "waiting"},
            "10:30:20  message     7 is shown",
        ),
        (
            "message",
            {"message": {**MESSAGE, "shown_at": AT}, "previous": "shown"},
            "12:00:00  message     7 is waiting",
        ),
        ("refreshing", {"refresh": "full", "at": AT}, "10:30:20  refreshing  full"),
        (
            "frame",
            {"at": AT, "refresh": "partial", "seconds": 0.634, "png": "…"},
            "10:30:20  frame       partial, 0.63 s",
        ),
        ("screen", {"screen": "clock", "message": None}, "12:00:00  screen      clock"),
        (
            "screen",
            {"screen": "message", "message": MESSAGE, "page": 2, "pages": 3},
            "12:00:00  screen      message 7, page 2 of 3",
        ),
        ("button", {"gesture": "long", "at": AT}, "10:30:20  button      long"),
        ("panel", {"reason": "gone", "at": AT}, "10:30:20  panel       is down: gone"),
        ("line", {"reason": None, "at": AT}, "10:30:20  line        is well"),
        ("lost", {"count": 3}, "12:00:00  lost        3 events, this viewer was too slow"),
        (
            "hello",
            {"version": "1.2", "time": AT, "panel": PANEL, "screen": {"screen": "clock"}},
            "10:30:20  hello       version 1.2, panel ok, shows clock",
        ),
        ("new", {"a": 1}, "12:00:00  new         {'a': 1}"),
    ],
)
def test_an_event_is_one_line(kind: str, data: dict[str, Any], expected: str) -> None:
    assert wording.event_line(Event("1", kind, data), NOW) == expected


@pytest.mark.parametrize("kind", ["hello", "message", "frame", "screen", "panel", "lost", "new"])
def test_an_event_that_lacks_everything_is_still_a_line(kind: str) -> None:
    nothing: tuple[object, ...] = ({}, [], None, "x")
    for data in nothing:
        assert kind in wording.event_line(Event("1", kind, data), NOW)


def test_a_message_of_the_history_is_one_line() -> None:
    assert wording.message_line(MESSAGE, ZONE) == ("    7  2026-11-21 10:30  waiting   john: Hello")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo\tthree", "one two three"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("right\u202eleft", "right\ufffdleft"),
        ("żółw 漢字 👍", "żółw 漢字 👍"),
    ],
)
def test_text_cannot_command_the_terminal(text: str, expected: str) -> None:
    assert wording.printable(text) == expected
    assert wording.message_line({**MESSAGE, "text": text}, ZONE).endswith(expected)


def test_long_text_is_cut_at_a_word_or_else_anywhere() -> None:
    words = wording.message_line({**MESSAGE, "text": "word " * 50}, ZONE)
    assert words.endswith("word …")
    letters = wording.message_line({**MESSAGE, "text": "x" * 200}, ZONE)
    assert letters.endswith("john: " + "x" * 59 + "…")


def test_a_picture_is_marked_as_one() -> None:
    line = wording.message_line({**MESSAGE, "picture": "/api/v1/messages/7/picture"}, ZONE)
    assert line.endswith("john: [picture] Hello")


def test_tokens_are_a_table() -> None:
    session = {"id": "a1", "kind": "session", "name": "page", "scope": "admin", "current": True}
    token = {"id": "b22", "kind": "token", "name": "cron", "scope": "post", "last_used_at": AT}
    assert wording.token_lines([session, {**token, "expires_at": AT, "current": False}], ZONE) == [
        "ID   KIND     SCOPE  NAME  EXPIRES           LAST USED",
        "a1   session  admin  page  never             -                 (this one)",
        "b22  token    post   cron  2026-11-21 10:30  2026-11-21 10:30",
    ]


def test_the_panel_tells_what_is_on_the_glass_and_what_is_wrong() -> None:
    assert wording.panel_lines(PANEL, ZONE) == [
        "panel: ok",
        "size: 264x176",
        "picture of: 2026-11-21 10:30 (full)",
        "refreshes: 1 full, 2 partial, 0 skipped",
    ]
    gone: dict[str, Any] = {
        "state": "unavailable",
        "reason": "no driver",
        "frame": None,
        "refreshes": {},
    }
    assert wording.panel_lines(gone, ZONE) == ["panel: no driver", "refreshes: -"]
    busy = {**PANEL, "refreshing": {"refresh": "full", "at": AT}}
    assert "refreshing: full, 10:30:20" in wording.panel_lines(busy, ZONE)


def test_the_status_tells_all() -> None:
    status = {
        "version": "1.2",
        "started_at": AT,
        "time": {"now": AT, "timezone": "Europe/Stockholm", "synchronised": False},
        "certificate_expires_at": None,
        "panel": PANEL,
        "button": {"state": "ok"},
        "storage": {"state": "ok"},
        "messages": {"waiting": 1, "read": 2},
        "errors": [{"at": AT, "what": "no\npanel"}],
    }
    lines = wording.status_lines(status, ZONE)
    assert "its time: 2026-11-21 10:30 (Europe/Stockholm, not synchronised)" in lines
    assert "certificate expires: -" in lines
    assert "messages: 1 waiting, 2 read" in lines
    assert lines[-1] == "error at 2026-11-21 10:30: no panel"
    assert not [line for line in lines if line.startswith("packages")]


@pytest.mark.parametrize(
    ("packages", "line"),
    [
        ([], "packages: as Debian has them"),
        (["a", "b"], "packages: 2 are older than Debian's, 1 for security: a, b"),
    ],
)
def test_packages_that_are_older_than_debians_are_named(packages: list[str], line: str) -> None:
    status = {"updates": {"looked_at": AT, "packages": packages, "security": len(packages) - 1}}
    assert line in wording.status_lines(status, ZONE)
