"""The container that is a Raspberry Pi: with systemd as its first process and an engine inside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.common.commands import CommandError, attempt, run, tail
from tools.common.errors import ToolError
from tools.common.steps import wait_until
from virtual_pi import capabilities
from virtual_pi.settings import LABEL, VirtualPi

if TYPE_CHECKING:
    from collections.abc import Sequence

ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
BOOT_SECONDS = 60
IMAGES = ("inkstand/virtual-pi", "inkstand/virtual-pi-base")
# systemd 257 of Debian 13 starts on a host with control groups v1 only when it is asked to.
LEGACY_CGROUPS = "systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"


def unified_cgroups(root: Path = Path("/sys/fs/cgroup")) -> bool:
    """Tell whether this host has control groups v2 only."""
    return (root / "cgroup.controllers").exists()


def _port(outside: int | None, inside: int) -> list[str]:
    return [] if outside is None else ["--publish", f"127.0.0.1:{outside}:{inside}"]


def _memory(most: str) -> list[str]:
    # As much with swap as without: a Pi has none to speak of.
    return ["--memory", most, "--memory-swap", most] if most else []


def run_options(pi: VirtualPi, allowed: Sequence[str], *, unified: bool) -> list[str]:
    """Give the options of `docker run`.

    Not `--privileged`: that fails where the host itself lacks CAP_SYS_RESOURCE. The control groups
    are those of a namespace of its own, so the inner engine's groups lie in the container's, share
    its memory limit and go with it; `init` makes them writable.
    """
    legacy = [] if unified else ["--env", f"SYSTEMD_PROC_CMDLINE={LEGACY_CGROUPS}"]
    return [
        *("--name", pi.name, "--hostname", "raspberrypi", "--label", LABEL),
        *("--cap-drop", "ALL", *(f"--cap-add={name}" for name in allowed)),
        *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
        *("--security-opt", "systempaths=unconfined"),
        # The engine switches it off in a container whose network has none; a Pi has it.
        *("--sysctl", "net.ipv6.conf.all.disable_ipv6=0"),
        *("--sysctl", "net.ipv6.conf.default.disable_ipv6=0"),
        *("--cgroupns", "private", "--device-cgroup-rule", "a *:* rwm", "--device", "/dev/fuse"),
        *("--tmpfs", "/run", "--tmpfs", "/tmp"),  # noqa: S108  (mount points in the container)
        # overlay2 cannot lie on an overlay.
        *("--volume", "/var/lib/docker"),
        *legacy,
        *_memory(pi.memory),
        *_port(pi.https_port, 443),
        *_port(pi.http_port, 80),
    ]


@dataclass(frozen=True)
class State:
    """What the engine knows of a virtual Pi's container: its status, the id of its image."""

    status: str
    image: str

    @property
    def running(self) -> bool:
        """True while its first process lives."""
        return self.status == "running"


def state(pi: VirtualPi) -> State | None:
    """Ask the engine for a virtual Pi; None when there is none.

    Raises:
        ToolError: a container of that name is no virtual Pi.
    """
    label = f'{{{{index .Config.Labels "{LABEL}"}}}}'
    template = f"{{{{.State.Status}}}} {{{{.Config.Image}}}} {label}|"
    shown = attempt(["docker", "container", "inspect", "--format", template, pi.name])
    if shown is None:
        return None
    if "<no value>" in shown:
        raise ToolError(f"The container {pi.name} is no virtual Pi.", todo="Choose another --name.")
    status, image = shown.split()[:2]
    return State(status, image)


def address(name: str) -> str:
    """Give a container's address on the engine's network."""
    return run(["docker", "inspect", "--format", ADDRESS, name]).strip()


def create(pi: VirtualPi, image: str) -> None:
    """Make and start the container.

    Raises:
        ToolError: the engine refused, for example because a port is taken.
    """
    options = run_options(pi, capabilities.given(), unified=unified_cgroups())
    argv = ["docker", "run", "--detach", *options, image]
    try:
        run(argv)
    except CommandError as error:
        attempt(["docker", "rm", "--force", "--volumes", pi.name])
        error.todo = _todo(error.tail)
        raise


def _todo(said: str) -> str:
    if "port is already allocated" in said or "address already in use" in said:
        return "A port is taken: choose others with --https-port and --http-port."
    return "The lines above are the engine's."


def start(pi: VirtualPi) -> None:
    """Start a virtual Pi that was switched off."""
    run(["docker", "start", pi.name])


def restart(pi: VirtualPi) -> None:
    """Reboot a virtual Pi."""
    run(["docker", "restart", pi.name], timeout=BOOT_SECONDS)


def execute(pi: VirtualPi, *argv: str) -> list[str]:
    """Give the command line that runs a program on a virtual Pi."""
    return ["docker", "exec", pi.name, *argv]


def _booted(pi: VirtualPi) -> bool:
    said = attempt(execute(pi, "systemctl", "is-system-running", "--wait"), timeout=BOOT_SECONDS)
    return said is not None and said.strip() == "running"


def _not_booted(pi: VirtualPi) -> ToolError:
    failed = attempt(execute(pi, "systemctl", "--failed", "--no-legend")) or ""
    logs = attempt(["docker", "logs", "--tail", "15", pi.name]) or ""
    return ToolError(
        f"{pi.name} did not come up within {BOOT_SECONDS} s.",
        todo="`python -m virtual_pi destroy`, then try again.",
        tail=tail(logs + failed),
    )


def wait_booted(pi: VirtualPi) -> None:
    """Wait until systemd says that all is up.

    Raises:
        ToolError: it did not within a minute, or a unit failed.
    """
    wait_until(lambda: _booted(pi), seconds=BOOT_SECONDS, failure=lambda: _not_booted(pi))


def destroy(pi: VirtualPi) -> bool:
    """Remove a virtual Pi and its volumes; False when there was none."""
    if state(pi) is None:
        return False
    run(["docker", "rm", "--force", "--volumes", pi.name])
    return True


def remove_images(names: Sequence[str] = IMAGES) -> None:
    """Remove the images that virtual Pis are made of."""
    for name in names:
        tags = run(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name]).split()
        if tags:
            run(["docker", "image", "rm", *tags])
