"""What a machine's disk keeps when the power is cut, asked of QEMU's own disk code."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from virtual_pi.machine import disk
from virtual_pi.machine.settings import Machine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("qemu-io") is None, reason="qemu-utils is not installed"),
]


def qemu_io(machine: Machine, *commands: str) -> subprocess.CompletedProcess[str]:
    words = [word for command in commands for word in ("-c", command)]
    argv = ["qemu-io", "-f", "qcow2", "-t", "none", *words, str(machine.disk)]
    return subprocess.run(argv, check=False, capture_output=True, text=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a disk of zeros."""
    with (tmp_path / "disk.raw").open("wb") as file:
        file.truncate(4 << 20)
    made = Machine(state=tmp_path)
    disk.make_disk(made, tmp_path)
    return made


def test_what_was_flushed_is_kept_and_what_was_not_is_lost(machine: Machine) -> None:
    """As on a card with a volatile cache; otherwise no power cut would prove anything."""
    written = ("write -P 0xaa 0 64k", "flush", "write -P 0xbb 1M 64k")
    killed = qemu_io(machine, *written, f"sigraise {signal.SIGKILL.value}")
    assert killed.returncode == -signal.SIGKILL
    assert qemu_io(machine, "read -P 0xaa 0 64k").returncode == 0
    assert qemu_io(machine, "read -P 0 1M 64k").returncode == 0


def test_the_kernel_is_found_beside_the_disk_it_was_made_of(
    machine: Machine, tmp_path: Path
) -> None:
    assert disk.base_of(machine) == tmp_path
