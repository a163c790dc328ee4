"""What the engine is asked, and what is made of its answers: its API, v1.40."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from inkstand_host import docker
from inkstand_host.docker import End, Engine, address_on
from inkstand_host.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract


class Daemon(ThreadingUnixStreamServer):
    """Gives the answers that a test lays down, in that order; 204 when none is left."""

    def __init__(self, path: str) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str, Any]] = []
        super().__init__(path, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Daemon

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert not content or self.headers["Content-Type"] == "application/json"
        body = json.loads(content) if content else None
        self.server.asked.append((self.command, self.path.removeprefix("/v1.40"), body))
        status, text = self.server.answers.pop(0) if self.server.answers else (204, b"")
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if text:
            self.wfile.write(text)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing; a Unix socket has no address to say."""


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setattr(docker, "SOCKET", str(tmp_path / "docker.sock"))
    with Daemon(docker.SOCKET) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


ACTIONS: dict[str, tuple[Callable[[Engine], Any], str, str, tuple[int, ...]]] = {
    "stop": (lambda it: it.stop("app", 3), "POST", "/containers/app/stop?t=3", (304, 404)),
    "start": (lambda it: it.start("app"), "POST", "/containers/app/start", (304,)),
    "remove": (lambda it: it.remove("app"), "DELETE", "/containers/app?force=1&v=1", (404,)),
    "rename": (lambda it: it.rename("a", "b"), "POST", "/containers/a/rename?name=b", ()),
    "remove_image": (lambda it: it.remove_image("a:1"), "DELETE", "/images/a%3A1", (404,)),
    "remove_network": (lambda it: it.remove_network("bus"), "DELETE", "/networks/bus", (404,)),
}


def query(path: str) -> dict[str, Any]:
    """What a path asks for, the filters read as the JSON that they are."""
    told: dict[str, Any] = {
        name: values[0] for name, values in parse_qs(urlsplit(path).query).items()
    }
    return {**told, "filters": json.loads(told["filters"])} if "filters" in told else told


@pytest.mark.parametrize("name", ACTIONS)
def test_what_is_so_already_is_fine_and_all_else_is_refused(daemon: Daemon, name: str) -> None:
    act, method, path, fine = ACTIONS[name]
    daemon.answers = [(204, b""), *((status, b"") for status in fine)]
    for _ in range(len(daemon.answers)):
        act(Engine())
    assert {(it[0], it[1]) for it in daemon.asked} == {(method, path)}
    for status in (400, 409, 500):
        daemon.answers = [(status, b"it is wrong")]
        with pytest.raises(EngineError, match=r"refuses .*: it is wrong"):
            act(Engine())


def test_what_there_is_not_is_none(daemon: Daemon) -> None:
    daemon.answers = 4 * [(404, b'{"message": "No such container: app"}')]
    its = Engine()
    assert its.inspect("app") is None
    assert its.network("bus") is None
    assert its.log("app", 5) == ""
    assert not its.has_image("inkstand/app:1")
    assert daemon.asked[1][:2] == ("GET", "/networks/bus")
    daemon.answers = [(200, b'{"Id": "1"}'), (200, b"{}")]
    assert its.inspect("app") == {"Id": "1"}
    assert its.has_image("inkstand/app:1")
    assert daemon.asked[-2][:2] == ("GET", "/containers/app/json")
    assert daemon.asked[-1][:2] == ("GET", "/images/inkstand/app%3A1/json")


def test_images_are_named_by_their_tags(daemon: Daemon) -> None:
    listed = [{"RepoTags": ["b:1", "a:1"]}, {"RepoTags": None}]
    daemon.answers = [(200, json.dumps(listed).encode())]
    assert Engine().images("inkstand/*") == ["a:1", "b:1"]
    path = daemon.asked[0][1]
    assert urlsplit(path).path == "/images/json"
    assert query(path) == {"filters": {"reference": ["inkstand/*"]}}


def test_a_container_is_made_on_all_its_networks(
    daemon: Daemon, make_spec: Callable[..., dict[str, Any]]
) -> None:
    spec = make_spec("app", "one")
    spec["NetworkSettings"]["Networks"]["inkstand-bus"] = {}
    Engine().create("inkstand-app", spec)
    end: dict[str, Any] = {"Aliases": [], "IPAMConfig": None, "Links": None}
    made, connected = daemon.asked
    assert made[:2] == ("POST", "/containers/create?name=inkstand-app")
    assert made[2] == {
        **spec["Config"],
        "HostConfig": spec["HostConfig"],
        "NetworkingConfig": {"EndpointsConfig": {"inkstand-edge": end}},
    }
    assert connected == (
        "POST",
        "/networks/inkstand-bus/connect",
        {"Container": "inkstand-app", "EndpointConfig": end},
    )


