"""The role on a virtual Pi: run with settings, and looked at with a root shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import testinfra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = ROOT / "molecule" / "epd_driver" / "converge.yml"
# Molecule asks for colours, which would stand in the middle of sentences.
PLAIN = {"ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
# A container has the kernel's boot id for its own, which a reboot does not change.
NEW_BOOT_ID = """
    cat /proc/sys/kernel/random/uuid >/run/boot_id
    mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
"""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Run:
    """How a run of the role ended."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """How many tasks changed something, as the recap says."""
        found = re.search(r"\bchanged=(\d+)", self.output)
        assert found, self.output
        return int(found[1])

    @property
    def words(self) -> str:
        """The output without its line breaks, to look for a sentence in."""
        return " ".join(self.output.split())


class Power:
    """The power supply of a container: what shuts down comes up again, and is counted."""

    def __init__(self, name: str) -> None:
        self.boots = 0
        self._name = name
        self._thread = threading.Thread(target=self._watch)
        self._begin()

    def _begin(self) -> None:
        argv = ["docker", "wait", self._name]
        self._waiting = subprocess.Popen(argv, stdout=subprocess.DEVNULL)

    def _watch(self) -> None:
        while self._waiting.wait() == 0:
            subprocess.run(["docker", "start", self._name], check=True, stdout=subprocess.DEVNULL)
            self._begin()
            subprocess.run(
                ["docker", "exec", self._name, "sh", "-ec", NEW_BOOT_ID],
                check=True,
            )
            self.boots += 1

    @contextmanager
    def on(self) -> Iterator[Power]:
        """Watch the container until the end of the block."""
        self._thread.start()
        try:
            yield self
        finally:
            self._waiting.terminate()
            self._thread.join()


@pytest.fixture
def power(instance: str) -> Iterator[Power]:
    """Let the Pi reboot."""
    with Power(instance).on() as power:
        yield power


@pytest.fixture(scope="session")
def instance() -> str:
    """Name what molecule made."""
    return os.environ["INKSTAND_INSTANCE"]


@pytest.fixture(scope="session")
def pi(instance: str) -> Any:
    """A root shell on the Pi."""
    return testinfra.get_host(f"docker://{instance}")


@pytest.fixture(scope="session")
def attempt() -> Callable[..., Run]:
    """Give a function that runs the role with settings, whether that ends well or not."""
    inventory = Path(os.environ["INKSTAND_INSTANCE_STATE"]) / "inventory"
    program = Path(sys.executable).with_name("ansible-playbook")

    def run(*options: str, **settings: object) -> Run:
        given = {f"epd_driver_{name}": value for name, value in settings.items()}
        argv = [*map(str, (program, PLAYBOOK, "-i", inventory)), "-e", json.dumps(given), *options]
        done = subprocess.run(
            argv, cwd=ROOT, env={**os.environ, **PLAIN}, check=False, capture_output=True, text=True
        )
        return Run(done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture(scope="session")
def apply(attempt: Callable[..., Run]) -> Callable[..., Run]:
    """Give a function that runs the role with settings, which must end well."""

    def run(*options: str, **settings: object) -> Run:
        done = attempt(*options, **settings)
        assert done.status == 0, done.output
        return done

    return run


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., Any]:
    """Give a function that asks until the answer is true, and gives that answer."""

    def wait(what: str, ask: Callable[[], Found], seconds: float = 10) -> Found:
        deadline = time.monotonic() + seconds
        while True:
            found = ask()
            if found:
                return found
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.1)

    return wait
