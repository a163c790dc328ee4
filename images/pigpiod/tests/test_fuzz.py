"""Whatever is sent, the bridge goes on serving the others."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pigpiod_bridge.check import version
from pigpiod_bridge.wire import ANSWER_SIZE, Command, Request, decode_answer

pytestmark = pytest.mark.integration

PATIENCE = 60.0
# One process serves all examples on purpose: what one of them breaks the next ones notice.
one_process = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

words = st.one_of(st.integers(0, 60), st.integers(0, 0xFFFF_FFFF))
commands = st.one_of(st.sampled_from(list(Command)), st.integers(0, 130), words)
requests = st.builds(Request, commands, words, words, st.binary(max_size=64))
# Reports would come between the answers of a stream that was begun.
quiet = requests.filter(lambda request: request.command != Command.NB)


@pytest.fixture
def port(process: Any) -> Iterator[int]:
    yield process.port
    assert process.popen.poll() is None


def send(port: int, data: bytes) -> bytes:
    """Everything that is answered until the server has closed too."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as stream:
                return stream.read()
        except (ConnectionResetError, BrokenPipeError):
            return b""  # closed by the server before everything was sent


@one_process
@given(data=st.binary(max_size=300))
def test_random_bytes_never_kill_the_server(port: int, data: bytes) -> None:
    send(port, data)
    assert version("127.0.0.1", port, PATIENCE) == 79


@one_process
@given(sent=st.lists(requests, max_size=12), tail=st.binary(max_size=20))
def test_random_requests_never_kill_the_server(port: int, sent: list[Request], tail: bytes) -> None:
    send(port, b"".join(request.encode() for request in sent) + tail)
    assert version("127.0.0.1", port, PATIENCE) == 79


@one_process
@given(sent=st.lists(quiet, max_size=12))
def test_each_random_request_gets_its_answer_in_order(port: int, sent: list[Request]) -> None:
    data = send(port, b"".join(request.encode() for request in sent))
    answers = [decode_answer(data[n : n + ANSWER_SIZE]) for n in range(0, len(data), ANSWER_SIZE)]
    echoed = [(command, p1, p2) for command, p1, p2, _ in answers]
    assert echoed == [(request.command, request.p1, request.p2) for request in sent]
