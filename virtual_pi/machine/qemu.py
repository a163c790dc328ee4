"""The process that is the machine: started, and ended like a machine whose cord is pulled."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tools.common.commands import CommandError, run
from tools.common.errors import ToolError
from tools.common.steps import wait_until
from virtual_pi.machine import monitor
from virtual_pi.machine.settings import ADDRESS

if TYPE_CHECKING:
    from virtual_pi.machine.settings import Machine

PROGRAM = "qemu-system-aarch64"
KILL_SECONDS = 30
# Without its driver of keys, the kernel leaves the line of the power key to whoever asks for it.
KERNEL_OPTIONS = (
    "root=LABEL=root rw console=ttyAMA0 module_blacklist=gpio_keys quiet"
    # Emulated on a busy machine, devices and services take their time.
    " systemd.default_device_timeout_sec=600 systemd.default_timeout_start_sec=600"
)


def _forwards(machine: Machine) -> str:
    ports = ((machine.ssh_port, 22), (machine.https_port, 443), (machine.http_port, 80))
    return ",".join(f"hostfwd=tcp:{ADDRESS}:{outside}-:{inside}" for outside, inside in ports)


def _disk(name: str, options: str) -> list[str]:
    drive = f"if=none,id={name},{options}"
    return ["-drive", drive, "-device", f"virtio-blk-pci,drive={name},serial={name}"]


def command_line(machine: Machine, base: Path) -> list[str]:
    """Give the command that starts a machine.

    Names of files are relative, for a comma in a path would be read as the next option. The disk
    is written past this machine's memory, and what the machine has not flushed may be lost when
    its QEMU is killed: as on a card whose power is cut.
    """
    return [
        *(
            "env",
            f"--chdir={machine.state}",
            PROGRAM,
            "-name",
            "virtual-pi",
            "-M",
            "virt",
            "-cpu",
            "cortex-a72",
        ),
        *("-smp", f"{machine.processors}", "-m", f"{machine.memory_mib}"),
        *("-no-user-config", "-display", "none", "-monitor", "none", "-parallel", "none"),
        *("-kernel", os.fspath(base / "vmlinuz"), "-initrd", os.fspath(base / "initrd")),
        *("-append", KERNEL_OPTIONS),
        *_disk("root", f"file={machine.disk.name},format=qcow2,cache=none"),
        *_disk("seed", f"file={machine.seed.name},format=raw,readonly=on"),
        *("-netdev", f"user,id=net,{_forwards(machine)}"),
        # Nothing is booted over the network: Debian has what that needs in a package of its own.
        *("-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"),
        *("-chardev", f"file,id=console,append=on,path={machine.console.name}"),
        *("-serial", "chardev:console"),
        *("-qmp", f"unix:{monitor.SOCKET},server=on,wait=off"),
        *("-pidfile", os.fspath(machine.pid_file), "-daemonize"),
    ]


def process_id(machine: Machine, proc: Path = Path("/proc")) -> int | None:
    """Give the process id of a machine that runs; a pid file of an earlier life names none."""
    try:
        pid = int(machine.pid_file.read_text())
        arguments = (proc / f"{pid}" / "cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(machine.pid_file) in arguments else None


def start(machine: Machine, base: Path) -> None:
    """Switch it on.

    Raises:
        ToolError: QEMU refused, for example because a port is taken.
    """
    try:
        run(command_line(machine, base))
    except CommandError as error:
        taken = "Could not set up host forwarding" in error.tail
        ports = "A port is taken: choose others with --ssh-port, --https-port and --http-port."
        error.todo = ports if taken else "The lines above are QEMU's."
        raise


def cut_power(machine: Machine) -> bool:
    """Kill its QEMU, and wait until it is gone; False when it did not run.

    Raises:
        ToolError: the process stays.
    """
    pid = process_id(machine)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    wait_gone(machine, KILL_SECONDS)
    return True


def wait_gone(machine: Machine, seconds: float) -> None:
    """Wait until its QEMU has ended.

    Raises:
        ToolError: it did not in time.
    """
    wait_until(
        lambda: process_id(machine) is None,
        seconds=seconds,
        failure=lambda: ToolError(
            f"QEMU (process {process_id(machine)}) does not end.", todo=f"Read {machine.console}."
        ),
    )
