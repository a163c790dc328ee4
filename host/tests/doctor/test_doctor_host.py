"""Which fault is called what, and that each comes with its fix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkstand_host.doctor import containers, hardware, storage, system
from inkstand_host.doctor.commands import examine

pytestmark = pytest.mark.unit

PANEL = {
    "bus": "spi",
    "size": "2.7",
    "film": 231,
    "spi_device": "/dev/spidev0.0",
    "directory": "/run/epd/panel",
    "flavour": "epdfuse",
}
IMAGE = "inkstand/app:0123456789ab"


def levels(findings: Any) -> dict[str, str]:
    return {one["what"]: one["level"] for one in findings}


def told(**changed: Any) -> str:
    state = {"Status": "running", "Running": True, "Health": {"Status": "healthy"}, "ExitCode": 0}
    networks = {"inkstand-edge": {"IPAddress": "172.18.0.2"}}
    found = {"State": state, "Config": {"Image": IMAGE}, "NetworkSettings": {"Networks": networks}}
    return json.dumps([{**found, **changed}])


@pytest.mark.parametrize(
    ("release", "level"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"', "ok"),
        ('PRETTY_NAME="Raspbian 13"\nID=raspbian\nID_LIKE=debian\nVERSION_ID="13"', "ok"),
        ('PRETTY_NAME="Debian 12"\nID=debian\nVERSION_ID="12"', "FAIL"),
        ('PRETTY_NAME="Other 20"\nID=other\nVERSION_ID="20"', "FAIL"),
        ("", "FAIL"),
    ],
)
def test_the_release_has_to_be_new_enough(machine: Any, release: str, level: str) -> None:
    machine.write("etc/os-release", release)
    assert system.debian(machine)["level"] == level


@pytest.mark.parametrize(
    ("name", "pins", "level"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0\0", True, "ok"),
        ("", False, "ok"),
        ("", True, "warn"),
        ("Banana", False, "ok"),
        ("Banana", True, "warn"),
    ],
)
def test_pins_need_a_raspberry_pi(machine: Any, name: str, pins: bool, level: str) -> None:
    machine.write("proc/device-tree/model", name)
    found = system.model(machine, needs_pins=pins)
    assert found["level"] == level
    assert found["seen"].startswith(name.rstrip("\0") or "no Raspberry Pi")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("throttled=0x0", ["ok"]),
        ("throttled=0x50000", ["warn"]),
        ("throttled=0x50005", ["FAIL"]),
        ("nonsense", []),
    ],
)
def test_a_weak_supply_is_named(machine: Any, said: str, expected: list[str]) -> None:
    for status, seen in ((0, expected), (1, [])):
        machine.says = {"vcgencmd get_throttled": (status, said)}
        assert [one["level"] for one in system.power(machine)] == seen


def test_no_raspberry_pi_is_asked_for_its_supply(machine: Any) -> None:
    assert list(system.power(machine)) == []


def test_a_stopped_unit_and_one_that_failed_are_named(machine: Any) -> None:
    failed = " loaded failed failed"
    machine.says = {
        "systemctl is-active epd-fuse": (3, "inactive"),
        "systemctl is-active docker": (0, "active"),
        "systemctl --failed --no-legend --plain": (
            0,
            f"epd-fuse.service{failed} Panel\ninkstand-time.service{failed} Tell it\nnothing else",
        ),
    }
    stopped, running, other = system.units(machine, ("epd-fuse", "docker"))
    assert (stopped["level"], stopped["seen"]) == ("FAIL", "is inactive")
    assert "systemctl enable --now epd-fuse" in stopped["fix"]
    assert running["level"] == "ok"
    assert (other["level"], other["seen"]) == ("warn", "failed: inkstand-time.service")


def test_what_the_driver_misses_comes_with_its_fix(machine: Any) -> None:
    said = [
        {"subject": "SPI", "seen": "there is none", "well": False, "fix": "put `dtparam=spi=on`"},
        {"subject": "FUSE", "seen": "/dev/fuse", "well": True, "fix": ""},
        {"subject": "GPIO chip", "seen": "1 found", "well": None, "fix": ""},
    ]
    told = f"{json.dumps(said)}\nepdfuse: one thing is missing\n"
    machine.says = {"epdfuse doctor --json --bus spi --panel 2.7 --film 231": (1, told)}
    spi, fuse, note = hardware.driver(machine, PANEL)
    assert (spi["level"], spi["what"]) == ("FAIL", "panel: SPI")
    assert spi["fix"].startswith("put `dtparam=spi=on`")
    assert (fuse["level"], note["level"]) == ("ok", "ok")


def test_a_driver_of_before_is_named(machine: Any) -> None:
    said = "usage: epdfuse doctor\nepdfuse: error: unrecognized arguments: --json"
    machine.says = {"epdfuse doctor": (2, said)}
    (found,) = hardware.driver(machine, PANEL)
    assert (found["level"], found["what"]) == ("FAIL", "driver")


def test_a_driver_that_is_not_installed_is_named(machine: Any) -> None:
    (found,) = hardware.driver(machine, PANEL)
    assert (found["level"], found["seen"]) == ("FAIL", "there is no epdfuse")
    assert "--tags epd_driver" in found["fix"]


def test_the_driver_of_2017_is_asked_by_its_files(machine: Any) -> None:
    gratis = {**PANEL, "flavour": "gratis"}
    assert levels(hardware.driver(machine, gratis)) == {"panel": "FAIL"}
    machine.says = {"cat /run/epd/panel/panel": (0, "EPD 2.7 264x176 COG 2")}
    assert levels(hardware.driver(machine, gratis)) == {"panel": "ok"}


def test_a_button_on_pins_needs_a_chip(machine: Any) -> None:
    assert hardware.gpio(machine, "simulated")["level"] == "ok"
    assert hardware.gpio(machine, "gpiochip")["level"] == "FAIL"
    machine.write("dev/gpiochip0", "")
    assert hardware.gpio(machine, "gpiochip")["level"] == "ok"


def test_without_an_engine_no_container_is_looked_for(machine: Any) -> None:
    machine.says = {"docker version": (1, "Cannot connect to the Docker daemon")}
    assert levels(containers.containers(machine, {"inkstand-app": IMAGE})) == {"Docker": "FAIL"}


def test_a_container_that_is_well_is_told_so(machine: Any) -> None:
    machine.says = {
        "docker version": (0, "26.1.5"),
        "docker container inspect inkstand-app": (0, told()),
    }
    machine.answer = {"status": "ok", "panel": "ok"}
    assert levels(containers.containers(machine, {"inkstand-app": IMAGE})) == dict.fromkeys(
        ("Docker", "inkstand-app", "inkstand-app: image", "app: health"), "ok"
    )


@pytest.mark.parametrize(
    ("inspected", "what", "level"),
    [
        ((1, "No such container"), "inkstand-app", "FAIL"),
        (
            (0, told(State={"Status": "exited", "ExitCode": 137, "OOMKilled": True})),
            "inkstand-app",
            "FAIL",
        ),
        (
            (0, told(State={"Status": "running", "Health": {"Status": "unhealthy"}})),
            "inkstand-app",
            "FAIL",
        ),
        ((0, told(Config={"Image": "inkstand/app:of-old"})), "inkstand-app: image", "warn"),
        ((0, told()), "app: health", "FAIL"),
    ],
)
def test_what_is_wrong_with_a_container_is_named(
    machine: Any, inspected: tuple[int, str], what: str, level: str
) -> None:
    machine.says = {"docker container inspect inkstand-app": inspected}
    found = {one["what"]: one for one in containers.container(machine, "inkstand-app", IMAGE)}
    assert found[what]["level"] == level
    assert found[what]["fix"]


def test_an_app_that_runs_is_asked_and_no_other(machine: Any) -> None:
    machine.says = {
        "docker container inspect inkstand-app": (0, told(State={"Status": "exited"})),
        "docker container inspect inkstand-traefik": (0, told()),
    }
    for name in ("inkstand-app", "inkstand-traefik"):
        assert "app: health" not in levels(containers.container(machine, name, IMAGE))


def test_an_app_on_no_network_does_not_answer(machine: Any) -> None:
    machine.says = {
        "docker container inspect": (0, told(NetworkSettings={"Networks": {"edge": {}}}))
    }
    machine.answer = {"status": "ok"}
    assert levels(containers.container(machine, "inkstand-app", ""))["app: health"] == "FAIL"


def test_settings_that_name_no_image_are_named(machine: Any) -> None:
    machine.says = {"docker container inspect": (0, told())}
    (found,) = (
        one
        for one in containers.container(machine, "inkstand-app", "")
        if one["what"] == "inkstand-app: image"
    )
    assert (found["level"], found["fix"]) == ("warn", "repair the settings")


def test_an_app_that_is_not_well_says_why(machine: Any) -> None:
    machine.says = {"docker container inspect inkstand-app": (0, told())}
    machine.answer = {"status": "degraded", "panel": "there is no panel", "button": "ok"}
    *_, health = containers.container(machine, "inkstand-app", IMAGE)
    assert health["level"] == "FAIL"
    assert "there is no panel" in health["seen"]


@pytest.mark.parametrize(
    ("off", "synchronised", "source", "expected"),
    [
        (None, "yes", "host", {"time server": "ok"}),
        (0, "yes", "host", {"time": "ok", "time server": "ok"}),
        (0, "no", "host", {"time": "ok", "time server": "FAIL"}),
        (0, "no", "none", {"time": "ok", "time server": "ok"}),
        (-90_000, "yes", "host", {"time": "FAIL", "time server": "ok"}),
    ],
)
def test_a_clock_that_is_wrong_is_named(
    machine: Any, off: int | None, synchronised: str, source: str, expected: dict[str, str]
) -> None:
    told = None if off is None else 1000.0
    machine.time = 1000.0 + (off or 0)
    question = "timedatectl show --property=NTPSynchronized --value"
    machine.says = {question: (0, synchronised)}
    assert levels(system.clock(machine, source, told)) == expected
    # Where it failed, what it said does not count.
    machine.says = {question: (1, synchronised)}
    level = "FAIL" if source == "host" else "ok"
    assert levels(system.clock(machine, source, told)) == {**expected, "time server": level}


@pytest.mark.parametrize(
    ("free", "total", "inodes", "level"),
    [
        (20e9, 30e9, 0.9, "ok"),
        (2e9, 30e9, 0.9, "warn"),
        (400e6, 1e9, 0.9, "warn"),
        (90e6, 1e9, 0.9, "FAIL"),
        (500e6, 30e9, 0.9, "FAIL"),
        (20e9, 30e9, 0.01, "FAIL"),
        (20e9, 30e9, 0.02, "ok"),
        (100e6, 1e9, 0.9, "warn"),
        (600e6, 30e9, 0.9, "warn"),
        (500e6, 1e9, 0.9, "ok"),
        (3e9, 30e9, 0.9, "ok"),
    ],
)
def test_a_disk_that_fills_is_named(free: float, total: float, inodes: float, level: str) -> None:
    found = storage.room("/", int(free), int(total), inodes)
    assert (found["level"], found["what"]) == (level, "disk /")
    room = f"{free / 1e6:.0f} MB of {total / 1e6:.0f} MB are free"
    assert found["seen"] == ("1.0% of the inodes are free" if inodes == 0.01 else room)


def test_each_file_system_is_told_once(machine: Any) -> None:
    assert len(list(storage.disks(machine, ["/var/lib/inkstand"]))) == 1


def test_a_directory_that_is_not_there_hides_no_other(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk(path: str) -> Any:
        if path == "/var/lib/docker":
            raise FileNotFoundError
        return (len(path), 20_000_000_000, 30_000_000_000, 0.9)

    monkeypatch.setattr(machine, "disk", disk)
    found = storage.disks(machine, ["/var/lib/inkstand"])
    assert [one["what"] for one in found] == ["disk /", "disk /var/lib/inkstand"]


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        (["/ ext4 ro,noatime"], ["ok", "FAIL"]),
        (["/ rootfs rw", "/ ext4 ro", "/boot vfat rw"], ["ok", "FAIL"]),
        (["/ rootfs ro", "/ ext4 rw", "/boot vfat ro"], ["ok"]),
    ],
)
def test_a_root_that_became_read_only_is_named(
    machine: Any, mounts: list[str], expected: list[str]
) -> None:
    machine.write("proc/self/mounts", "".join(f"device {it} 0 0\n" for it in mounts))
    assert [one["level"] for one in storage.disks(machine, [])] == expected


@pytest.mark.parametrize(
    ("life", "end", "level"),
    [
        ("0x01 0x02", "0x01", "ok"),
        ("0x08 0x02", "0x01", "ok"),
        ("0x09 0x02", "0x01", "warn"),
        ("0x0a 0x02", "0x01", "warn"),
        ("0x0b 0x01", "0x01", "FAIL"),
        ("0x01 0x01", "0x02", "warn"),
        ("0x01 0x01", "0x03", "FAIL"),
        ("", "", "ok"),
    ],
)
def test_a_worn_card_is_named(machine: Any, life: str, end: str, level: str) -> None:
    for name, text in {
        "type": "MMC",
        "name": "DG4016",
        "life_time": life,
        "pre_eol_info": end,
    }.items():
        machine.write(f"sys/block/mmcblk0/device/{name}", text)
    machine.write("sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes", "4200000\n")
    (found,) = storage.wear(machine)
    assert (found["level"], found["what"]) == (level, "card")
    assert "MMC DG4016, 4.2 GB written" in found["seen"]
    used = min(10 * max((int(it, 16) for it in life.split()), default=0), 100)
    assert (f"; {used} % of its life are used" in found["seen"]) == bool(life)


def test_errors_of_the_card_are_named(machine: Any) -> None:
    said = "mmc0: cqhci: timeout for tag 2\nfine\nI/O error, dev mmcblk0, sector 8 op 0x0:(READ)\n"
    machine.says = {"dmesg": (0, said)}
    (found,) = storage.wear(machine)
    assert found["level"] == "FAIL"
    assert "2 errors" in found["seen"]


@pytest.mark.parametrize(
    ("available", "level"), [(300, "ok"), (50, "ok"), (40, "warn"), (25, "warn"), (20, "FAIL")]
)
def test_memory_that_runs_out_is_named(machine: Any, available: int, level: str) -> None:
    machine.write("proc/meminfo", f"MemTotal: 500000 kB\nMemAvailable: {available}000 kB\n")
    machine.write("proc/vmstat", "oom_kill 0\n")
    (found,) = storage.memory(machine)
    assert (found["what"], found["level"], not found["fix"]) == ("memory", level, level == "ok")
    assert found["seen"] == f"{available} MB of 500 MB are available"


def test_killed_programs_are_named(machine: Any) -> None:
    machine.write("proc/meminfo", "MemTotal: 500 kB\nMemAvailable: 300 kB\n")
    machine.write("proc/vmstat", "oom_kill 3\n")
    seen = [one["seen"] for one in storage.memory(machine) if one["level"] == "warn"]
    assert seen == ["the kernel ended 3 programs for want of it since the start"]


def test_whatever_is_missing_is_found_and_nothing_stops_the_doctor(machine: Any) -> None:
    question = {
        "panel": PANEL,
        "line": "gpiochip",
        "images": {"inkstand-app": IMAGE},
        "time_source": "host",
        "now": 1000.0,
        "directories": ["/var/lib/inkstand"],
    }
    found = list(examine(machine, question))
    assert {"system", "model", "epd-fuse", "driver", "GPIO", "Docker", "time server"} <= {
        one["what"] for one in found if one["level"] != "ok"
    }
    assert all(one["fix"] for one in found if one["level"] != "ok")
