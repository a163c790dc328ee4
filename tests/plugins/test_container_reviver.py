"""Which containers are brought back, and which are left alone."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def event(action: str, name: str = "app") -> dict[str, Any]:
    return {"Action": action, "Actor": {"Attributes": {"name": name}}}


@pytest.fixture
def wards(container_reviver: Any) -> Any:
    return container_reviver.Wards(grace=1.0)


@pytest.mark.unit
def test_a_container_that_died_is_due_after_the_grace(wards: Any) -> None:
    wards.see(event("die"), 10.0)
    assert wards.wait(10.25) == 0.75
    assert wards.take_due(10.5) == []
    assert wards.take_due(11.0) == ["app"]
    assert wards.take_due(12.0) == []


@pytest.mark.unit
def test_nothing_is_waited_for_when_nobody_died(wards: Any) -> None:
    assert wards.wait(0.0) is None


@pytest.mark.unit
@pytest.mark.parametrize("action", ["stop", "destroy", "start"])
def test_what_happens_after_the_death_explains_it(wards: Any, action: str) -> None:
    wards.see(event("die"), 10.0)
    wards.see(event(action), 10.1)
    assert wards.take_due(20.0) == []


@pytest.mark.unit
def test_a_stop_that_is_reported_before_the_death_explains_it(wards: Any) -> None:
    wards.see(event("stop"), 10.0)
    wards.see(event("die"), 10.1)
    assert wards.take_due(20.0) == []


@pytest.mark.unit
def test_a_stop_long_ago_explains_nothing(wards: Any) -> None:
    wards.see(event("stop"), 10.0)
    wards.see(event("start"), 20.0)
    wards.see(event("die"), 30.0)
    assert wards.take_due(31.0) == ["app"]


@pytest.mark.unit
def test_containers_are_told_apart(wards: Any) -> None:
    wards.see(event("die", "app"), 10.0)
    wards.see(event("die", "traefik"), 10.0)
    wards.see(event("stop", "app"), 10.0)
    assert wards.take_due(11.0) == ["traefik"]


@pytest.mark.unit
def test_lines_come_out_whole(container_reviver: Any) -> None:
    lines = container_reviver.Lines()
    assert lines.feed(b'{"a": ') == []
    assert lines.feed(b'1}\n{"b": 2}\n{') == [b'{"a": 1}', b'{"b": 2}']


class Engine:
    """The few words of the engine that the reviver needs, on a socket of its own."""

    def __init__(self, path: Path) -> None:
        self.requests: list[bytes] = []
        self._server = socket.create_server(str(path), family=socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        listening, _ = self._server.accept()
        with listening:
            self.requests.append(listening.recv(4096))
            listening.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            listening.sendall(json.dumps(event("die")).encode() + b"\n")
            starting, _ = self._server.accept()
            with starting:
                self.requests.append(starting.recv(4096))
                starting.sendall(b"HTTP/1.0 204 No Content\r\n\r\n")
        self._server.close()

    def join(self) -> None:
        self._thread.join(10)


@pytest.mark.integration
def test_a_killed_container_is_started_through_the_engine(
    container_reviver: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "docker.sock"
    engine = Engine(path)
    container_reviver.watch(str(path), "inkstand.role")
    engine.join()
    asked, started = engine.requests
    assert asked.startswith(b"GET /v1.40/events?filters=")
    assert b"inkstand.role" in asked
    assert started.startswith(b"POST /v1.40/containers/app/start HTTP/1.0\r\n")
    assert capsys.readouterr().out == "app died: started again\n"


@pytest.mark.integration
def test_no_engine_is_a_sentence_and_a_status(
    container_reviver: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = container_reviver.main(["--label", "x", "--engine", str(tmp_path / "missing")])
    assert status == 1
    assert "The engine cannot be listened to" in capsys.readouterr().err
