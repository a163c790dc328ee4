"""Which containers are killed, when the engine is restarted, and what is left alone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OUTSIDE = ("169.254.254.1", "fdb6::1")
V4, V6 = [(host, 443) for host in OUTSIDE]
KEPT = "Bind for 0.0.0.0:443 failed: port is already allocated"


def entry(**changes: Any) -> dict[str, Any]:
    """What the engine says of a container in its list."""
    bus, edge = {"IPAddress": "10.0.0.2"}, {"IPAddress": "10.0.1.2", "GlobalIPv6Address": ""}
    return {
        "Id": "c0ffee",
        "Names": ["/inkstand-app"],
        "State": "running",
        "Labels": {"inkstand.check": "http:8080/healthz"},
        "Ports": [{"PrivatePort": 8080, "Type": "tcp"}],
        "NetworkSettings": {"Networks": {"bus": bus, "edge": edge}},
        **changes,
    }


@pytest.mark.unit
def test_a_container_is_asked_at_its_address_by_its_label(container_watcher: Any) -> None:
    (found,) = container_watcher.containers([entry()], OUTSIDE)
    assert (found.name, found.address, found.published) == ("inkstand-app", "10.0.0.2", ())
    assert container_watcher.question(found.check) == (
        8080,
        b"GET /healthz HTTP/1.0\r\nHost: inkstand\r\n\r\n",
    )


@pytest.mark.unit
def test_pigpiod_is_asked_for_its_tick(container_watcher: Any) -> None:
    assert container_watcher.question("pigpiod:8888") == (8888, b"\x10" + bytes(15))


@pytest.mark.unit
def test_another_check_is_refused_by_name(container_watcher: Any) -> None:
    with pytest.raises(ValueError, match="ftp:21"):
        container_watcher.question("ftp:21")


@pytest.mark.unit
@pytest.mark.parametrize("state", ["paused", "exited", "restarting", "created"])
def test_what_does_not_run_is_not_asked(container_watcher: Any, state: str) -> None:
    assert container_watcher.containers([entry(State=state)], OUTSIDE) == []


@pytest.mark.unit
@pytest.mark.parametrize(("six", "expected"), [("", {V4}), ("fdb6::2", {V4, V6})])
def test_a_published_port_is_looked_for_by_ipv6_where_the_container_has_it(
    container_watcher: Any, six: str, expected: set[Any]
) -> None:
    ports = [{"IP": ip, "PublicPort": 443, "PrivatePort": 8443} for ip in ("0.0.0.0", "::")]
    public = {"public": {"IPAddress": "10.0.2.2", "GlobalIPv6Address": six}}
    given = entry(Ports=ports, NetworkSettings={"Networks": public})
    (found,) = container_watcher.containers([given], OUTSIDE)
    assert set(found.published) == expected


@pytest.mark.unit
def test_three_misses_in_a_row_are_too_many(container_watcher: Any) -> None:
    misses = container_watcher.Misses(3)
    assert [misses.see({"a"}) for _ in range(4)] == [set(), set(), {"a"}, set()]


@pytest.mark.unit
def test_an_answer_in_between_forgives(container_watcher: Any) -> None:
    misses = container_watcher.Misses(2)
    seen = [misses.see(missed) for missed in ({"a"}, {"b"}, {"a", "b"}, {"a"})]
    assert seen == [set(), set(), {"b"}, {"a"}]


@pytest.mark.unit
def test_the_engine_is_restarted_for_what_was_reached_before(container_watcher: Any) -> None:
    restarts = container_watcher.Restarts()
    assert not restarts.allowed({V4}, 0.0)
    restarts.reached({V4})
    assert not restarts.allowed({V6}, 0.0)
    assert restarts.allowed({V4, V6}, 0.0)


@pytest.mark.unit
def test_the_engine_is_not_restarted_for_ever(container_watcher: Any) -> None:
    restarts = container_watcher.Restarts()
    restarts.reached({V4})
    times = [now for now in range(0, 3600, 8) if restarts.allowed({V4}, float(now))]
    assert times == [0, 64, 128]
    assert not restarts.another(3600.0)
    restarts.reached({V4})
    assert restarts.allowed({V4}, 3600.0)


@pytest.mark.unit
def test_nor_for_a_port_that_stays_lost_while_another_is_reached(container_watcher: Any) -> None:
    restarts = container_watcher.Restarts()
    restarts.reached({V4, V6})
    times = []
    for now in range(0, 3600, 8):
        restarts.reached({V4})
        times += [now] * restarts.allowed({V6}, float(now))
    assert times == [0, 64, 128]
    restarts.reached({V4, V6})
    assert restarts.allowed({V6}, 3600.0)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Somebody who listens; the kernel takes connections for it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def _ask(container_watcher: Any, server: socket.socket) -> Any:
    port = server.getsockname()[1]
    return container_watcher.answers("127.0.0.1", f"http:{port}/", timeout=0.2)


@pytest.mark.integration
def test_who_takes_a_connection_and_says_nothing_hangs(
    container_watcher: Any, server: socket.socket
) -> None:
    assert _ask(container_watcher, server) is False


@pytest.mark.integration
def test_any_answer_will_do(container_watcher: Any, server: socket.socket) -> None:
    """An app that says 503 does not hang, and to kill it would not help."""

    def serve() -> None:
        with server.accept()[0] as connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    assert _ask(container_watcher, server) is True


@pytest.mark.integration
def test_where_nobody_listens_nobody_hangs(container_watcher: Any, server: socket.socket) -> None:
    """It starts, or was ended: the engine sees to that."""
    server.close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    assert container_watcher.answers("127.0.0.1", f"http:{port}/") is None


class _Engine(ThreadingUnixStreamServer):
    """An engine that knows one container, and notes what it is told to do."""

    allow_reuse_address = True
    daemon_threads = True
    answers: dict[str, Any]

    def __init__(self, path: str) -> None:
        super().__init__(path, _Handler)
        self.told: list[str] = []
        self.refusal = ""


class _Handler(BaseHTTPRequestHandler):
    server: _Engine

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/v1.40/")
        body = json.dumps(self.server.answers[path]).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.told.append(self.path)
        refusal = self.server.refusal.encode()
        self.send_response(500 if refusal else 204)
        self.end_headers()
        self.wfile.write(refusal)

    def address_string(self) -> str:
        return "engine"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[_Engine]:
    """Serve as an engine that has no answers yet."""
    with _Engine(str(tmp_path / "docker.sock")) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


@pytest.mark.integration
@pytest.mark.parametrize("paused", [False, True])
def test_who_hangs_is_killed_by_its_process_unless_it_is_paused(
    container_watcher: Any,
    server: socket.socket,
    engine: _Engine,
    monkeypatch: pytest.MonkeyPatch,
    paused: bool,
) -> None:
    monkeypatch.setattr(container_watcher, "ANSWER_TIMEOUT", 0.05)
    monkeypatch.setattr(container_watcher.answers, "__defaults__", (0.05,))
    check = f"http:{server.getsockname()[1]}/"
    networks = {"Networks": {"edge": {"IPAddress": "127.0.0.1"}}}
    listed = entry(Labels={"inkstand.check": check}, NetworkSettings=networks)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        state = {"Running": True, "Paused": paused, "Pid": process.pid}
        engine.answers = {"containers/json": [listed], "containers/c0ffee/json": {"State": state}}
        watcher = container_watcher.Watcher(engine.server_address, "", ())
        pauses = [watcher.pause]
        for _ in range(container_watcher.MISSES):
            assert process.poll() is None
            watcher.round()
            pauses.append(watcher.pause)
        assert pauses == [container_watcher.PERIOD, 0, container_watcher.PERIOD]
        if paused:
            process.communicate(b"\n")
        assert process.wait(10) == (0 if paused else -9)


@pytest.mark.integration
def test_a_port_that_is_lost_is_looked_at_again_soon_and_the_engine_restarted(
    container_watcher: Any,
    server: socket.socket,
    engine: _Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was reached before; the container goes on to answer on the Pi."""
    there, restarted = [True], []
    monkeypatch.setattr(container_watcher, "answers", lambda *_: True)
    monkeypatch.setattr(container_watcher, "reachable", lambda *_: there[0])
    monkeypatch.setattr(container_watcher, "restart_engine", lambda: restarted.append(True))
    published = [{"IP": "0.0.0.0", "PublicPort": 443, "PrivatePort": 8443}]
    engine.answers = {"containers/json": [entry(Ports=published)]}
    watcher = container_watcher.Watcher(engine.server_address, "", OUTSIDE)
    watcher.round()
    there[0], pauses = False, []
    for _ in range(container_watcher.ROUNDS_OUTSIDE + 1):
        assert restarted == []
        watcher.round()
        pauses.append(watcher.pause)
    assert pauses[-2:] == [container_watcher.REFUSED_PAUSE, container_watcher.PERIOD]
    assert restarted == [True]


