"""Many programs use the directory in every way at once, while the driver is killed again and again.

The short form takes some seconds. `INKSTAND_TORTURE_SECONDS=600` gives the long one: 20 clients
for ten minutes; `pytest -s` then shows the figures.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from epdfuse.panel.bits import View

if TYPE_CHECKING:
    from driver.tests.conftest import Driver

pytestmark = pytest.mark.integration

SHORT_S = 7.0
SECONDS = float(os.environ.get("INKSTAND_TORTURE_SECONDS", SHORT_S))
CLIENTS = 6 if SECONDS <= SHORT_S else 20
PATIENCE_S = 60.0
"""Longest time for one request; twenty clients may wait for each other's commands."""
FLAT_KB = 4096
CLIENT = Path(__file__).with_name("torture_client.py")


@dataclass
class Torment:
    """What happens to the driver while its clients work."""

    driver: Driver
    clients: list[subprocess.Popen[str]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    growth_kb: list[int] = field(default_factory=list)
    peak_kb: int = 0
    lives: int = 0

    def start_clients(self) -> None:
        for number in range(CLIENTS):
            command = [sys.executable, str(CLIENT), str(self.driver.home), str(number)]
            client = subprocess.Popen([*command, str(SECONDS)], stdout=subprocess.PIPE, text=True)
            self.clients.append(client)

    def announce(self, state: str) -> None:
        """Tell the clients what to expect, in one step."""
        new = self.driver.home / "life.new"
        new.write_text(f"{self.lives} {state}")
        new.replace(self.driver.home / "life")

    def settle(self, fault: str) -> None:
        """Make the panel so, and wait until all that was ordered before is done."""
        self.lives += 1
        self.announce("changing")
        self.driver.simulate("fail", fault)
        clear = ["sh", "-c", "printf C > command"]
        done = subprocess.run(
            clear, cwd=self.driver.files, timeout=PATIENCE_S, capture_output=True, check=False
        )
        assert (done.returncode == 0) == (fault == "ok"), done.stderr
        self.announce(fault)
        self.happened[f"panel {fault}"] += 1

    def let_work(self, seconds: float) -> bool:
        """Leave the clients alone for so long; whether they still work afterwards."""
        try:
            self.clients[0].wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def live(self, seconds: float) -> bool:
        """One life of a driver: well, broken for a while, well again; memory is looked at."""
        self.settle("ok")
        goes_on = self.let_work(seconds / 2)
        before = self._memory_kb()
        if goes_on and random.random() < 0.5:
            self.settle("broken")
            goes_on = self.let_work(seconds / 4)
            self.settle("ok")
        goes_on = goes_on and self.let_work(seconds / 4)
        self.growth_kb.append(self._memory_kb() - before)
        return goes_on

    def end_life(self) -> None:
        self.announce("changing")
        how = random.choice(["kill -9", "kill -9", "terminate"])
        self.happened[how] += 1
        if how == "kill -9":
            self.driver.crash()
        else:
            self.driver.signal(signal.SIGTERM)
            assert self.driver.wait() == 0, self.driver.log
        assert "Traceback" not in self.driver.log
        self.driver.start()

    def reports(self) -> list[dict[str, Any]]:
        """What the clients saw; fails when one of them hangs."""
        return [json.loads(client.communicate(timeout=PATIENCE_S)[0]) for client in self.clients]

    def _memory_kb(self) -> int:
        assert self.driver.process is not None
        status = Path(f"/proc/{self.driver.process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        self.peak_kb = max(self.peak_kb, int(resident.split()[1]))
        return int(resident.split()[1])


@pytest.fixture
def torment(driver: Driver) -> Torment:
    return Torment(driver)


def on_glass(driver: Driver) -> bytes:
    with Image.open(driver.state / "glass.png") as image:
        return View.LE_INVERSE.translate(image.tobytes())


def print_figures(torment: Torment, reports: list[dict[str, Any]]) -> None:
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update(report["counts"])
    print(f"\n{CLIENTS} clients, {SECONDS:g} s, {torment.lives} changes: {dict(torment.happened)}")
    print(f"requests: {dict(counts)}")
    print(f"longest request {max(report['longest'] for report in reports):.2f} s")
    print(f"memory: at most {torment.peak_kb} kB, growth in a life {torment.growth_kb} kB")


def test_no_request_hangs_no_frame_tears_and_errors_are_true(torment: Torment, new: bytes) -> None:
    driver = torment.driver
    torment.announce("changing")
    torment.start_clients()
    latest = time.monotonic() + SECONDS + PATIENCE_S
    try:
        while torment.live(random.uniform(1.5, max(2.5, SECONDS / 6))):
            assert time.monotonic() < latest, "a client does not come to its end"
            torment.end_life()
        reports = torment.reports()
    except BaseException:
        # A client whose request a driver has taken cannot even be killed before that driver.
        driver.clean_up()
        raise
    finally:
        for client in torment.clients:
            client.kill()
            client.communicate()
    print_figures(torment, reports)
    assert [finding for report in reports for finding in report["findings"]] == []
    assert max(report["longest"] for report in reports) < PATIENCE_S
    assert max(torment.growth_kb) < FLAT_KB
    driver.show(new)
    assert driver.frame() == on_glass(driver) == new
    driver.signal(signal.SIGTERM)
    assert driver.wait() == 0
    assert "power   off" in driver.simulate("status")
