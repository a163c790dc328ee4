"""Runs on the virtual Pi, read from stdin by its Python: prints what is asked for as JSON.

`memory` gives PSS in kB by part, and what the control group of the whole Pi says; `lives` gives
PSS and open files of each part in this life of it, and bytes that all programs wrote to the disk;
`watch FILE` lets the kernel note in a file each program that ends from now on, in containers too;
`programs FILE` gives how often each of them did.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CONTAINERS = ("inkstand-traefik", "inkstand-pigpiod", "inkstand-app")
# struct acct_v3 of linux/acct.h ends in the program's name.
RECORD, NAME = 64, 48
GROUPS = Path("/sys/fs/cgroup")


def output(*argv: str) -> str:
    """Run a program and give what it wrote."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def family(pid: str) -> list[str]:
    """Give a process and all that came of it."""
    listed = [path.read_text().split() for path in Path("/proc", pid, "task").glob("*/children")]
    return [pid, *(found for pids in listed for child in pids for found in family(child))]


def pss(pid: str) -> int:
    """Give the proportional set size of a process in kB."""
    lines = Path("/proc", pid, "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def first(*names: str) -> str:
    """Read the first of some files of the control group that exists: those of v2, then of v1."""
    files = (GROUPS / name for name in names)
    return next((path.read_text() for path in files if path.exists()), "")


def parts() -> dict[str, str]:
    """Give the first process of each of the four parts."""
    main = {name: output("docker", "inspect", "-f", "{{.State.Pid}}", name) for name in CONTAINERS}
    main["driver"] = output("systemctl", "show", "--value", "-p", "MainPID", "epd-fuse")
    return main


def life(pid: str, proc: Path = Path("/proc")) -> str:
    """Give what tells a process from any other since the machine was started."""
    return f"{pid}@{(proc / pid / 'stat').read_text().rpartition(')')[2].split()[19]}"


def written(proc: Path = Path("/proc")) -> dict[str, int]:
    """Give by program what was written to the disk by those that run and those they waited for.

    In bytes, as the kernel counts pages that have to be written. See proc_pid_io(5).
    """
    found: Counter[str] = Counter()
    for process in proc.glob("[0-9]*"):
        try:
            counts = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
            name = (process / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            # It ended meanwhile.
            continue
        if int(process.name) != os.getpid():
            found[name] += int(counts["write_bytes"])
    return dict(found)


def lives() -> dict[str, object]:
    """Give life, PSS in kB and open files of the four parts, and bytes written by program."""
    main = parts()
    return {
        "life": {name: life(pid) for name, pid in main.items()},
        "pss": {name: sum(map(pss, family(pid))) for name, pid in main.items()},
        "files": {name: sum(map(open_files, family(pid))) for name, pid in main.items()},
        "written": written(),
    }


def open_files(pid: str) -> int:
    """Give how many files and sockets a process has open."""
    return len(list(Path("/proc", pid, "fd").iterdir()))


def memory() -> dict[str, object]:
    """Give what the four parts take, and the whole Pi's highest mark."""
    main = parts()
    killed = first("memory.events", "memory/memory.oom_control").split()
    return {
        "pss": {name: sum(map(pss, family(pid))) for name, pid in main.items()},
        "peak": int(first("memory.peak", "memory/memory.max_usage_in_bytes") or 0) // 1024,
        "killed": int(killed[killed.index("oom_kill") + 1]) if "oom_kill" in killed else 0,
    }


def watch(path: str) -> dict[str, object]:
    """Let the kernel write down each program that ends."""
    Path(path).touch()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.acct(path.encode()):
        raise OSError(ctypes.get_errno(), "the kernel notes no programs")
    return {}


def programs(path: str) -> dict[str, object]:
    """Give how often each program ended."""
    content = Path(path).read_bytes()
    names = (
        struct.unpack_from("16s", content, begin + NAME)[0].rstrip(b"\0").decode(errors="replace")
        for begin in range(0, len(content), RECORD)
    )
    return dict(Counter(names))


if __name__ == "__main__":
    commands: dict[str, Callable[..., object]]
    commands = {"memory": memory, "lives": lives, "watch": watch, "programs": programs}
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))
