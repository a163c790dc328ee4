"""Events are followed over broken connections, and not where that is of no use."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.client.errors import (
    AnswerError,
    ClientError,
    EndedError,
    NotLoggedInError,
    TooOftenError,
    UnreachableError,
    UntrustedError,
)
from inkstand.client.following import Following, Lost, Opened
from inkstand.client.sending import persistently, reached
from inkstand.client.sse import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.unit


class Script:
    """A server whose streams are told beforehand: lines, then an error or the end."""

    def __init__(self, *streams: tuple[str, ClientError | None] | ClientError) -> None:
        self.headers: list[Mapping[str, str]] = []
        self.slept: list[float] = []
        self._streams = iter(streams)

    @contextlib.contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        assert path == "/events"
        self.headers.append(headers)
        stream = next(self._streams)
        if isinstance(stream, ClientError):
            raise stream
        yield self._lines(*stream)

    def follow(self, count: int, *, patient: bool = False) -> list[Any]:
        """Return the first `count` happenings."""
        following = Following(self, patient=patient, sleep=self.slept.append)  # type: ignore[arg-type]
        return list(itertools.islice(following.happenings(), count))

    def _lines(self, text: str, error: ClientError | None) -> Iterator[bytes]:
        yield from text.encode().splitlines(keepends=True)
        if error:
            raise error


ONE = "id: b-1\nevent: x\ndata: 1\n\n"
TWO = "id: b-2\nevent: x\ndata: 2\n\n"
GONE = UnreachableError("gone")


def test_it_goes_on_after_the_last_event() -> None:
    server = Script((ONE, GONE), (TWO, None), ("", None))
    assert server.follow(7) == [
        Opened(),
        Event("b-1", "x", 1),
        Lost("gone", 0.5),
        Opened(),
        Event("b-2", "x", 2),
        Lost("the server ended the stream", 0.5),
        Opened(),
    ]
    sent = [headers.get("Last-Event-ID") for headers in server.headers]
    assert sent == [None, "b-1", "b-2"]


def test_pauses_grow_while_nobody_answers_and_begin_anew_after_that() -> None:
    server = Script(("", None), *[GONE] * 7, (ONE, None), GONE)
    server.follow(13)
    assert server.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 0.5]


def test_a_first_connection_that_fails_is_an_error_unless_told_otherwise() -> None:
    with pytest.raises(UnreachableError):
        Script(GONE).follow(1)
    assert Script(GONE, (ONE, None)).follow(2, patient=True) == [Lost("gone", 0.5), Opened()]


@pytest.mark.parametrize(
    "error", [NotLoggedInError("x"), UntrustedError("x"), AnswerError("not found", 404)]
)
def test_what_will_not_get_better_ends_it(error: ClientError) -> None:
    with pytest.raises(type(error)):
        Script(("", None), error).follow(3)


def test_a_server_that_has_trouble_is_asked_again() -> None:
    server = Script(("", None), AnswerError("a bug", 500), ("", None))
    assert server.follow(4)[2:] == [Lost("a bug", 1.0), Opened()]


def test_a_server_that_wants_a_pause_gets_it() -> None:
    server = Script(("", None), TooOftenError("slowly", 30), (ONE, None))
    assert server.follow(3)[-1] == Lost("slowly", 30.0)


def test_sending_is_tried_again_while_nobody_answers() -> None:
    outcomes: Iterator[Any] = iter([GONE, GONE, 7])
    slept: list[float] = []

    def ask() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, ClientError):
            raise outcome
        return int(outcome)

    assert persistently(ask, slept.append) == 7
    assert slept == [0.5, 1.0]


def test_it_is_not_tried_for_ever_nor_after_a_no() -> None:
    asked: list[int] = []

    def ask(error: ClientError) -> None:
        asked.append(1)
        raise error

    with pytest.raises(UnreachableError):
        persistently(lambda: ask(GONE), lambda _: None)
    assert len(asked) == 5
    with pytest.raises(AnswerError):
        persistently(lambda: ask(AnswerError("no", 422)), lambda _: None)
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("state", "shown_at", "wanted", "expected"),
    [
        ("waiting", None, "shown", False),
        ("shown", "…", "shown", True),
        ("shown", "…", "read", False),
        ("read", "…", "read", True),
        ("read", "…", "shown", True),
        ("waiting", "…", "shown", True),
        ("expired", "…", "shown", True),
    ],
)
def test_what_was_on_the_glass_was_shown(
    state: str, shown_at: str | None, wanted: str, *, expected: bool
) -> None:
    message = {"id": 7, "state": state, "shown_at": shown_at}
    assert reached(message, wanted) is expected


@pytest.mark.parametrize(
    ("state", "shown_at", "wanted"),
    [("expired", None, "shown"), ("deleted", "…", "read"), ("expired", "…", "read")],
)
def test_what_ended_otherwise_is_not_waited_for(
    state: str, shown_at: str | None, wanted: str
) -> None:
    message = {"id": 7, "state": state, "shown_at": shown_at}
    with pytest.raises(EndedError, match=f"message 7 is {state}, and was not {wanted}"):
        reached(message, wanted)
