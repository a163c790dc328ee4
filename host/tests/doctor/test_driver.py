"""What the driver's doctor says, as it says it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inkstand_host.doctor import hardware

pytestmark = pytest.mark.integration

DRIVER = Path(__file__).parents[3] / "driver" / "src"


@pytest.mark.parametrize("bus", ["spi", "simulated"])
def test_what_the_driver_says_of_this_machine_is_understood(
    machine: Any, tmp_path: Path, bus: str
) -> None:
    argv = [sys.executable, "-m", "epdfuse"]

    def run(*words: str) -> tuple[int, str]:
        assert words[0] == "epdfuse"
        environment = {**os.environ, "PYTHONPATH": str(DRIVER)}
        done = subprocess.run(
            [*argv, *words[1:]], capture_output=True, text=True, env=environment, check=False
        )
        return done.returncode, done.stdout + done.stderr

    machine.run = run
    panel = {"bus": bus, "size": "2.7", "film": 231, "flavour": "epdfuse"}
    panel |= {"spi_device": "/dev/spidev0.0", "directory": str(tmp_path)}
    found = list(hardware.driver(machine, panel))
    levels = {one["what"]: one["level"] for one in found}
    assert levels["panel: mounted directory"] == "FAIL"
    assert all(one["fix"] for one in found if one["level"] == "FAIL")
    assert ("panel: SPI" in levels) is (bus == "spi")
