"""The disk of the messages stalls and returns errors: all that was taken is there in the end.

QEMU can put a brake on all of the machine's disk. Else the kernel's device mapper lies between the
file system of the messages and a loop device: what is suspended stalls, and the target `error`
fails whatever is asked. How long it may take is not asked here, on an emulated machine beside
others; the figures are printed.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from virtual_pi.machine import monitor
from virtual_pi.machine.settings import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from virtual_pi.machine.settings import Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

SECTORS = 512 * 1024
DISK, MAPPED = "/var/tmp/inkstand-disk", "/dev/mapper/inkstand-disk"
STATE, ASIDE = "/var/lib/inkstand", "/var/tmp/inkstand-state"
FAULT_SECONDS = 5
# Without a journal, which ext4 gives up for good at its first error.
MAKE = f"""
    sudo modprobe loop && sudo modprobe dm_mod
    sudo truncate --size={SECTORS * 512} {DISK}
    loop=$(sudo losetup --find --show {DISK})
    echo "0 {SECTORS} linear $loop 0" | sudo dmsetup create inkstand-disk
    sudo mkfs.ext4 -q -O ^has_journal {MAPPED}
    sudo mkdir {ASIDE} && sudo mount {MAPPED} {ASIDE} && sudo rmdir {ASIDE}/lost+found
    sudo cp -a {STATE}/. {ASIDE} && sudo umount {ASIDE} && sudo mount {MAPPED} {STATE}
"""
REMOVE = f"""
    sudo rm -rf {ASIDE} && sudo cp -a {STATE} {ASIDE} && sudo umount {STATE}
    sudo find {STATE} -mindepth 1 -delete && sudo cp -a {ASIDE}/. {STATE} && sudo rm -r {ASIDE}
    sudo dmsetup remove inkstand-disk
    sudo losetup --detach $(sudo losetup --associated {DISK} | cut -d: -f1) && sudo rm {DISK}
"""
STALL = f"""
    sudo dmsetup suspend --noflush --nolockfs inkstand-disk
    sleep {FAULT_SECONDS}
    sudo dmsetup resume inkstand-disk
"""
SWAP = """
    sudo dmsetup suspend --noflush --nolockfs inkstand-disk
    echo "{table}" | sudo dmsetup load inkstand-disk
    sudo dmsetup resume inkstand-disk
