"""The role on a virtual Pi: run with settings, and looked at with a root shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import testinfra

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = ROOT / "molecule" / "epd_driver" / "converge.yml"
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
        argv = [program, PLAYBOOK, "-i", inventory, "-e", json.dumps(given), *options]
        done = subprocess.run(argv, cwd=ROOT, check=False, capture_output=True, text=True)
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
