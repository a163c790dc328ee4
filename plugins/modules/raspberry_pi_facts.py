"""An Ansible module that looks whether a host is a Raspberry Pi, and how it boots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTATION = """
module: raspberry_pi_facts
short_description: Looks whether a host is a Raspberry Pi, and how it was set up to boot
description:
  - Gives the fact C(raspberry_pi), from the device tree, the boot configuration and the kernel.
  - Names what stands in the way of a panel on the header, of memory limits, and of changes that
    are to last.
author: The Inkstand authors
options:
  boot_config:
    description: The boot configuration, if not in its usual place.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look whether this is a Raspberry Pi
  raspberry_pi_facts:
"""

RETURN = """
ansible_facts:
  description: >-
    The fact C(raspberry_pi): C(model) is empty where there is no device tree; C(remarks) say of
    each thing that is not as it should be what was seen and what to do.
  returned: always
  type: dict
  sample:
    raspberry_pi:
      is_one: true
      model: Raspberry Pi 4 Model B Rev 1.4
      boot_config: /boot/firmware/config.txt
      boot_command_line: /boot/firmware/cmdline.txt
      remarks: []
"""

# The first leads to the second (Linux, Documentation/ABI/testing/sysfs-firmware-ofw).
MODELS = ("proc/device-tree/model", "sys/firmware/devicetree/base/model")
BOOT_CONFIGS = ("boot/firmware/config.txt", "boot/config.txt")
# A serial port on GPIO 14 and 15; that of the debug connector of a Pi 5 is ttyAMA10.
SERIAL_PORTS = ("ttyS0", "ttyAMA0")
CONSOLE = re.compile(r"console=(?:serial0|ttyS0|ttyAMA0)\b")
PANEL_OVERLAY = re.compile(r"dtoverlay=((?:repaper|papirus)(?![\w-])\S*)")
UNSELECTED = re.compile(r"dtoverlay=(spi0-0cs(?![\w-])\S*)")
WRONG, REMARK = "FAIL", "warn"
Remark = dict[str, str]


def remark(what: str, level: str, seen: str, fix: str) -> Remark:
    """Give what is not as it should be, as the doctor says it."""
    return {"what": what, "level": level, "seen": seen, "fix": fix}


@dataclass(frozen=True)
class Host:
    """The host's files below `root`."""

    root: Path
    boot_config: str = ""

    def read(self, path: str) -> str:
        """Give a file's text without blanks around it, nothing when it cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip(" \n\0")
        except OSError:
            return ""

    @property
    def model(self) -> str:
        """What machine it is; empty where nothing says so."""
        return next((model for path in MODELS if (model := self.read(path))), "")

    @property
    def is_raspberry_pi(self) -> bool:
        """Whether it is a Raspberry Pi."""
        return self.model.startswith("Raspberry Pi")

    @property
    def config_place(self) -> str:
        """Where the boot configuration is, as the host names it; empty where there is none."""
        places = [self.boot_config.lstrip("/")] if self.boot_config else BOOT_CONFIGS
        return next((f"/{place}" for place in places if (self.root / place).is_file()), "")

    @property
    def command_line_place(self) -> str:
        """Where the command line of the next boot is, as the host names it; empty for none."""
        place = str(Path(self.config_place).with_name("cmdline.txt")) if self.config_place else ""
        return place if place and (self.root / place.lstrip("/")).is_file() else ""

    @property
    def config(self) -> list[str]:
        """The lines of the boot configuration that hold for every Pi."""
        return lines_for_all(self.read(self.config_place.lstrip("/")) if self.config_place else "")

    @property
    def coming(self) -> str:
        """The command line of the next boot, as far as its owner writes it."""
        return self.read(self.command_line_place.lstrip("/")) if self.command_line_place else ""


def lines_for_all(config: str) -> list[str]:
    """Give the lines of a boot configuration before any section and in `[all]`."""
    found, holds = [], True
    for line in (line.split("#", 1)[0].strip() for line in config.splitlines()):
        if section := re.fullmatch(r"\[(.*)\]", line):
            holds = section[1] == "all"
        elif line and holds:
            found.append(line)
    return found


def remarks(host: Host) -> Iterator[Remark]:
    """Name all that stands in the way."""
    yield from overlay_root(host)
    yield from memory_limits(host)
    if host.is_raspberry_pi or host.config_place:
        yield from panel_overlay(host)
        yield from chip_select(host)
        yield from serial_console(host)


def overlay_root(host: Host) -> Iterator[Remark]:
    """See a root file system whose changes are gone with the next boot."""
    mounts = [line.split() for line in host.read("proc/mounts").splitlines()]
    roots = [mount for mount in mounts if len(mount) > 2 and mount[1] == "/"]  # noqa: PLR2004
    if not roots or roots[-1][2] != "overlay":
        return
    words = host.read("proc/cmdline").split()
    asked = "boot=overlay" in words or any(
        word.startswith("overlayroot=") and word != "overlayroot=disabled" for word in words
    )
    # A container has a root of this kind too, under another name.
    if asked or roots[-1][0] == "overlayroot":
        yield remark(
            "overlay root",
            WRONG,
            "the root file system is an overlay; what is written is gone after a reboot",
            "sudo raspi-config nonint do_overlayfs 1, or take overlayroot= out of cmdline.txt;"
            " reboot, deploy, and turn it on again if you like",
        )


def memory_limits(host: Host) -> Iterator[Remark]:
    """See a kernel that enforces no memory limits, and what would make it.

    The device tree of a Raspberry Pi says `cgroup_disable=memory`; what cmdline.txt says comes
    after it, and the last of these words counts (raspberrypi/linux, issue 6980 and PR 6439).
    """
    controllers = host.read("sys/fs/cgroup/cgroup.controllers").split()
    if not controllers or "memory" in controllers:
        return
    place = host.command_line_place or "cmdline.txt"
    wanted = f"put cgroup_enable=memory at the end of the one line of {place}; reboot"
    now, coming = last_word(host.read("proc/cmdline")), last_word(host.coming)
    if coming == "disable":
        fix = f"take cgroup_disable=memory out of {place}, and {wanted}"
    elif coming == "enable":
        fix = "apt full-upgrade, for this kernel does not know cgroup_enable=memory; reboot"
        fix = fix if now == "enable" else "reboot"
    else:
        fix = wanted
    yield remark("memory limits", REMARK, "the kernel does not enforce them", fix)


def last_word(command_line: str) -> str:
    """Give what a command line says last of the memory controller: enable, disable or nothing."""
    found = re.findall(r"(?:^|\s)cgroup_(enable|disable)=(?:\S*,)?memory(?=[,\s]|$)", command_line)
    return found[-1] if found else ""


def panel_overlay(host: Host) -> Iterator[Remark]:
    """See the kernel's own driver of such panels, which takes the SPI device away."""
    named = [found[1] for line in host.config if (found := PANEL_OVERLAY.fullmatch(line))]
    bound = sorted(host.root.glob("sys/bus/spi/drivers/repaper/spi*"))
    if not named and not bound:
        return
    seen = f"{host.config_place} has dtoverlay={named[0]}" if named else f"it has {bound[0].name}"
    yield remark(
        "panel overlay",
        WRONG,
        f"the kernel's own driver takes the panel: {seen}",
        f"take the line dtoverlay={named[0] if named else 'papirus or repaper'} out of"
        f" {host.config_place or 'config.txt'}, and reboot",
    )


