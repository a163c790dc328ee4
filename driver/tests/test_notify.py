"""Messages to systemd."""

import os
import socket
from pathlib import Path

import pytest

from epdfuse.notify import notify, watchdog_interval

pytestmark = pytest.mark.unit


@pytest.fixture
def listener() -> socket.socket:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.settimeout(60)
    return channel


def test_a_message_reaches_a_socket_in_the_file_system(
    listener: socket.socket, tmp_path: Path
) -> None:
    with listener:
        listener.bind(str(tmp_path / "notify"))
        notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert listener.recv(100) == b"READY=1"


def test_a_message_reaches_an_abstract_socket(listener: socket.socket, tmp_path: Path) -> None:
    with listener:
        listener.bind(f"\0{tmp_path}")
        notify("STOPPING=1", {"NOTIFY_SOCKET": f"@{tmp_path}"})
        assert listener.recv(100) == b"STOPPING=1"


def test_without_a_service_manager_nothing_happens() -> None:
    notify("READY=1", {})


def test_a_service_manager_that_went_away_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert "service manager" in caplog.text


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "10000000"}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_signs_of_life_come_twice_as_often_as_they_are_wanted(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_interval(environment) == seconds
