"""Disk, card and memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inkstand_host.doctor.finding import FAIL, NEW_CARD, OK, WARN, Finding, finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inkstand_host.doctor.machine import Machine

MB = 1_000_000


CARD_ERROR = re.compile(
    r"(I/O error, dev |Buffer I/O error on dev )mmcblk|mmc\d: .*(error|timeout)|EXT4-fs error",
    re.IGNORECASE,
)


def disks(machine: Machine, directories: list[str]) -> Iterator[Finding]:
    """Look for room, and for a disk that cannot be written to."""
    seen: set[int] = set()
    for path in ["/", "/var/lib/docker", *directories]:
        try:
            number, free, total, inodes = machine.disk(path)
        except OSError:
            continue
        if number not in seen:
            seen.add(number)
            yield room(path, free, total, inodes)
    yield from _read_only(machine)


def room(path: str, free: int, total: int, inodes: float) -> Finding:
    """Judge how much room there is."""
    fix = "docker image prune --all; journalctl --vacuum-size=50M;  du -xhd2 /  says what is large"
    seen = f"{free / MB:.0f} MB of {total / MB:.0f} MB are free"
    if inodes < 0.02:  # noqa: PLR2004  (one file in fifty)
        return finding(FAIL, f"disk {path}", f"{inodes:.1%} of the inodes are free", fix)
    if free < 100 * MB or free < total * 0.02:
        return finding(FAIL, f"disk {path}", seen, fix)
    if free < 500 * MB or free < total * 0.1:
        return finding(WARN, f"disk {path}", seen, fix)
    return finding(OK, f"disk {path}", seen)


def _read_only(machine: Machine) -> Iterator[Finding]:
    mounts = [line.split() for line in machine.read("proc/self/mounts").splitlines()]
    options = [mount[3].split(",") for mount in mounts if mount[1] == "/"]
    if options and "ro" in options[-1]:
        yield finding(FAIL, "disk /", "is read-only, as after an error of the card", NEW_CARD)


def wear(machine: Machine) -> Iterator[Finding]:
    """Look how worn the card is, as far as it tells, and whether the kernel met errors."""
    for device in machine.found("sys/block/mmcblk[0-9]"):
        yield _card(machine, device)
    _, said = machine.run("dmesg", "--notime")
    errors = [line for line in said.splitlines() if CARD_ERROR.search(line)]
    if errors:
        seen = f"the kernel met {len(errors)} errors, the last: {errors[-1][:100]}"
        yield finding(FAIL, "card: errors", seen, NEW_CARD)


def _card(machine: Machine, device: Path) -> Finding:
    folder = device.relative_to(machine.root) / "device"
    kind = f"{machine.read(f'{folder}/type')} {machine.read(f'{folder}/name')}".strip()
    written = _written(machine, device.name)
    used = [int(number, 16) for number in machine.read(f"{folder}/life_time").split()]
    end = int(machine.read(f"{folder}/pre_eol_info") or "0", 16)
    if not any(used):
        return finding(OK, "card", f"{kind or device.name}{written}; it does not tell its wear")
    # In tenths of its life; eleven is beyond it.
    seen = f"{kind}{written}; {min(max(used), 10) * 10} % of its life are used"
    if max(used) > 10 or end > 2:  # noqa: PLR2004
        return finding(FAIL, "card", seen, NEW_CARD)
    if max(used) > 8 or end == 2:  # noqa: PLR2004
        return finding(WARN, "card", seen, NEW_CARD)
    return finding(OK, "card", seen)


def _written(machine: Machine, device: str) -> str:
    files = machine.found(f"sys/fs/ext4/{device}p*/lifetime_write_kbytes")
    kilobytes = sum(int(machine.read(f"{f.relative_to(machine.root)}") or 0) for f in files)
    return f", {kilobytes / 1e6:.1f} GB written" if kilobytes else ""


def memory(machine: Machine) -> Iterator[Finding]:
    """Look for memory, and whether programs were killed for want of it."""
    told = dict(re.findall(r"^(\w+):\s+(\d+) kB$", machine.read("proc/meminfo"), re.MULTILINE))
    total, available = int(told.get("MemTotal", 0)), int(told.get("MemAvailable", 0))
    seen = f"{available / 1000:.0f} MB of {total / 1000:.0f} MB are available"
    fix = "docker stats --no-stream  says who has it"
    share = available / total if total else 1.0
    level = FAIL if share < 0.05 else WARN if share < 0.1 else OK  # noqa: PLR2004
    yield finding(level, "memory", seen, "" if level == OK else fix)
    killed = re.search(r"^oom_kill (\d+)$", machine.read("proc/vmstat"), re.MULTILINE)
    if killed and int(killed[1]):
        seen = f"the kernel ended {killed[1]} programs for want of it since the start"
        yield finding(WARN, "memory", seen, "dmesg | grep -i oom")