def chip_select(host: Host) -> Iterator[Remark]:
    """See SPI without the line that selects the panel."""
    for line in host.config:
        if found := UNSELECTED.fullmatch(line):
            yield remark(
                "chip select",
                WRONG,
                f"{host.config_place} has dtoverlay={found[1]}: no pin selects the panel",
                f"take that line out of {host.config_place}, and reboot",
            )


def serial_console(host: Host) -> Iterator[Remark]:
    """See a serial port on the pins of BORDER and DISCHARGE.

    A `console=serial0` alone does not count: Raspberry Pi OS ships it, and it makes a console only
    where the port is on (Raspberry Pi's documentation of config.txt, `enable_uart`).
    """
    # Another machine has its serial ports elsewhere.
    active = host.read("sys/class/tty/console/active").split() if host.is_raspberry_pi else []
    consoles = [name for name in SERIAL_PORTS if name in active]
    switches = [line.partition("=")[2] for line in host.config if line.startswith("enable_uart=")]
    switched_on = switches[-1:] == ["1"]
    if not consoles and not switched_on:
        return
    if consoles:
        seen = f"a serial console ({consoles[0]}) is on GPIO 14 and 15"
    else:
        seen = f"{host.config_place} has enable_uart=1: a serial port is on GPIO 14 and 15"
    console = CONSOLE.search(host.coming)
    taken_out = f" take {console[0]}… out of {host.command_line_place}," if console else ""
    yield remark(
        "serial console",
        REMARK,
        f"{seen}, the panel's BORDER and DISCHARGE",
        "sudo raspi-config nonint do_serial_cons 1 && sudo raspi-config nonint do_serial_hw 1, or"
        f"{taken_out} put enable_uart=0 at the end of {host.config_place or 'config.txt'};"
        " and reboot",
    )


def facts(host: Host) -> dict[str, Any]:
    """Give the fact."""
    return {
        "is_one": host.is_raspberry_pi,
        "model": host.model,
        "boot_config": host.config_place,
        "boot_command_line": host.command_line_place,
        "remarks": list(remarks(host)),
    }


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(
        argument_spec={"boot_config": {"type": "str", "default": ""}}, supports_check_mode=True
    )
    found = facts(Host(Path("/"), module.params["boot_config"]))
    module.exit_json(changed=False, ansible_facts={"raspberry_pi": found})


if __name__ == "__main__":
    main()