@pytest.mark.integration
def test_who_was_about_to_start_is_asked_in_the_next_round(
    container_watcher: Any, engine: _Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hang as soon as it runs."""
    asked: list[str] = []
    monkeypatch.setattr(container_watcher, "answers", lambda address, _: asked.append(address))
    watcher = container_watcher.Watcher(engine.server_address, "", ())
    engine.answers = {"containers/json": [entry(State="restarting")]}
    watcher.round()
    engine.answers = {"containers/json": [entry()]}
    watcher.round()
    assert asked == ["10.0.0.2"]


@pytest.mark.unit
def test_an_engine_that_systemd_gave_up_is_started_every_ten_seconds(
    container_watcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []
    monkeypatch.setattr(container_watcher, "start_engine", lambda: started.append(True))
    watcher = container_watcher.Watcher("/nowhere", "", ())
    times = []
    for now in range(0, 200, 5):
        failed = now >= 10
        monkeypatch.setattr(container_watcher, "engine_has_failed", lambda it=failed: it)
        before = len(started)
        watcher.miss_engine(float(now))
        times += [now] * (len(started) - before)
    assert times == list(range(10, 200, 10))


def _ended(engine: _Engine, error: str, policy: str = "always") -> None:
    """Let the container have ended; `error` is why the engine could not start it again."""
    whole = {
        "State": {"Running": False, "Paused": False, "Error": error},
        "HostConfig": {
            "RestartPolicy": {"Name": policy},
            "PortBindings": {"8443/tcp": [{"HostIp": "", "HostPort": "443"}]},
        },
    }
    listed = [entry(State="exited")]
    engine.answers = {"containers/json": listed, "containers/c0ffee/json": whole}


@pytest.mark.integration
def test_who_was_to_be_started_again_and_could_not_be_is_started(
    container_watcher: Any, engine: _Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine tries once, and leaves it down for good (moby issues 37637 and 48870)."""
    _ended(engine, "OCI runtime create failed")
    container_watcher.Watcher(engine.server_address, "", ()).round()
    assert engine.told == ["/v1.40/containers/c0ffee/start"]
    assert "inkstand-app" in (said := capsys.readouterr().out)
    assert "OCI runtime create failed" in said


@pytest.mark.integration
@pytest.mark.parametrize(("error", "policy"), [("", "always"), ("no such device", "no")])
def test_who_was_stopped_or_is_not_to_come_back_is_not_started(
    container_watcher: Any, engine: _Engine, error: str, policy: str
) -> None:
    _ended(engine, error, policy)
    container_watcher.Watcher(engine.server_address, "", ()).round()
    assert engine.told == []


@pytest.mark.integration
def test_who_cannot_be_started_does_not_keep_the_others_from_being_asked(
    container_watcher: Any, engine: _Engine
) -> None:
    """It is tried again when the engine is asked for its list again, not in each round."""
    _ended(engine, "no such device")
    engine.refusal = "no such device"
    watcher = container_watcher.Watcher(engine.server_address, "", ())
    for _ in range(container_watcher.ROUNDS_LISTED + 1):
        watcher.round()
    assert len(engine.told) == 2


@pytest.mark.integration
def test_an_engine_that_keeps_a_port_for_nobody_is_restarted_and_asked_again_at_once(
    container_watcher: Any,
    engine: _Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As it does when the power failed while it started; to start the container is no help then."""

    def restart() -> None:
        engine.told.append("restart")
        engine.answers = {"containers/json": [entry()]}

    asked: list[str] = []
    monkeypatch.setattr(container_watcher, "restart_engine", restart)
    monkeypatch.setattr(container_watcher, "answers", lambda address, _: asked.append(address))
    _ended(engine, KEPT)
    engine.refusal = KEPT
    watcher = container_watcher.Watcher(engine.server_address, "", ())
    watcher.round()
    assert "No container has the ports of inkstand-app" in capsys.readouterr().out
    watcher.round()
    assert engine.told == ["/v1.40/containers/c0ffee/start", "restart"]
    assert asked == ["10.0.0.2"]


@pytest.mark.integration
def test_it_is_not_restarted_for_ever(
    container_watcher: Any, engine: _Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, restarted = [1000.0], []
    monkeypatch.setattr(container_watcher.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(container_watcher, "restart_engine", lambda: restarted.append(now[0]))
    _ended(engine, KEPT)
    engine.refusal = KEPT
    watcher = container_watcher.Watcher(engine.server_address, "", ())
    for _ in range(30 * container_watcher.ROUNDS_LISTED):
        watcher.round()
        now[0] += container_watcher.PERIOD
    assert restarted == [1000.0, 1063.0, 1126.0]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("refusal", "ports"),
    [
        ("No such container", []),
        (KEPT, [{"PublicPort": 443, "PrivatePort": 443}]),
    ],
    ids=["removed meanwhile", "another container has it"],
)
def test_where_a_restart_would_not_help_the_engine_is_left_alone(
    container_watcher: Any,
    engine: _Engine,
    monkeypatch: pytest.MonkeyPatch,
    refusal: str,
    ports: list[dict[str, int]],
) -> None:
    monkeypatch.setattr(container_watcher, "restart_engine", lambda: pytest.fail("restarted"))
    monkeypatch.setattr(container_watcher, "answers", lambda *_: True)
    _ended(engine, KEPT)
    engine.answers["containers/json"].append(entry(Id="other", Ports=ports))
    engine.refusal = refusal
    container_watcher.Watcher(engine.server_address, "", ()).round()
    assert engine.told == ["/v1.40/containers/c0ffee/start"]
