"""What the parts are asked, and what is made of their answers."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.docker import End
from inkstand_host.release import health
from inkstand_host.release.health import Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

METRICS = """\
inkstand_refreshes_total{kind="full"} 1
inkstand_refreshes_total{kind="skipped"} 2
inkstand_frame_info{sha256="f00d"} 1
"""


class Site(ThreadingHTTPServer):
    """Answers what a test says for a method and a path, and remembers who asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        self.asked: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def answer(self) -> None:
        question = f"{self.command} {self.path}"
        self.server.asked.append((question, self.headers["Host"]))
        status, body = self.server.answers.get(question, (404, "none"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body.encode())

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def served(site: Site) -> Iterator[Site]:
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    yield from served(Site())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that nobody vouches for, in one file."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv = [
        "openssl",
        "req",
        *options,
        "-subj",
        "/CN=pi",
        "-keyout",
        str(file),
        "-out",
        f"{file}.crt",
    ]
    subprocess.run(argv, check=True, capture_output=True)
    file.write_text(file.read_text() + file.with_name("both.pem.crt").read_text())
    return file


@pytest.fixture
def secure_site(certificate: Path) -> Iterator[Site]:
    site = Site()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    site.socket = context.wrap_socket(site.socket, server_side=True)
    yield from served(site)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Give a function that writes a program `docker`; what it was called with is in a file."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def write(code: str) -> Path:
        program = tmp_path / "docker"
        program.write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/asked\n{code}\n')
        program.chmod(0o700)
        return tmp_path / "asked"

    return write


def port_of_nobody() -> int:
    with Site() as site:
        return int(site.server_port)


def test_only_what_comes_with_200_is_an_answer(site: Site) -> None:
    site.answers["GET /healthz"] = (200, "well")
    assert health.ask("127.0.0.1", site.server_port, "/healthz") == "well"
    site.answers["GET /healthz"] = (503, "well")
    assert health.ask("127.0.0.1", site.server_port, "/healthz") is None


def test_who_is_nowhere_or_silent_does_not_answer() -> None:
    assert health.ask("", 80, "/healthz") is None
    assert health.ask("127.0.0.1", port_of_nobody(), "/healthz") is None


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ((200, '{"panel": "ok"}'), {"panel": "ok"}),
        ((200, "<html>"), None),
        ((200, '["ok"]'), None),
        ((503, '{"panel": "ok"}'), None),
    ],
)
def test_parts_are_what_healthz_names(
    site: Site, answer: tuple[int, str], parts: dict[str, str] | None
) -> None:
    site.answers["GET /healthz"] = answer
    assert health.ask_parts("127.0.0.1", site.server_port) == parts


def test_glass_is_read_in_both_orders_of_bits(tmp_path: Path) -> None:
    assert health.glass(tmp_path) == ()
    (tmp_path / "LE").mkdir()
    (tmp_path / "LE" / "current").write_bytes(b"le")
    assert health.glass(tmp_path) == (hashlib.sha256(b"le").hexdigest(),)
    (tmp_path / "current").write_bytes(b"be")
    assert health.glass(tmp_path) == tuple(hashlib.sha256(it).hexdigest() for it in (b"be", b"le"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("echo fine", "ok"),
        ("echo first >&2; echo last >&2; echo out; exit 1", "last"),
        ("echo out; exit 1", "out"),
        ("exit 3", "exit status 3"),
    ],
)
def test_pigpiod_is_asked_by_its_own_check(
    pi: Any, docker: Callable[[str], Path], code: str, said: str
) -> None:
    asked = docker(code)
    assert health.ask_bridge(pi.settings) == said
    assert asked.read_text() == "exec inkstand-pigpiod healthcheck\n"


