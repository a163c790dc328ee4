"""How a machine is reached: first with a password, as a new Raspberry Pi, then with a key."""

from __future__ import annotations

import os
import secrets
import shlex
import socket
from typing import TYPE_CHECKING

from tools.common.commands import run, tail
from tools.common.errors import ToolError
from tools.common.steps import wait_until
from virtual_pi.credentials import write_private
from virtual_pi.machine import qemu
from virtual_pi.machine.settings import ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

    from virtual_pi.machine.settings import Machine

# Emulated, beside others at work, with a file system to recover: more than 300 s were seen.
BOOT_SECONDS = 1200
CONNECT_SECONDS = 30


def _make_key(path: Path) -> None:
    path.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", os.fspath(path)])


def make_secrets(machine: Machine) -> dict[str, bytes]:
    """Make password, key and host key; give what the machine has to know of them.

    The host key is made here, so that nobody has to trust the first answer.
    """
    write_private(machine.password_file, f"{secrets.token_urlsafe(9)}\n")
    _make_key(machine.key_file)
    host_key = machine.state / "ssh_host_ed25519_key"
    _make_key(host_key)
    public = host_key.with_suffix(".pub")
    files = {host_key.name: host_key.read_bytes(), public.name: public.read_bytes()}
    write_private(
        machine.known_hosts, f"[{ADDRESS}]:{machine.ssh_port} {public.read_text().strip()}\n"
    )
    host_key.unlink()
    return {**files, "password": machine.password_file.read_bytes()}


def options(machine: Machine) -> list[str]:
    """Give the options that let ssh trust this machine only, and look at no file of the user."""
    wanted = (
        f'UserKnownHostsFile="{machine.known_hosts}"',
        "GlobalKnownHostsFile=none",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
        f"ConnectTimeout={CONNECT_SECONDS}",
        # A machine whose cord was pulled does not say goodbye.
        "ServerAliveInterval=15",
        "ServerAliveCountMax=4",
    )
    return ["-F", "none", *(word for option in wanted for word in ("-o", option))]


def command(machine: Machine, *argv: str, terminal: bool = False) -> list[str]:
    """Give the command line that runs a program on a machine, with the key."""
    return [
        *("ssh", *options(machine), "-o", "BatchMode=yes", "-i", os.fspath(machine.key_file)),
        *("-p", f"{machine.ssh_port}", *(["-t"] if terminal else [])),
        *(f"{machine.user}@{ADDRESS}", *([shlex.join(argv)] if argv else [])),
    ]


def listens(machine: Machine) -> bool:
    """Tell whether its SSH server greets; QEMU takes the connection long before."""
    try:
        with socket.create_connection((ADDRESS, machine.ssh_port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def wait_listens(machine: Machine) -> None:
    """Wait until somebody can log in.

    Raises:
        ToolError: its QEMU ended, or nobody can after many minutes.
    """
    wait_until(
        lambda: listens(machine) or qemu.process_id(machine) is None,
        seconds=BOOT_SECONDS,
        failure=lambda: _not_up(machine, f"did not come up within {BOOT_SECONDS} s"),
    )
    if qemu.process_id(machine) is None:
        raise _not_up(machine, "ended before it was up")


def _not_up(machine: Machine, what: str) -> ToolError:
    return ToolError(
        f"{machine.name} {what}.",
        todo=f"Read {machine.console}, what it said on its console.",
        tail=tail(machine.console.read_text(errors="replace")),
    )
