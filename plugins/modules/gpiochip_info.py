"""An Ansible module that lists the GPIO chips of a host; nothing needs to be installed there."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = """
module: gpiochip_info
short_description: Lists the GPIO chips of the host
description:
  - Asks each character device C(/dev/gpiochip*) what it is. Symbolic links are left out.
author: The Inkstand authors
options: {}
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look for GPIO chips
  gpiochip_info:
  register: found
"""

RETURN = """
chips:
  description: The chips, in the order of their names.
  returned: always
  type: list
  elements: dict
  sample: [{path: /dev/gpiochip0, label: pinctrl-rp1, lines: 54}]
"""

# linux/gpio.h: struct gpiochip_info and GPIO_GET_CHIPINFO_IOCTL = _IOR(0xB4, 0x01, …).
CHIP_INFO = struct.Struct("=32s32sI")
GET_CHIP_INFO = 2 << 30 | CHIP_INFO.size << 16 | 0xB4 << 8 | 0x01


def ask_kernel(path: Path) -> bytes:
    """Give the chip's `struct gpiochip_info`.

    Raises:
        OSError: the node is no GPIO chip, or cannot be opened.
    """
    node = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(node, GET_CHIP_INFO, bytes(CHIP_INFO.size))
    finally:
        os.close(node)


def decode(info: bytes) -> tuple[str, int]:
    """Give label and number of lines out of a `struct gpiochip_info`."""
    _name, label, lines = CHIP_INFO.unpack(info)
    return label.split(b"\0", 1)[0].decode(errors="replace"), lines


def chips(
    directory: Path, ask: Callable[[Path], bytes] = ask_kernel
) -> tuple[list[dict[str, Any]], list[str]]:
    """Give the chips below a directory, and why some could not be asked."""
    found, failed = [], []
    for path in sorted(directory.glob("gpiochip*")):
        if path.is_symlink():
            continue
        try:
            label, lines = decode(ask(path))
        except OSError as error:
            failed.append(f"{path} could not be asked what it is: {error.strerror}")
        else:
            found.append({"path": str(path), "label": label, "lines": lines})
    return found, failed


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    found, failed = chips(Path("/dev"))
    for reason in failed:
        module.warn(reason)
    module.exit_json(changed=False, chips=found)


if __name__ == "__main__":
    main()
