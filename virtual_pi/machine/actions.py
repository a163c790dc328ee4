"""What the commands do with a machine, out of the parts that know how."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Any

from pi_images import architectures, emulation, homemade
from tools.common.commands import attempt, read_bytes, show
from tools.common.errors import ToolError
from tools.common.paths import CACHE
from tools.common.steps import say, step, wait_until
from virtual_pi import deploy, engine, inventory, panel
from virtual_pi.actions import EPD
from virtual_pi.credentials import Credentials, load_or_generate, make_private
from virtual_pi.machine import disk, monitor, qemu, ssh, tools
from virtual_pi.machine.settings import ADDRESS, BUTTON_GPIO, CHIP_LABEL, Machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COMMANDS = " machine"
MAKE = "Run `make virtual-pi-arm64`."
GATE_SECONDS = 180
ARM64 = architectures.named(disk.ARCHITECTURE)


def host(machine: Machine) -> dict[str, Any]:
    """Say how Ansible reaches it: by SSH, as the user `pi`."""
    return {
        "ansible_host": ADDRESS,
        "ansible_port": machine.ssh_port,
        "ansible_user": machine.user,
        "ansible_ssh_private_key_file": os.fspath(machine.key_file),
        "ansible_ssh_common_args": shlex.join(ssh.options(machine)),
        "ansible_timeout": ssh.CONNECT_SECONDS,
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def host_settings(
    machine: Machine, secrets: Credentials, archives: Mapping[str, Path]
) -> dict[str, Any]:
    """Give the settings of this machine, as an owner would write them into host_vars."""
    return {
        **inventory.host_settings(machine, secrets, archives, os.environ.get("SSL_CERT_FILE")),
        "pigpiod_line": "gpiochip",
        "pigpiod_gpio_chip_label": CHIP_LABEL,
        "inkstand_button_gpio": BUTTON_GPIO,
        "app_button_pressed_level": "high",
        # On two busy cores a switch took 88 s there.
        "release_gate_seconds": GATE_SECONDS,
    }


def _write_settings(machine: Machine, secrets: Credentials) -> None:
    with step("Build the base image for arm64"):
        base = homemade.make_debian(ARM64)
    with step("Pack the traefik binary for arm64 as an image"):
        traefik = homemade.make_traefik(ARM64)
    with step("Write inventory and settings") as remark:
        settings = host_settings(machine, secrets, inventory.image_archives(base, traefik))
        inventory.write(machine, settings, inventory.document(machine, host(machine)))
        deploy.write_login(machine, secrets)
        remark(os.fspath(machine.inventory))


def _make_disks(machine: Machine, base: Path) -> None:
    with step("Make its disk, a password and keys") as remark:
        disk.write_seed(machine, ssh.make_secrets(machine))
        disk.make_disk(machine, base)
        machine.console.unlink(missing_ok=True)
        remark(f"kept in {machine.state}")


def _prepare(machine: Machine) -> Path:
    """Install what is missing, and give the directory with the disk that machines start from."""
    engine.require_root()
    make_private(machine.state)
    with step("Install QEMU and mmdebstrap where they are missing") as remark:
        tools.install(remark)
    with step("Let this machine run programs for arm64") as remark:
        emulation.require(ARM64, remark)
    with step("Build the disk of an arm64 Debian 13, once: this takes minutes") as remark:
        return disk.make_base(remark)


def create(machine: Machine) -> Credentials:
    """Make a machine with nothing on it, and the settings to deploy with."""
    base = _prepare(machine)
    secrets = load_or_generate(machine.state)
    if not machine.disk.exists():
        _make_disks(machine, base)
    _write_settings(machine, secrets)
    start(machine)
    return secrets


def start(machine: Machine) -> None:
    """Switch it on, and wait until somebody can log in."""
    with step(f"Start {machine.name}") as remark:
        if not machine.disk.exists():
            raise ToolError(f"There is no {machine.disk}.", todo=MAKE)
        if qemu.process_id(machine) is None:
            qemu.start(machine, disk.base_of(machine))
        else:
            remark("it runs already")
        ssh.wait_listens(machine)


def leave_key(machine: Machine) -> None:
    """Log in with the password, as to a new Raspberry Pi, and leave the key there."""
    playbook = disk.HERE / "leave_key.yml"
    with step("Log in with the password and leave a key"):
        deploy.run_playbook(machine, *_with_password(machine), playbook=playbook)


def _with_password(machine: Machine) -> list[str]:
    """Give what `ansible-playbook -k` would ask for."""
    return ["--connection-password-file", os.fspath(machine.password_file)]


def run_deploy(machine: Machine, *options: str) -> None:
    """Run the playbook, and wait until the appliance answers."""
    _require_running(machine)
    with step("Run the playbook"):
        deploy.run_playbook(machine, *options)
    if "--check" not in options:
        wait_serves(machine)


def wait_serves(machine: Machine) -> None:
    """Fetch the CA certificate, and wait until HTTPS answers."""
    with step("Fetch the CA certificate"):
        deploy.fetch_ca(machine, ssh.command(machine, "cat", deploy.CA_ON_THE_PI))
    with step(f"Wait until {machine.url} answers"):
        deploy.wait_answers(machine)


def up(machine: Machine) -> None:
    """Do all of it, and say how to use it."""
    secrets = create(machine)
    leave_key(machine)
    run_deploy(machine)
    say(deploy.summary(machine, secrets, COMMANDS))


def destroy(machine: Machine, *, images: bool) -> None:
    """Remove a machine and its state; with `images` also what the next one would start from."""
    with step(f"Remove {machine.name}") as remark:
        if not qemu.cut_power(machine):
            remark("it did not run")
        shutil.rmtree(machine.state, ignore_errors=True)
    if images:
        with step("Remove disks and images from the cache"):
            for path in (*CACHE.glob("machine-*"), *CACHE.glob(f"*{disk.ARCHITECTURE}*")):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def status(machine: Machine) -> int:
    """Say what there is; 0 when it runs."""
    pid = qemu.process_id(machine)
    if pid is not None:
        say(f"{machine.name}: runs as process {pid}, {machine.url}, SSH on port {machine.ssh_port}")
        return 0
    there = "is switched off; `start` starts it" if machine.disk.exists() else "there is none"
    say(f"{machine.name}: {there}")
    return 1


def _require_running(machine: Machine) -> None:
    if qemu.process_id(machine) is None:
        raise ToolError(f"{machine.name} does not run.", todo=MAKE)


def execute(machine: Machine, argv: Sequence[str]) -> int:
    """Run a program on it with this terminal, a shell when none is given."""
    _require_running(machine)
    return show(ssh.command(machine, *argv, terminal=sys.stdin.isatty()))


def press(machine: Machine) -> None:
    """Press its button for a tenth of a second: the line of its GPIO chip goes up, then down."""
    _require_running(machine)
    monitor.command(machine.state, "system_powerdown")


def cut(machine: Machine) -> None:
    """Pull its power cord."""
    _require_running(machine)
    with step(f"Cut the power of {machine.name}"):
        qemu.cut_power(machine)


def save_panel(machine: Machine, output: Path, scale: int) -> None:
    """Write what is on the glass as a PNG."""
    _require_running(machine)
    todo = "`systemctl status epd-fuse` on it says what is wrong with the driver."
    described = read_bytes(ssh.command(machine, "cat", f"{EPD}/panel"), todo=todo).decode()
    frame = read_bytes(ssh.command(machine, "cat", f"{EPD}/LE/current"), todo=todo)
    output.write_bytes(panel.png(frame, *panel.size(described), scale))
    say(f"{output}: {described.strip()}")


def boot_id(machine: Machine) -> str:
    """Give what tells one start of its kernel from another; empty while nobody answers."""
    said = attempt(ssh.command(machine, "cat", "/proc/sys/kernel/random/boot_id"))
    return (said or "").strip()


def restart(machine: Machine) -> None:
    """Reboot it, and wait until all of it is up."""
    _require_running(machine)
    with step(f"Restart {machine.name}"):
        before = boot_id(machine)
        # The connection may be cut before the program ends.
        attempt(ssh.command(machine, "sudo", "systemctl", "--no-block", "reboot"))
        wait_until(
            lambda: boot_id(machine) not in ("", before),
            seconds=ssh.BOOT_SECONDS,
            failure=lambda: ToolError(
                f"{machine.name} did not come back.", todo=f"Read {machine.console}."
            ),
        )
        wait_booted(machine)


def wait_booted(machine: Machine) -> None:
    """Wait until systemd says that all is up.

    Raises:
        ToolError: a unit failed, or it took some minutes.
    """
    state = ssh.command(machine, "systemctl", "is-system-running", "--wait")
    failed = ssh.command(machine, "systemctl", "--failed", "--no-legend")
    if (attempt(state, timeout=ssh.BOOT_SECONDS) or "").strip() != "running":
        raise ToolError(
            f"{machine.name} did not come up as it should.",
            todo=f"Read {machine.console}, and log in.",
            tail=attempt(failed) or "",
        )
