"""Events of a server for as long as somebody wants them, whatever happens to the network."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.client.errors import AnswerError, TooOftenError, UnreachableError
from inkstand.client.sse import Event, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkstand.client.server import Server

# The server sends something every 20 s.
SILENCE = 50.0
_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Opened:
    """The events of the server come in from now on."""


@dataclass(frozen=True, slots=True)
class Lost:
    """They do not any more, for that reason; it is tried again after `pause` seconds."""

    reason: str
    pause: float


class Following:
    """Follows the events of `server`; goes on after the last one when the connection breaks.

    A first connection that fails is an error unless it is `patient`.
    """

    def __init__(
        self, server: Server, *, patient: bool = False, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._server = server
        self._sleep = sleep
        self._patient = patient
        self._reader = Reader()
        self._pause = _SHORTEST_PAUSE

    def happenings(self) -> Iterator[Event | Opened | Lost]:
        """Yield events, and when the connection came and went, without end.

        Raises:
            ClientError: trying again makes no sense.
        """
        while True:
            reason = "the server ended the stream"
            try:
                yield from self._one_stream()
            except (UnreachableError, AnswerError) as error:
                self._consider(error)
                reason = str(error)
            yield Lost(reason, self._pause)
            self._sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _one_stream(self) -> Iterator[Event | Opened]:
        headers = {"Accept": "text/event-stream"}
        if self._reader.last_id:
            headers["Last-Event-ID"] = self._reader.last_id
        with self._server.stream("/events", headers) as lines:
            self._patient, self._pause = True, _SHORTEST_PAUSE
            yield Opened()
            yield from self._reader.events(lines)

    def _consider(self, error: UnreachableError | AnswerError) -> None:
        """Raise `error` again unless it may be better later."""
        if isinstance(error, TooOftenError):
            self._pause = max(self._pause, float(error.retry_after))
        elif isinstance(error, AnswerError) and error.status < _SERVER_ERROR:
            raise error
        if not self._patient:
            raise error
