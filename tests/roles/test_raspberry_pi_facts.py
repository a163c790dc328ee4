"""The module that knows a Raspberry Pi, over the files that a Pi has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.unit

MODEL = "Raspberry Pi 4 Model B Rev 1.4\0"
CONFIG, COMMAND_LINE = "boot/firmware/config.txt", "boot/firmware/cmdline.txt"
CONTROLLERS = "sys/fs/cgroup/cgroup.controllers"
# As Raspberry Pi OS 13 writes them to a card.
STOCK = {
    "proc/device-tree/model": MODEL,
    CONFIG: "dtparam=audio=on\n#dtparam=spi=on\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n[all]\n",
    COMMAND_LINE: "console=serial0,115200 console=tty1 root=PARTUUID=1-02 rootwait\n",
    "proc/cmdline": "8250.nr_uarts=0 cgroup_disable=memory console=ttyS0,115200 console=tty1\n",
    "proc/mounts": "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n",
    "sys/class/tty/console/active": "tty1\n",
    CONTROLLERS: "cpuset cpu io memory pids\n",
}


@pytest.fixture(scope="session")
def module(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/raspberry_pi_facts.py")


@pytest.fixture
def look(module: ModuleType, tmp_path: Path) -> Callable[..., Any]:
    """Give a function that looks at a stock Pi on which some files are different."""

    def look(files: dict[str, str] | None = None, boot_config: str = "") -> Any:
        for name, content in {**STOCK, **(files or {})}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return module.facts(module.Host(tmp_path, boot_config))

    return look


def topics(found: Any) -> list[str]:
    return [remark["what"] for remark in found["remarks"]]


def test_a_stock_pi_is_one_and_nothing_is_in_the_way(look: Callable[..., Any]) -> None:
    assert look() == {
        "is_one": True,
        "model": "Raspberry Pi 4 Model B Rev 1.4",
        "boot_config": "/boot/firmware/config.txt",
        "boot_command_line": "/boot/firmware/cmdline.txt",
        "remarks": [],
    }


@pytest.mark.parametrize("model", ["", "linux,dummy-virt\0", "Radxa ROCK Pi 4B\0"])
def test_another_machine_is_none(look: Callable[..., Any], model: str) -> None:
    assert look({"proc/device-tree/model": model})["is_one"] is False


def test_a_machine_without_a_device_tree_and_boot_files_is_none(
    module: ModuleType, tmp_path: Path
) -> None:
    found = module.facts(module.Host(tmp_path))
    assert (found["is_one"], found["model"], found["boot_config"]) == (False, "", "")
    assert found["remarks"] == []


def test_the_kernels_second_place_of_the_model_counts(module: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "sys/firmware/devicetree/base/model"
    file.parent.mkdir(parents=True)
    file.write_text(MODEL)
    assert module.facts(module.Host(tmp_path))["is_one"] is True


@pytest.mark.parametrize(
    "line", ["dtoverlay=papirus,panel=e2271cs021", "dtoverlay=repaper", "dtoverlay=papirus  # mine"]
)
def test_the_kernels_own_panel_driver_is_named(look: Callable[..., Any], line: str) -> None:
    found = look({CONFIG: f"dtparam=spi=on\n{line}\n"})
    assert topics(found) == ["panel overlay"]
    assert "take the line dtoverlay=" in found["remarks"][0]["fix"]
    assert "/boot/firmware/config.txt" in found["remarks"][0]["fix"]


def test_an_overlay_that_is_loaded_by_hand_is_named_too(look: Callable[..., Any]) -> None:
    assert topics(look({"sys/bus/spi/drivers/repaper/spi0.0": ""})) == ["panel overlay"]


@pytest.mark.parametrize(
    "lines", ["[cm5]\ndtoverlay=papirus", "#dtoverlay=papirus", "dtoverlay=papirus-hat"]
)
def test_what_does_not_hold_for_this_pi_is_not_named(look: Callable[..., Any], lines: str) -> None:
    assert topics(look({CONFIG: f"{lines}\n"})) == []


def test_spi_without_chip_select_is_named(look: Callable[..., Any]) -> None:
    found = look({CONFIG: "[pi4]\narm_boost=1\n[all]\ndtoverlay=spi0-0cs\n"})
    assert topics(found) == ["chip select"]
    assert topics(look({CONFIG: "dtoverlay=spi0-1cs\n"})) == []


@pytest.mark.parametrize(
    "files",
    [
        {"sys/class/tty/console/active": "tty1 ttyS0\n"},
        {"sys/class/tty/console/active": "ttyAMA0 tty1\n"},
        {CONFIG: "enable_uart=1\n"},
    ],
)
def test_a_serial_port_on_the_panels_pins_is_named_with_the_fix(
    look: Callable[..., Any], files: dict[str, str]
) -> None:
    found = look(files)
    assert topics(found) == ["serial console"]
    fix = found["remarks"][0]["fix"]
    assert "do_serial_hw 1" in fix
    assert "console=serial0… out of /boot/firmware/cmdline.txt" in fix


@pytest.mark.parametrize(
    "files",
    [
        # The debug connector of a Pi 5.
        {"sys/class/tty/console/active": "tty1 ttyAMA10\n"},
        {CONFIG: "enable_uart=1\nenable_uart=0\n"},
        {CONFIG: "[cm4]\nenable_uart=1\n"},
    ],
)
def test_a_serial_port_elsewhere_or_switched_off_is_not_named(
    look: Callable[..., Any], files: dict[str, str]
) -> None:
    assert topics(look(files)) == []


def test_the_serial_console_of_another_machine_is_its_own(
    module: ModuleType, tmp_path: Path
) -> None:
    for name in ("sys/class/tty/console/active", CONFIG):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text("tty0 ttyS0\n")
    assert module.facts(module.Host(tmp_path))["remarks"] == []


@pytest.mark.parametrize(
    ("running", "coming", "fix"),
    [
        ("cgroup_disable=memory", "", "put cgroup_enable=memory at the end"),
        (
            "cgroup_disable=memory cgroup_enable=memory cgroup_disable=memory",
            "cgroup_enable=memory cgroup_disable=memory",
            "take cgroup_disable=memory out of /boot/firmware/cmdline.txt",
        ),
        ("cgroup_disable=memory", "cgroup_enable=memory", "reboot"),
        (
            "cgroup_disable=memory x cgroup_enable=memory",
            "cgroup_enable=cpuset,memory",
            "apt full-upgrade",
        ),
    ],
    ids=["as shipped", "disabled by the owner", "not yet booted", "a kernel that does not know it"],
)
def test_memory_limits_that_are_off_come_with_the_fix_that_works(
    look: Callable[..., Any], running: str, coming: str, fix: str
) -> None:
    found = look(
        {CONTROLLERS: "cpuset cpu io pids\n", "proc/cmdline": running, COMMAND_LINE: coming}
    )
    assert topics(found) == ["memory limits"]
    assert found["remarks"][0]["fix"].startswith(fix)


@pytest.mark.parametrize(
    ("mount", "command_line"),
    [
        ("overlayroot / overlay rw,lowerdir=/media/root-ro", "root=x overlayroot=tmpfs"),
        ("overlay / overlay rw,lowerdir=/lower", "boot=overlay root=x"),
        ("overlayroot / overlay rw,lowerdir=/media/root-ro", "root=x"),
    ],
)
def test_an_overlay_over_the_root_is_named(
    look: Callable[..., Any], mount: str, command_line: str
) -> None:
    found = look({"proc/mounts": f"{mount} 0 0\n", "proc/cmdline": command_line})
    assert topics(found) == ["overlay root"]
    assert found["remarks"][0]["level"] == "FAIL"
    assert "do_overlayfs 1" in found["remarks"][0]["fix"]


def test_the_root_of_a_container_is_no_overlay_of_the_owner(look: Callable[..., Any]) -> None:
    assert topics(look({"proc/mounts": "overlay / overlay rw,lowerdir=/l 0 0\n"})) == []


def test_a_boot_configuration_elsewhere_is_read(look: Callable[..., Any]) -> None:
    found = look({"boot/mine.txt": "dtoverlay=spi0-0cs\n"}, "/boot/mine.txt")
    assert found["boot_config"] == "/boot/mine.txt"
    assert topics(found) == ["chip select"]
