"""A real broker, somebody else on it, and the app with panel and button in memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from inkstand import bootstrap
from inkstand.accounts.model import Scope
from inkstand.api.app import make_app
from inkstand.button import MemoryButton
from inkstand.messages.events import MessageChanged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from inkstand.config import Settings

PATIENCE = 60.0
ROOT = "inkstand/kitchen"


def find_free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Mosquitto:
    """A broker on `port`, which keeps what it has when it is stopped in an orderly way."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = find_free_port()
        self._file = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(exist_ok=True)
        user = ["user root"] if os.geteuid() == 0 else []
        kept = ["persistence true", f"persistence_location {folder}/data/"]
        lines = lines or ("allow_anonymous true",)
        text = [f"listener {self.port} 127.0.0.1", *user, *kept, *lines]
        self._file.write_text("\n".join((*text, "")))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run it, and return when it answers."""
        path = f"{os.environ['PATH']}:/usr/sbin"
        program = shutil.which("mosquitto", path=path)
        if program is None:
            pytest.skip("mosquitto is not installed (Debian package mosquitto)")
        line = ["setpriv", "--pdeathsig", "KILL", program, "-c", str(self._file)]
        self._process = subprocess.Popen(line, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, "the broker has ended"
            assert time.monotonic() < deadline, "the broker does not answer"

    def stop(self, *, kill: bool = False) -> None:
        """End it, in order or as the kernel would."""
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(PATIENCE)
            self._process = None

    def _answers(self) -> bool:
        with contextlib.suppress(ConnectionError):
            socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
            return True
        time.sleep(0.01)
        return False


@pytest.fixture
def free_port() -> int:
    return find_free_port()


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Make brokers with these lines in their files, which are ended with the test."""
    brokers: list[Mosquitto] = []

    def make(*lines: str) -> Mosquitto:
        folder = tmp_path / f"broker{len(brokers)}"
        folder.mkdir()
        brokers.append(Mosquitto(folder, *lines))
        brokers[-1].start()
        return brokers[-1]

    yield make
    for broker in brokers:
        broker.stop()


@pytest.fixture
def broker(make_broker: Callable[..., Mosquitto]) -> Mosquitto:
    """A broker that lets everybody in."""
    return make_broker()


class Other:
    """Somebody else on the broker, who reads all there is."""

    def __init__(self, port: int) -> None:
        self._seen: dict[str, queue.SimpleQueue[bytes]] = {}
        self._taken: set[int] = set()
        version = MQTTProtocolVersion.MQTTv5
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=version)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_message = self._on_message
        self.client.on_publish = lambda *given: self._taken.add(given[2])
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port, clean_start=False)
        self.client.loop_start()

    def close(self) -> None:
        """Leave the broker."""
        self.client.disconnect()
        self.client.loop_stop()

    def say(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Publish that, and return when the broker has it, whatever becomes of it meanwhile."""
        sent = self.client.publish(topic, payload, qos=1, retain=retain)
        deadline = time.monotonic() + PATIENCE
        while sent.mid not in self._taken:
            assert time.monotonic() < deadline, "the broker does not take it"
            time.sleep(0.001)

    async def hears(self, topic: str) -> bytes:
        """Return the next payload there."""
        found = self._seen.setdefault(topic, queue.SimpleQueue())
        return await asyncio.to_thread(found.get, timeout=PATIENCE)

    async def hears_json(self, topic: str, **wanted: object) -> dict[str, Any]:
        """Return the next JSON there that has these values."""
        while True:
            told: dict[str, Any] = json.loads(await self.hears(topic))
            if wanted.items() <= told.items():
                return told

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._seen.setdefault(message.topic, queue.SimpleQueue()).put(message.payload)


@pytest.fixture
def other(broker: Mosquitto) -> Iterator[Other]:
    """Somebody else on the broker."""
    other = Other(broker.port)
    yield other
    other.close()


class App:
    """The app, which runs in this loop."""

    def __init__(self, settings: Settings) -> None:
        self.system = bootstrap.build(settings)
        self._stop = asyncio.Event()
        ready = asyncio.Event()
        app, listener = make_app(self.system.services), bootstrap.listen("127.0.0.1", 0)
        self._api = f"{bootstrap.url_of(listener)}api/v1"
        self._token = ""
        self.ready = ready
        self.task = asyncio.create_task(
            bootstrap.run(self.system, app, listener, self._stop, ready.set)
        )

    async def stop(self) -> None:
        """End it as SIGTERM would."""
        self._stop.set()
        await self.task

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Return status and JSON of the answer to a request below /api/v1."""
        if not self._token:
            self._token = (await self.system.accounts.create("tests", Scope.POST, None)).token
        headers = {"Authorization": f"Bearer {self._token}", **options.pop("headers", {})}
        request = aiohttp.request(method, f"{self._api}{path}", headers=headers, **options)
        async with request as answer:
            return answer.status, await answer.json(content_type=None)

    def press(self) -> None:
        """Press the button."""
        assert isinstance(self.system.button, MemoryButton)
        self.system.button.press()

    async def texts(self) -> list[str]:
        """Return what was sent, oldest first."""
        page = await self.system.store.page(limit=1000)
        return [message.text for message in page.messages][::-1]

    async def has(self, number: int) -> list[str]:
        """Return what was sent, once it is so many."""
        kinds = (MessageChanged,)
        async with asyncio.timeout(PATIENCE):
            with self.system.hub.listen(1, kinds) as changes:
                while len(found := await self.texts()) < number:
                    await anext(changes)
        return found


@pytest.fixture
async def run_app(
    make_settings: Callable[..., Settings],
    tmp_path: Path,
    make_broker: object,  # outlives the app
) -> AsyncIterator[Callable[..., Awaitable[App]]]:
    """Run an app called `name` on a broker, until the test ends."""
    assert make_broker
    apps: list[App] = []

    async def run(url: str, name: str = "kitchen", **more: Any) -> App:
        more.setdefault("state_directory", tmp_path / name)
        settings = make_settings(
            panel="memory", button="memory", mqtt_url=url, mqtt_name=name, **more
        )
        apps.append(App(settings))
        await asyncio.wait_for(apps[-1].ready.wait(), PATIENCE)
        return apps[-1]

    yield run
    for app in apps:
        if not app.task.done():
            await app.stop()


@pytest.fixture
async def app(run_app: Callable[..., Awaitable[App]], broker: Mosquitto, other: Other) -> App:
    """The app, which has come to the broker."""
    app = await run_app(broker.url)
    assert await other.hears(f"{ROOT}/availability") == b"online"
    return app
