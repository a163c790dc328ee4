"""Make sure that a Docker engine answers; one that somebody else started is used as it is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tools.common import apt
from tools.common.commands import attempt, run, tail
from tools.common.errors import ToolError
from tools.common.steps import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

START_SECONDS = 60
STOP_SECONDS = 60
# Removed only when the process they name is not the program that writes them.
PID_FILES = {
    "/var/run/docker.pid": "dockerd",
    "/run/docker.pid": "dockerd",
    "/run/docker/containerd/containerd.pid": "containerd",
    "/run/docker/containerd/docker-containerd.pid": "containerd",
}
# The client and buildx left docker.io in Debian 13; Debian 12 has no packages of these names.
OPTIONAL_PACKAGES = ("docker-cli", "docker-buildx")


def answers() -> bool:
    """Tell whether an engine answers on the socket that the client uses."""
    return attempt(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20) is not None


def version() -> str:
    """Give the version of the engine that answers."""
    return run(["docker", "version", "--format", "{{.Server.Version}}"]).strip()


def missing_packages(
    *, engine: bool, has: Callable[[str], bool], known: Callable[[str], bool]
) -> list[str]:
    """Name the Debian packages to install.

    `engine` is True when an engine already answers (of whatever make: it is used as it is); `has`
    tells whether a program is there, `known` whether the release has a package.
    """
    need: list[str] = []
    if not has("mmdebstrap"):
        # The keyring comes along so that a Debian 12 that was never updated knows Debian 13's keys.
        need += ["mmdebstrap", "debian-archive-keyring"]
    if not has("curl"):
        # For the commands that are printed at the end.
        need += ["curl"]
    if not engine and not (has("dockerd") and has("docker") and has("iptables")):
        need += ["docker.io", "iptables", *filter(known, OPTIONAL_PACKAGES)]
    return need


def has_program(program: str) -> bool:
    """Tell whether a program is there, also one for root."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def install(say: Callable[[str], None]) -> None:
    """Install what is missing, with apt.

    Raises:
        ToolError: apt could not, or this machine has no apt.
    """
    if not missing_packages(engine=answers(), has=has_program, known=lambda _: False):
        return
    apt.update()
    need = missing_packages(engine=answers(), has=has_program, known=apt.is_offered)
    apt.install(need)
    say(f"installed {' '.join(need)}")


def _program_of(pid: str) -> str:
    """Name the program of a living process; one that ended and was not reaped has no arguments."""
    try:
        process = Path("/proc", pid)
        return (process / "comm").read_text().strip() if (process / "cmdline").read_bytes() else ""
    except OSError:
        return ""


def stale(pid_file: Path, program: str, program_of: Callable[[str], str] = _program_of) -> bool:
    """Tell whether a pid file names no living process of that program."""
    try:
        pid = pid_file.read_text().strip()
    except OSError:
        return False
    return not pid.isdigit() or program_of(pid) != program


def remove_stale_pid_files(files: Iterable[tuple[str, str]] = tuple(PID_FILES.items())) -> None:
    """Remove pid files of an earlier life of the machine; dockerd would refuse to start."""
    for path, program in files:
        if stale(Path(path), program):
            Path(path).unlink(missing_ok=True)


def _engine_lives() -> bool:
    files = [Path(p) for p, program in PID_FILES.items() if program == "dockerd"]
    return any(file.exists() and not stale(file, "dockerd") for file in files)


def _has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def _start_dockerd(folder: Path) -> subprocess.Popen[bytes]:
    """Start dockerd so that it outlives this program and its terminal."""
    remove_stale_pid_files()
    folder.mkdir(parents=True, exist_ok=True)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    with (folder / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(
            [shutil.which("dockerd", path=path) or "dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PATH": path},
        )
    (folder / "dockerd.pid").write_text(f"{process.pid}\n")
    return process


def _did_not_start(folder: Path) -> ToolError:
    log = folder / "dockerd.log"
    said = log.read_text(errors="replace") if log.exists() else ""
    if _has_systemd():
        said = attempt(["journalctl", "--unit", "docker", "--lines", "20", "--output", "cat"]) or ""
    return ToolError(
        "The Docker engine did not start.",
        todo=f"Read {log}." if not _has_systemd() else "Run `journalctl -u docker`.",
        tail=tail(said),
    )


def _begin(folder: Path) -> Callable[[], bool]:
    """Begin to start the engine, and give a function that tells whether this has failed."""
    if _has_systemd():
        run(["systemctl", "start", "docker"], todo="Run `journalctl -u docker`.")
    elif not _engine_lives():
        process = _start_dockerd(folder)
        return lambda: process.poll() is not None
    return lambda: False


def start(folder: Path, say: Callable[[str], None]) -> None:
    """Start the engine when none answers; its log and pid go to `folder` when it is started here.

    Raises:
        ToolError: no engine answered in time.
    """
    if answers():
        say(f"an engine answers already: {version()}")
        return
    has_failed = _begin(folder)
    wait_until(
        lambda: answers() or has_failed(),
        seconds=START_SECONDS,
        failure=lambda: _did_not_start(folder),
    )
    if not answers():
        raise _did_not_start(folder)
    say(f"version {version()}")


def started_here(folder: Path, program_of: Callable[[str], str] = _program_of) -> int | None:
    """Give the process id of the living engine that `start` started with `folder`, if any."""
    pid_file = folder / "dockerd.pid"
    if not pid_file.exists() or stale(pid_file, "dockerd", program_of):
        return None
    return int(pid_file.read_text())


def stop_if_started_here(folder: Path, say: Callable[[str], None]) -> None:
    """Stop the engine that `start` started with `folder`, unless somebody's container runs in it.

    Raises:
        ToolError: it did not end in time.
    """
    pid = started_here(folder)
    if pid is None:
        return
    if run(["docker", "ps", "--quiet"]).strip():
        say("the Docker engine goes on: other containers run in it")
        return
    os.kill(pid, signal.SIGTERM)
    wait_until(
        lambda: started_here(folder) is None,
        seconds=STOP_SECONDS,
        failure=lambda: ToolError(f"dockerd (process {pid}) does not end.", todo="Look at it."),
    )
    shutil.rmtree(folder)
    say("and the Docker engine that was started for it")


def require_fuse() -> None:
    """Make sure that containers can be given /dev/fuse.

    Raises:
        ToolError: this kernel has no FUSE.
    """
    if not Path("/dev/fuse").exists():
        attempt(["modprobe", "fuse"])
    if not Path("/dev/fuse").exists():
        raise ToolError(
            "This machine has no /dev/fuse.", todo="Load the kernel module: `modprobe fuse`."
        )


def require_root() -> None:
    """Say so when this is not root.

    Raises:
        ToolError: the effective user is not root.
    """
    if os.geteuid() != 0:
        raise ToolError("A virtual Pi needs root.", todo="Run the same command as root.")