def test_a_container_is_made_again_with_what_it_was_told_and_not_with_what_it_was_given(
    make_spec: Callable[..., dict[str, Any]],
) -> None:
    spec = make_spec("app", "one", "0123456789abcdef")
    spec["Config"]["MacAddress"] = "02:42:0a:00:00:02"
    fixed = {"IPAMConfig": {"IPv4Address": "10.0.0.2"}, "Links": ["db"]}
    edge = {"Aliases": ["app", "0123456789ab"], **fixed, "IPAddress": "10.0.0.2"}
    spec["NetworkSettings"]["Networks"] = {"a-bus": {"Aliases": None}, "inkstand-edge": edge}
    body, others = docker.creation(spec)
    assert body["NetworkingConfig"] == {
        "EndpointsConfig": {"inkstand-edge": {"Aliases": ["app"], **fixed}}
    }
    assert others == {"a-bus": {"Aliases": [], "IPAMConfig": None, "Links": None}}
    assert "MacAddress" not in body


@pytest.mark.parametrize("ends", [{}, {"other": {}}])
def test_a_container_on_no_network_or_another_is_made_again(
    make_spec: Callable[..., dict[str, Any]], ends: dict[str, Any]
) -> None:
    spec = make_spec("app", "one")
    spec["NetworkSettings"]["Networks"] = ends
    body, others = docker.creation(spec)
    assert list(body["NetworkingConfig"]["EndpointsConfig"]) == list(ends)
    assert others == {}


def test_a_network_is_made_again_of_what_it_was_told(daemon: Daemon) -> None:
    definition = {
        "Driver": "bridge",
        "Internal": True,
        "Attachable": False,
        "EnableIPv6": False,
        "IPAM": {},
        "Options": {},
        "Labels": {},
    }
    daemon.answers = [(200, json.dumps({**definition, "Id": "1", "Containers": {}}).encode())]
    known = Engine().network("bus")
    assert known == definition
    Engine().make_network("bus", definition)
    assert daemon.asked[1] == ("POST", "/networks/create", {"Name": "bus", **definition})


def test_a_log_is_its_last_lines(daemon: Daemon) -> None:
    daemon.answers = [(200, b"\x01\0\0\0\0\0\0\x03out")]
    assert Engine().log("app", 7) == "out"
    path = daemon.asked[0][1]
    assert urlsplit(path).path == "/containers/app/logs"
    assert query(path) == {"stdout": "1", "stderr": "1", "timestamps": "1", "tail": "7"}


def test_the_last_end_is_asked_for_since_the_container_was_made(daemon: Daemon) -> None:
    daemon.answers = [(200, b'{"Action": "die", "Actor": {"Attributes": {"exitCode": "1"}}}\n\n')]
    assert Engine().last_end("app", "1970-01-01T00:01:00Z") == End(1, oom_killed=False)
    asked = query(daemon.asked[0][1])
    assert (asked["since"], int(asked["until"]) > 60) == ("60", True)
    assert asked["filters"] == {
        "type": ["container"],
        "container": ["app"],
        "event": ["die", "oom"],
    }


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([], None),
        (["oom"], None),
        ([1], End(1, oom_killed=False)),
        (["oom", 137], End(137, oom_killed=True)),
        ([1, 2], End(2, oom_killed=False)),
    ],
)
def test_the_last_of_the_ends_counts(events: list[Any], end: End | None) -> None:
    told = [
        {"Action": "oom"}
        if event == "oom"
        else {"Action": "die", "Actor": {"Attributes": {"exitCode": str(event)}}}
        for event in events
    ]
    assert docker.end_of("\n".join(map(json.dumps, told)).encode()) == end


AWAY = "does not answer /containers/app/json"


def test_an_engine_that_is_away_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "SOCKET", str(tmp_path / "none"))
    with pytest.raises(EngineError, match=AWAY):
        Engine().inspect("app")


def test_an_engine_that_hangs_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "SOCKET", str(tmp_path / "docker.sock"))
    monkeypatch.setattr(docker, "_TIMEOUT", 0.05)
    with socket.socket(socket.AF_UNIX) as nobody_accepts:
        nobody_accepts.bind(docker.SOCKET)
        nobody_accepts.listen()
        with pytest.raises(EngineError, match=f"{AWAY}: timed out"):
            Engine().inspect("app")


def test_what_is_no_http_is_no_answer(daemon: Daemon) -> None:
    daemon.answers = [(0, b"")]
    with pytest.raises(EngineError, match=AWAY):
        Engine().inspect("app")


def test_an_address_is_that_on_the_network_or_any(make_spec: Callable[..., dict[str, Any]]) -> None:
    spec = make_spec("app", "one")
    ends = spec["NetworkSettings"]["Networks"]
    ends["bus"] = {"IPAddress": "10.0.1.2"}
    assert address_on(spec, "bus") == "10.0.1.2"
    assert address_on(spec, "none") == "10.0.0.2"
    ends["inkstand-edge"]["IPAddress"] = ""
    assert address_on(spec, "inkstand-edge") == "10.0.1.2"
    ends.clear()
    assert address_on(spec, "bus") == ""


PIECE = b"\x01\0\0\0\0\0\0\x01x"


@pytest.mark.parametrize("left", range(len(PIECE) + 1))
def test_a_log_that_is_cut_off_is_read_as_far_as_it_goes(left: int) -> None:
    assert docker.log_text(PIECE + PIECE[:left]) == ("xx" if left == len(PIECE) else "x")


def test_a_log_that_is_no_text_is_read_all_the_same() -> None:
    assert docker.log_text(PIECE[:-1] + b"\xff" + PIECE) == "\N{REPLACEMENT CHARACTER}x"