def test_a_check_of_pigpiod_that_does_not_end_is_ended(
    pi: Any, docker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    docker("exec sleep 600")
    monkeypatch.setattr(health, "_TIMEOUT", 0.05)
    assert health.ask_bridge(pi.settings) == "its check does not end"


def test_a_stranger_is_asked_about_by_the_name_of_the_appliance(pi: Any, secure_site: Site) -> None:
    secure_site.answers = {"GET /": (502, ""), "POST /": (503, "")}
    settings = replace(pi.settings, host="pi.example", https_port=secure_site.server_port)
    assert health.ask_https(settings) == 502
    assert health.is_in_maintenance(settings)
    secure_site.answers["POST /"] = (401, "")
    assert not health.is_in_maintenance(settings)
    assert secure_site.asked[:2] == [("GET /", "pi.example"), ("POST /", "pi.example")]


def test_where_there_is_no_https_nobody_is_asked(pi: Any) -> None:
    settings = replace(pi.settings, https_port=port_of_nobody())
    assert health.ask_https(settings) == 401
    said = health.ask_https(replace(settings, host="pi.example"))
    assert str(said).startswith("nothing (")


@pytest.fixture
def serving(pi: Any, site: Site, docker: Callable[[str], Path]) -> Any:
    """A Pi whose release runs, with an app that answers, a panel and a bridge."""
    docker("")
    pi.runs("one")
    pi.configure(app_port=site.server_port)
    for made in pi.engine.containers.values():
        made["NetworkSettings"]["Networks"]["inkstand-edge"]["IPAddress"] = "127.0.0.1"
    site.answers = {"GET /healthz": (200, '{"panel": "ok"}'), "GET /metrics": (200, METRICS)}
    (pi.folder / "panel").mkdir()
    (pi.folder / "panel" / "current").write_bytes(b"be")
    return pi


def test_everybody_is_asked(serving: Any, docker: Callable[[str], Path]) -> None:
    docker("echo deaf; exit 1")
    seen = health.observe(serving.engine, serving.settings)
    assert seen == Observation(
        containers=serving.engine.containers,
        parts={"panel": "ok"},
        frames=3,
        frame="f00d",
        glass=(hashlib.sha256(b"be").hexdigest(),),
        bridge="deaf",
        answer=401,
        ends={},
    )


def test_of_an_app_that_is_away_nothing_is_known(serving: Any, site: Site) -> None:
    site.answers["GET /healthz"] = (503, "")
    seen = health.observe(serving.engine, serving.settings)
    assert (seen.parts, seen.frames, seen.frame) == (None, None, None)
    assert [question for question, _ in site.asked] == ["GET /healthz"]
    for name in ("inkstand-app", "inkstand-pigpiod"):
        serving.engine.remove(name)
    seen = health.observe(serving.engine, serving.settings)
    assert (seen.parts, seen.bridge, seen.containers["inkstand-app"]) == (None, "ok", None)


def test_an_app_without_metrics_tells_no_frames(serving: Any, site: Site) -> None:
    del site.answers["GET /metrics"]
    seen = health.observe(serving.engine, serving.settings)
    assert (seen.parts, seen.frames, seen.frame) == ({"panel": "ok"}, None, None)


def test_how_it_ended_is_asked_of_those_that_did(serving: Any) -> None:
    app, bridge, edge = (
        serving.engine.containers[f"inkstand-{name}"] for name in ("app", "pigpiod", "traefik")
    )
    app["RestartCount"], bridge["State"]["Running"] = 1, False
    ended = {
        "inkstand-app": End(137, oom_killed=True),
        "inkstand-pigpiod": End(2, oom_killed=False),
    }
    serving.engine.ends = {**ended, "inkstand-traefik": End(1, oom_killed=False)}
    seen = health.observe(serving.engine, serving.settings)
    assert edge["State"]["Running"]
    assert seen.ends == ended
    del serving.engine.ends["inkstand-pigpiod"]
    assert set(health.observe(serving.engine, serving.settings).ends) == {"inkstand-app"}


def test_an_observation_is_written_down_for_the_log(serving: Any) -> None:
    serving.engine.remove("inkstand-traefik")
    serving.engine.containers["inkstand-app"]["RestartCount"] = 4
    seen = health.observe(serving.engine, serving.settings)
    assert health.summary(seen).splitlines() == [
        "inkstand-pigpiod: inkstand/pigpiod:one, created, 0 restarts, exit 0, OOMKilled False",
        "inkstand-app: inkstand/app:one, created, 4 restarts, exit 0, OOMKilled False",
        "inkstand-traefik: not there",
        '/healthz: {"panel": "ok"}',
        "frames compared: 3",
        "pigpiod: ok",
        "HTTPS: 401",
    ]
