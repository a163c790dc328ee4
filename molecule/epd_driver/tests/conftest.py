"""The role on a virtual Pi: run with settings, and looked at with a root shell."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAYBOOK = Path(__file__).resolve().parents[1] / "converge.yml"
# A container has the kernel's boot id for its own, which a reboot does not change.
NEW_BOOT_ID = """
    cat /proc/sys/kernel/random/uuid >/run/boot_id
    mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
"""


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
def attempt(state: Path) -> Callable[..., testing.Run]:
    """Give a function that runs the role with settings, whether that ends well or not."""

    def run(*options: str, **settings: object) -> testing.Run:
        given = {f"epd_driver_{name}": value for name, value in settings.items()}
        base = ("-i", str(state / "inventory"), "-e", json.dumps(given))
        return testing.play(PLAYBOOK, *base, *options)

    return run


@pytest.fixture(scope="session")
def patience() -> float:
    return 10
