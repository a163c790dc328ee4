"""The API in this process: a real server on loopback, panel and button in memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from images.app.tests.api.disk import Disk
from inkstand import bootstrap
from inkstand.accounts.attempts import Attempts
from inkstand.accounts.model import Scope
from inkstand.api.app import make_app
from inkstand.button import MemoryButton
from inkstand.panel.memory import MemoryPanel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from inkstand.config import Settings


@dataclass
class Site:
    """An appliance that runs, and a client of it."""

    client: TestClient[Any, Any]
    system: bootstrap.System
    panel: MemoryPanel
    button: MemoryButton
    token: str

    async def post(self, text: object, **options: Any) -> Any:
        """Post a message with a good token."""
        headers = {"Authorization": self.token}
        return await self.client.post(
            "/messages", json={"message": text}, headers=headers, **options
        )


@pytest.fixture
async def site(
    make_settings: Callable[..., Settings], eventually: Callable[..., Awaitable[None]]
) -> AsyncIterator[Site]:
    """An appliance that shows the clock, in Stockholm, under the title LegoMac."""
    settings = make_settings(panel="memory", button="memory", app_title="LegoMac", username="john")
    system = bootstrap.build(settings)
    assert isinstance(system.panel, MemoryPanel)
    assert isinstance(system.button, MemoryButton)
    parts = (
        system.display,
        system.controller,
        system.button,
        system.broadcaster,
        system.report,
        system.showing,
    )
    async with (
        system.store,
        system.accounts,
        system.preferences,
        _running(*parts),
        TestClient(TestServer(make_app(system.services))) as client,
    ):
        await eventually(lambda: (last := system.display.last_refresh) and last.refresh)
        issued = await system.accounts.create("tests", Scope.ADMIN, None)
        yield Site(client, system, system.panel, system.button, issued.token)


@contextlib.asynccontextmanager
async def _running(*parts: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Api:
    """The new API of a site, asked with a good token."""

    site: Site

    async def get(self, path: str, **options: Any) -> Any:
        """Ask for something below /api/v1."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Any:
        """Post something there."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Any:
        """Put something there."""
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: Any) -> Any:
        """Delete something there."""
        return await self.request("DELETE", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Send any request."""
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return await self.site.client.request(method, f"/api/v1{path}", **options)

    async def connect(self, path: str, **options: Any) -> Any:
        """Open a WebSocket."""
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return await self.site.client.ws_connect(f"/api/v1{path}", **options)

    async def until_message(self, number: int, state: str) -> None:
        """Return when the message is in that state."""
        async with asyncio.timeout(60):
            while (await (await self.get(f"/messages/{number}")).json())["state"] != state:  # noqa: ASYNC110 - the server is asked, as clients do
                await asyncio.sleep(0.005)

    @property
    def headers(self) -> dict[str, str]:
        """Who asks."""
        return {"Authorization": f"Bearer {self.site.token}"}


@pytest.fixture
def api(site: Site) -> Api:
    """The new API of an appliance that shows the clock."""
    return Api(site)


class Served:
    """`inkstand serve` in a process of its own that keeps messages in `directory`."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._environment = {**environment, "INKSTAND_STATE_DIRECTORY": str(directory)}
        self.process: subprocess.Popen[str] | None = None
        self.token = ""
        self.url = ""

    def start(self) -> None:
        """Start it and return when it serves."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inkstand", "serve"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"serving (http://\S+)/", line):
                self.url = found[1]
                return
        raise AssertionError("".join(said))

    def end(self, number: int) -> int:
        """Send it that signal, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client of the new API, logged in."""
        if not self.token:
            self.token = await self._log_in()
        headers = {"Authorization": f"Bearer {self.token}"}
        base = f"{self.url}/api/v1/"
        async with aiohttp.ClientSession(base, headers=headers) as client:
            yield client

    async def _log_in(self) -> str:
        credentials = {
            "username": "owner",
            "password": self._environment["PASSWORD"],
        }
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{self.url}/api/v1/session", json=credentials) as answer,
        ):
            assert answer.status == 201
            return str((await answer.json())["token"])


@pytest.fixture
def served(password: str, password_hash: str) -> Iterator[Callable[..., Served]]:
    """Make a Served for a directory, with more variables; it ends with the test."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("INKSTAND_")}
    environment = {
        **kept,
        "PASSWORD": password,
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        "INKSTAND_PANEL": "memory",
        "INKSTAND_BUTTON": "none",
        "INKSTAND_LISTEN_PORT": "0",
        "INKSTAND_HISTORY_MAX": "1000000",
        "INKSTAND_WAITING_MAX": "1000000",
        "INKSTAND_PASSWORD_HASH": password_hash,
        "INKSTAND_TOKEN_SECRET": secrets.token_hex(32),
    }
    made: list[Served] = []

    def make(directory: Path, **more: str) -> Served:
        made.append(Served(directory, {**environment, **more}))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None:
            one.process.kill()
            one.process.communicate()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be told to stall and to fail; nothing is on it yet."""
    for name in ("mkfs.ext4", "losetup", "fusermount3", "setpriv"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    if os.geteuid() or not Path("/dev/fuse").exists() or not Path("/dev/loop-control").exists():
        pytest.skip("a disk of its own needs root, /dev/fuse and /dev/loop-control")
    made = Disk(tmp_path)
    yield made
    made.end()


@pytest.fixture
def patient(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The same, but wrong passwords are not counted."""
    monkeypatch.setattr(Attempts, "failed", lambda *_: None)
    return site
