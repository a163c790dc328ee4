"""The walk of a message in docs/architecture.md names the files that really have a part in it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from inkstand.accounts.passwords import make_hash
from inkstand.api.app import make_app
from inkstand.bootstrap import System, build, listen, run, url_of
from inkstand.config import Settings
from inkstand.events import FrameShown
from inkstand.messages import State
from inkstand.messages.events import MessageChanged

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator
    from types import FrameType

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "architecture.md"
APP = ROOT / "images/app/src/inkstand"
PASSWORD = "correct horse battery"
# What was drawn before is remembered; no other test draws its first letter.
TEXT = "ŧea?"
# These do something of their own now and then, whatever is sent.
BY_ITSELF = {
    "loop_watchdog.py",
    "panel/mounts.py",
    # A minute may begin.
    "screens/clock.py",
    "screens/home.py",
    "status/authority.py",
    "status/certificate.py",
    "status/host_time.py",
    "status/recent_errors.py",
    "status/report.py",
}
# The most files that may do something to a message: a newcomer has to read them all.
GOAL = 15
LINK = re.compile(r"\[[^]]+\]\(\.\./images/app/src/inkstand/([^)]+)\)")


@dataclass(eq=False)
class Footsteps:
    """The files of the app in which a function was called."""

    files: set[str] = field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Take note of a call; this is what sys.setprofile() calls."""
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(f"{APP}/"):
            self.files.add(name.removeprefix(f"{APP}/"))

    @contextlib.contextmanager
    def in_new_threads(self) -> Iterator[None]:
        threading.setprofile(self)
        try:
            yield
        finally:
            threading.setprofile(None)

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        self.files.clear()
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    """Return a directory like that of a driver, which shows at once what it is given."""
    directory = tmp_path / "panel"
    (directory / "LE").mkdir(parents=True)
    (directory / "panel").write_text("EPD 2.7 264x176 COG 2 FILM 231\n")
    (directory / "error").write_text("OK\n")
    (directory / "command").touch()
    (directory / "LE" / "display").write_bytes(bytes(264 * 176 // 8))
    (directory / "LE" / "current").hardlink_to(directory / "LE" / "display")
    return directory


@contextlib.asynccontextmanager
async def running(system: System, listener: socket.socket) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    app = make_app(system.services)
    async with asyncio.TaskGroup() as group, asyncio.timeout(60):
        group.create_task(run(system, app, listener, stop, ready.set))
        with system.hub.listen(kinds=(FrameShown,)) as frames:
            await ready.wait()
            while system.display.last_refresh is None or system.display.refreshing:
                await anext(frames)
        try:
            yield
        finally:
            stop.set()


async def footsteps_of_a_message(system: System, listener: socket.socket) -> set[str]:
    steps = Footsteps()
    with steps.in_new_threads():
        async with running(system, listener), aiohttp.ClientSession(url_of(listener)) as client:
            login = {"username": "owner", "password": PASSWORD}
            async with client.post("/login", json=login) as answer:
                token = (await answer.json())["token"]
            headers = {"Authorization": f"Bearer {token}"}
            with system.hub.listen(kinds=(MessageChanged,)) as changes, steps.here():
                request = client.post("/api/v1/messages", json={"text": TEXT}, headers=headers)
                async with request as answer:
                    assert answer.status == 201
                async for change in changes:
                    if isinstance(change, MessageChanged) and change.message.state is State.SHOWN:
                        break
    return steps.files


async def test_the_walk_of_a_message_is_what_runs(tmp_path: Path, panel: Path) -> None:
    settings = Settings(
        password_hash=make_hash(PASSWORD),
        token_secret="0123456789abcdefghijklmnopqrstuvwxyz",
        state_directory=tmp_path / "state",
        panel_directory=panel,
        button="none",
    )
    found = await footsteps_of_a_message(build(settings), listen("127.0.0.1", 0))
    way, beside = named_by_the_document()
    assert found - BY_ITSELF == (way | beside) - BY_ITSELF


def named_by_the_document() -> tuple[set[str], set[str]]:
    text = DOCUMENT.read_text()
    (walk,) = re.findall(r"^### In the app\n(.*?)^### ", text, re.MULTILINE | re.DOTALL)
    way, _, beside = walk.partition("\nWhat they hand on")
    return set(LINK.findall(way)), set(LINK.findall(beside))


def test_the_numbers_of_the_document_are_those_of_its_lists() -> None:
    text = DOCUMENT.read_text()
    way, beside = named_by_the_document()
    assert way & beside == set()
    assert len(way) <= GOAL
    assert f"**{len(way)} files**" in text
    assert f"are {len(beside)} more, so that {len(way | beside)} files" in text


def test_the_steps_are_numbered_in_order() -> None:
    numbers = [int(it) for it in re.findall(r"^\| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


def test_a_link_to_a_program_leads_to_what_it_says() -> None:
    links = re.findall(r"\[([^]\s]+\.py)\]\(([^)]+)\)", DOCUMENT.read_text())
    assert [said for said, target in links if not target.endswith(f"/{said}")] == []
    assert links
