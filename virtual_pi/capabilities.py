"""Which Linux capabilities this machine can give away.

`--cap-add ALL` is no answer where one is missing: Docker 20.10 then asks for it and fails, and
later versions refuse to drop what is not there. So each is named.
"""

from __future__ import annotations

import re
from pathlib import Path

# In the order of their numbers, from 0 (linux/capability.h). The three that came later, 38 to 40,
# are parts of SYS_ADMIN, and Docker 20.10 does not know them.
NAMES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID"),
    *("SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW"),
    *("IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT"),
    *("SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD"),
    *("LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG"),
    *("WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ"),
)


# There is one clock, that of this machine.
NEVER = ("SYS_TIME",)


def named(bounding: int) -> list[str]:
    """Name the capabilities of a bounding set, given as its bit mask."""
    return [name for number, name in enumerate(NAMES) if bounding >> number & 1]


def given(status: Path = Path("/proc/self/status")) -> list[str]:
    """Name the capabilities that a virtual Pi gets: all that this machine has, but NEVER."""
    return [name for name in available(status) if name not in NEVER]


def available(status: Path = Path("/proc/self/status")) -> list[str]:
    """Name the capabilities that a process of this machine can have at most."""
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE)
    return named(int(found[1], 16)) if found else []
