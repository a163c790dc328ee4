"""What the doctor sees of a real machine: files, programs, disks, ports and addresses."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.doctor import machine as module
from inkstand_host.doctor.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine()
    found.root = tmp_path
    return found


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that says its words, on both streams, and ends with 3; with `hang` it does not."""
    file = tmp_path / "tell"
    file.write_text(
        '#!/bin/sh\n[ "$1" = hang ] && exec sleep 60\n'
        'echo "$* $LC_ALL"; echo "and more" >&2; exit 3\n'
    )
    file.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    return file.name


def test_a_file_is_read_without_what_surrounds_its_text(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b" Raspberry Pi\xff 5\n\0")
    assert machine.read("model") == "Raspberry Pi\N{REPLACEMENT CHARACTER} 5"
    assert machine.read("none") == ""
    assert machine.read(".") == ""


def test_files_are_found_in_their_order(machine: Machine, tmp_path: Path) -> None:
    for name in ("gpiochip1", "gpiochip0", "spidev0.0"):
        (tmp_path / name).touch()
    assert [it.name for it in machine.found("gpiochip*")] == ["gpiochip0", "gpiochip1"]


def test_a_program_tells_its_status_and_all_that_it_said(machine: Machine, program: str) -> None:
    # In words that do not depend on the language of whoever is logged in.
    assert machine.run(program, "a", "b") == (3, "a b C.UTF-8\nand more")
    assert machine.run("there-is-none-of-that") == (127, "there is no there-is-none-of-that")


def test_a_program_that_hangs_is_not_waited_for(
    machine: Machine, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.2)
    assert machine.run(program, "hang") == (124, "tell does not answer")


def test_a_disk_has_a_number_room_and_files(machine: Machine, tmp_path: Path) -> None:
    number, free, total, inodes = machine.disk("/")
    room = os.statvfs(tmp_path)
    assert number == tmp_path.stat().st_dev
    assert total == room.f_blocks * room.f_frsize
    assert 0 < free < total
    assert 0 < inodes <= 1
    with pytest.raises(OSError, match="none"):
        machine.disk("/none")


def test_a_port_is_reachable_or_it_is_said_why(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert machine.unreachable("127.0.0.1", port) == ""
    assert machine.unreachable("127.0.0.1", port) == "does not answer (Connection refused)"

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert machine.unreachable("mirror.example", 443) == "its name cannot be resolved"


@contextmanager
def server(status: int, body: bytes) -> Iterator[str]:
    """Answer everything alike; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{made.server_port}/healthz"
        finally:
            made.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, b'{"status": "ok"}', {"status": "ok"}),
        # An app that is not well says why, with 503.
        (503, b'{"status": "degraded"}', {"status": "degraded"}),
        (503, b"Bad gateway", None),
        (200, b"<html>", None),
    ],
)
def test_an_address_is_asked_for_json(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, answer: Any
) -> None:
    # What the Pi itself serves is not asked by way of a proxy.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server(status, body) as url:
        assert machine.ask(url) == answer
    assert machine.ask(url) is None


def test_the_time_is_that_of_the_clock(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 5.0)
    assert machine.now() == 5.0
