"""The three containers of each architecture answer, hardened as the roles start them."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from pi_images import engine, sbom
from tools.common.commands import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

PIGPV = 26
VERSION = 79
# Made up for this test; the password is "correct horse battery staple".
HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAA"
SECRET = "0123456789abcdef" * 2
NOBODY = ssl._create_unverified_context()

STATIC = """
entryPoints:
  ping: {address: "127.0.0.1:8082"}
  websecure: {address: ":8443"}
ping: {entryPoint: ping}
providers: {file: {directory: /etc/traefik/dynamic}}
"""
DYNAMIC = """
http:
  routers: {app: {rule: "PathPrefix(`/`)", service: app, tls: {}}}
  services: {app: {loadBalancer: {servers: [{url: "http://%s:8080"}]}}}
"""


def _bridge(start: Callable[..., Any]) -> Any:
    tmpfs = "/run:rw,noexec,nosuid,nodev,size=1m,mode=0700,uid=10002,gid=10002"
    return start("simulated", ["--tmpfs", tmpfs])


def _ask_version(address: str) -> int | None:
    try:
        with socket.create_connection((address, 8888), timeout=10) as connection:
            connection.sendall(struct.pack("<4I", PIGPV, 0, 0, 0))
            answer = connection.recv(16, socket.MSG_WAITALL)
    except OSError:
        return None
    return int(struct.unpack("<3Ii", answer)[3])


def _app(start: Callable[..., Any], bridge: Any) -> Any:
    settings = {
        "PASSWORD_HASH": HASH,
        "TOKEN_SECRET": SECRET,
        "PANEL": "memory",
        "STATE_DIRECTORY": "/tmp/state",
        "PIGPIOD_HOST": bridge.address,
    }
    given = [f"--env=INKSTAND_{name}={value}" for name, value in settings.items()]
    return start("app", [*given, "--tmpfs", "/tmp:uid=10001,gid=10001"])


def _get(url: str) -> tuple[int, bytes] | None:
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=NOBODY)
    )
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:
        return None


def _healthy(address: str) -> dict[str, Any] | None:
    found = _get(f"http://{address}:8080/healthz")
    body: dict[str, Any] = json.loads(found[1]) if found else {}
    return body if body.get("status") == "ok" else None


def test_the_images_say_which_machine_they_are_for(images: Any) -> None:
    found = {engine.architecture(name) for name in images.names.values()}
    assert found == {images.architecture.oci}


@pytest.mark.parametrize(
    ("part", "named"),
    [("app", "python3-aiohttp"), ("gpiochip", "python3-libgpiod"), ("traefik", "traefik")],
)
def test_a_list_of_what_is_in_it_can_be_made(images: Any, part: str, named: str) -> None:
    found = {component.name: component.version for component in sbom.inspected(images.name(part))}
    assert found[named]


def test_the_bridge_speaks_its_protocol(
    start: Callable[..., Any], wait_for: Callable[..., Any]
) -> None:
    bridge = _bridge(start)
    answer = wait_for("the bridge's version", lambda: _ask_version(bridge.address))
    assert answer == VERSION, bridge.says()


def test_the_app_is_well_and_has_its_button(
    start: Callable[..., Any], wait_for: Callable[..., Any]
) -> None:
    bridge = _bridge(start)
    wait_for("the bridge's version", lambda: _ask_version(bridge.address))
    app = _app(start, bridge)
    found = wait_for("a healthy app", lambda: _healthy(app.address))
    assert found == {"status": "ok", "panel": "ok", "button": "ok", "storage": "ok"}
    assert run(["docker", "exec", app.name, "healthcheck"]).startswith('{"status": "ok"')


def test_traefik_leads_to_the_app_by_https(
    images: Any,
    start: Callable[..., Any],
    wait_for: Callable[..., Any],
    shared_directory: Path,
) -> None:
    images.name("traefik")
    app = _app(start, _bridge(start))
    wait_for("a healthy app", lambda: _healthy(app.address))
    (shared_directory / "traefik.yml").write_text(STATIC)
    (shared_directory / "dynamic").mkdir()
    (shared_directory / "dynamic" / "app.yml").write_text(DYNAMIC % app.address)
    traefik = start("traefik", ["--volume", f"{shared_directory}:/etc/traefik:ro"])
    wait_for(
        "an answer by HTTPS",
        lambda: (
            _get(f"https://{traefik.address}:8443/") == (401, b'{"error": "Unauthorized"}') or None
        ),
    )
    ping = ["traefik", "healthcheck", "--configFile=/etc/traefik/traefik.yml"]
    assert run(["docker", "exec", traefik.name, *ping]).startswith("OK")
