"""Servers for the client: certificates of a throw-away CA, a front that can be cut, the app."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import select
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inkstand import bootstrap
from inkstand.api.app import make_app
from inkstand.button import MemoryButton

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from inkstand.config import Settings

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 60.0


@dataclass(frozen=True)
class Authority:
    """A CA for this run, and certificates that it signed."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def certificate(self, name: str, *, days: int = 2) -> ssl.SSLContext:
        """Return what a server called `name` (an address or a host) needs."""
        kind = "IP" if name[0].isdigit() else "DNS"
        base = self.folder / f"{name}-{days}"
        Path(f"{base}.ext").write_text(f"subjectAltName={kind}:{name}\n")
        key, request, done = (f"{base}.{suffix}" for suffix in ("key", "csr", "crt"))
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", *new, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        signer = ["-CA", str(self.ca), "-CAkey", str(self.folder / "ca.key"), "-CAcreateserial"]
        valid = ["-days", str(days), "-extfile", f"{base}.ext"]
        openssl("x509", "-req", "-in", request, *signer, *valid, "-out", done)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(done, key)
        return context


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=PATIENCE)


def made_in(folder: Path) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    authority = Authority(folder)
    new = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(authority.folder / "ca.key"), "-out", str(authority.ca)]
    openssl("req", *new, "-days", "2", "-subj", "/CN=Throw-away CA", *files)
    return authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A CA that nobody but the tests trusts."""
    return made_in(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another one, of the same name."""
    return made_in(tmp_path_factory.mktemp("authority"))


class Front:
    """Stands before a port of this machine, with TLS if it has a context; can be cut and mended.

    `answer` is sent to whoever connects instead, when it is not None; `ca` to whoever asks for
    /ca.pem. Of the next `swallow` connections no answer comes back.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.answer: bytes | None = None
        self.ca: bytes | None = None
        self.swallow = 0
        self.connections = 0
        self._backend = port
        self.context = context
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_cut = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End all connections, and take no new one for longer than a moment."""
        self._is_cut = True
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if self._is_cut:
                return
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            if self.answer is not None:
                client.recv(65_536)
                client.sendall(self.answer)
                return
            with client, socket.create_connection(("127.0.0.1", self._backend)) as backend:
                if self.ca is None or not self._hand_out(client, backend, self.ca):
                    self._join(client, backend)

    def _hand_out(self, client: socket.socket, backend: socket.socket, ca: bytes) -> bool:
        """Answer who asks for the CA; pass on what anybody else begins with."""
        begin = client.recv(65_536)
        if begin.startswith(b"GET /ca.pem "):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ca) + ca)
            return True
        backend.sendall(begin)
        return False

    def _join(self, client: socket.socket, backend: socket.socket) -> None:
        self._open |= {client, backend}
        if self.swallow:
            self.swallow -= 1
            way = threading.Thread(target=swallow, args=(backend, client), daemon=True)
        else:
            way = threading.Thread(target=pump, args=(backend, client), daemon=True)
        way.start()
        # A request may come in several parts: its head, then its body.
        pump(client, backend)
        way.join()
        self._open -= {client, backend}


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def swallow(source: socket.socket, target: socket.socket) -> None:
    """Close the connection as soon as an answer begins."""
    source.recv(1)
    target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def front() -> Iterator[Callable[..., Front]]:
    """Make fronts, which are closed in the end."""
    fronts: list[Front] = []

    def make(*arguments: Any) -> Front:
        fronts.append(Front(*arguments))
        return fronts[-1]

    yield make
    for one in fronts:
        one.close()


class Terminal:
    """A program that runs on a terminal of its own."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.seen = ""
        self._side, other = pty.openpty()
        # The first terminal that it opens is that of a new session.
        begin = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(other), *command]
        self._process = subprocess.Popen(
            begin, stdin=other, cwd=folder, env=environment, start_new_session=True
        )
        os.close(other)

    def type(self, text: str) -> None:
        os.write(self._side, text.encode())

    def see(self, word: str) -> None:
        """Return when the terminal shows it."""
        self.until(lambda: word in self.seen)

    def end(self) -> int:
        """Return the exit code."""
        self.until(lambda: self._process.poll() is not None)
        self._look()
        return self._process.wait()

    def until(self, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < deadline, f"the terminal shows {self.seen!r}"
            self._look()

    def close(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
        os.close(self._side)

    def _look(self) -> None:
        # Who has closed the terminal has ended, and said all.
        with contextlib.suppress(OSError):
            if select.select([self._side], [], [], 0.1)[0]:
                self.seen += os.read(self._side, 65_536).decode(errors="replace")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Run programs on terminals: `terminal(command, environment)`."""
    terminals: list[Terminal] = []

    def run(command: list[str], environment: dict[str, str]) -> Terminal:
        terminals.append(Terminal(command, environment, tmp_path))
        return terminals[-1]

    yield run
    for each in terminals:
        each.close()


class Inkstand:
    """The command as its user runs it, with a home of its own and no package but ours."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {key: value for key, value in os.environ.items() if not key.startswith("INKSTAND_")}
        self.environment = {
            **kept,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "PYTHONPATH": str(SOURCE),
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def logins(self) -> Path:
        return self.home / "config" / "inkstand" / "logins.json"

    def __call__(
        self, *arguments: str, given: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(arguments),
            env={**self.environment, **variables},
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line(arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, arguments: tuple[str, ...]) -> list[str]:
        """Return what runs it."""
        # -S: nothing that was installed with pip is found.
        return [sys.executable, "-S", "-m", "inkstand", *arguments]


@pytest.fixture
def inkstand(tmp_path: Path) -> Inkstand:
    """Run the client to its end: `inkstand("send", "Hello")`."""
    return Inkstand(tmp_path)


class App:
    """The real app in a thread of this process, with panel and button in memory."""

    def __init__(self, settings: Settings) -> None:
        self.system: bootstrap.System
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._ready = threading.Event()
        self._listener = bootstrap.listen("127.0.0.1", 0)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(settings)))
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def do(self, job: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the loop of the app, and return what it returns."""
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(PATIENCE)

    def press(self) -> None:
        """Press the button."""
        assert isinstance(self.system.button, MemoryButton)
        self._loop.call_soon_threadsafe(self.system.button.press)

    def until(self, number: int, state: str) -> None:
        """Return when the message is in that state."""
        deadline = time.monotonic() + PATIENCE
        while self.do(self.system.store.get(number)).state != state:
            assert time.monotonic() < deadline, f"message {number} is not {state}"
            time.sleep(0.01)

    def texts(self) -> list[str]:
        """Return what was sent, oldest first."""
        page = self.do(self.system.store.page(limit=200))
        return [message.text for message in page.messages][::-1]

    def stop(self) -> None:
        """End it as SIGTERM would."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    async def _run(self, settings: Settings) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.system = bootstrap.build(settings)
        app = make_app(self.system.services)
        ready = self._ready.set
        await bootstrap.run(self.system, app, self._listener, self._stop, ready)


@pytest.fixture
def app(make_settings: Callable[..., Settings]) -> Iterator[App]:
    """The app, serving on a port of this machine."""
    app = App(make_settings(panel="memory", button="memory", username="john"))
    yield app
    app.stop()


@pytest.fixture
def at_home(inkstand: Inkstand, app: App, password: str) -> Inkstand:
    """The client, logged in at the app."""
    result = inkstand("login", app.url, "--user", "john", "--password-stdin", given=password)
    assert (result.returncode, result.stderr) == (0, "")
    return inkstand