"""


@dataclass
class Sender:
    """Sends messages, one after the other, each until it is taken, until told to stop."""

    owner: Any
    word: str
    taken: dict[int, str] = field(default_factory=dict)
    refused: list[tuple[int, str]] = field(default_factory=list)
    last_taken: float = 0.0
    longest: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Sender:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop when what was begun is taken."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        for number in itertools.count(1):
            if self._over.is_set():
                return
            began = time.monotonic()
            while not self._is_taken(f"{self.word}, number {number}"):
                pass
            self.last_taken = time.monotonic()
            self.longest = max(self.longest, self.last_taken - began)

    def _is_taken(self, text: str) -> bool:
        key = {"Idempotency-Key": text}
        try:
            status, body = self.owner.ask(
                "POST", "/api/v1/messages", json={"text": text}, headers=key
            )
        except (urllib3.exceptions.HTTPError, json.JSONDecodeError):
            return False
        if status == 201:
            self.taken[body["id"]] = text
            return True
        self.refused.append((status, body["detail"]))
        return False


@pytest.fixture(scope="module")
def mapped(pi: Callable[[str], str], owner: Any) -> Iterator[None]:
    """Messages and accounts lie on a disk that can be told to stall and to fail."""
    had = pi("command -v /usr/sbin/dmsetup || true")
    if not had:
        pi("sudo apt-get install --yes --quiet dmsetup")
    pi("sudo systemctl stop inkstand-watcher && sudo docker stop inkstand-app")
    pi(f"set -e; {MAKE}")
    pi("sudo docker start inkstand-app && sudo systemctl start inkstand-watcher")
    owner.wait_served()
    yield
    pi("sudo systemctl stop inkstand-watcher && sudo docker stop inkstand-app")
    pi(f"set -e; {REMOVE}")
    pi("sudo docker start inkstand-app && sudo systemctl start inkstand-watcher")
    if not had:
        pi("sudo apt-get purge --auto-remove --yes --quiet dmsetup")
    owner.wait_served()


@pytest.fixture
def sender(machine: Machine, ca: Path, owner: Any) -> Any:
    """Give a function that makes a sender with connections of its own."""

    def make(word: str) -> Sender:
        another = type(owner)(ADDRESS, str(ca), port=machine.https_port, seconds=60)
        another.token = owner.token
        return Sender(another, f"{word} {time.time_ns()}")

    return make


@pytest.fixture
def check(
    owner: Any, pi: Callable[[str], str], messages_are_whole: Callable[[], bool]
) -> Callable[[Sender], None]:
    """Give a function that looks at what is kept of what a sender sent."""

    def look(sender: Sender) -> None:
        """All that was taken is kept once and in order, also after a restart, and no more."""
        pi("sudo docker restart inkstand-app")
        owner.renew()
        owner.wait_served()
        kept = owner.history()
        found = [number for number in sorted(kept) if kept[number]["text"].startswith(sender.word)]
        assert {number: kept[number]["text"] for number in found} == sender.taken
        assert list(sender.taken) == sorted(sender.taken)
        assert messages_are_whole()
        assert pi("systemctl --failed --no-legend --plain") == ""
        owner.taken |= sender.taken

    return look


@pytest.fixture
def brake(machine: Machine) -> Iterator[Callable[[int], None]]:
    """Give a function that lets the whole disk take so many bytes a second; 0: all it can."""

    def let(rate: int) -> None:
        limits = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        name = "block_set_io_throttle"
        monitor.command(machine.state, name, device="root", bps=rate, **limits)

    yield let
    let(0)


@pytest.mark.usefixtures("clock")
def test_who_sends_while_all_of_the_disk_stalls_is_served_when_it_goes_on(
    sender: Callable[[str], Sender],
    check: Callable[[Sender], None],
    brake: Callable[[int], None],
    wait_for: Callable[..., Any],
) -> None:
    with sender("Braked") as sending:
        wait_for("the first message", lambda: sending.taken)
        brake(1)
        wait_for("a stall", lambda: time.monotonic() - sending.last_taken > FAULT_SECONDS)
        brake(0)
        over = time.monotonic()
        wait_for("a message after it", lambda: sending.last_taken > over)
        print(f"served {sending.last_taken - over:.1f} s after it, at most {sending.longest:.1f} s")
    check(sending)


@pytest.mark.usefixtures("mapped", "clock")
def test_who_sends_while_the_disk_stalls_is_served_when_it_goes_on(
    sender: Callable[[str], Sender],
    check: Callable[[Sender], None],
    pi: Callable[[str], str],
    wait_for: Callable[..., Any],
) -> None:
    with sender("Stalled") as sending:
        wait_for("the first message", lambda: sending.taken)
        pi(f"set -e; {STALL}")
        over = time.monotonic()
        wait_for("a message after it", lambda: sending.last_taken > over)
        print(f"served {sending.last_taken - over:.1f} s after it, at most {sending.longest:.1f} s")
    assert sending.longest >= FAULT_SECONDS - 1
    check(sending)


@pytest.mark.usefixtures("mapped", "clock")
def test_who_sends_while_the_disk_fails_is_told_and_served_when_it_is_well(
    owner: Any,
    sender: Callable[[str], Sender],
    check: Callable[[Sender], None],
    pi: Callable[[str], str],
    wait_for: Callable[..., Any],
) -> None:
    well = pi("sudo dmsetup table inkstand-disk").strip()
    with sender("Failing") as sending:
        wait_for("the first message", lambda: sending.taken)
        pi(f"set -e; {SWAP.format(table=f'0 {SECTORS} error')}")
        wait_for("a message that is refused", lambda: sending.refused)
        pi(f"sleep {FAULT_SECONDS}")
        assert not owner.is_served()
        pi(f"set -e; {SWAP.format(table=well)}")
        over = time.monotonic()
        wait_for("a message after it", lambda: sending.last_taken > over)
        print(f"served {sending.last_taken - over:.1f} s after it, {len(sending.refused)} refused")
        wait_for("all of it", owner.is_served)
        print(f"well {time.monotonic() - over:.1f} s after it")
    assert {status for status, _ in sending.refused} <= {502, 503, 507}
    assert any("disk I/O error" in sentence for _, sentence in sending.refused)
    check(sending)
