"""What one machine is: its ports, its size, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.common.paths import ROOT
from virtual_pi.settings import VirtualPi

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_NAME = "inkstand-virtual-pi-arm64"
DEFAULT_STATE = ROOT / ".virtual-pi-arm64"
ADDRESS = "127.0.0.1"
# The board `virt` has its power key on line 3 of this chip; a press is a high level for 100 ms.
CHIP_LABEL = "9030000.pl061"
BUTTON_GPIO = 3


@dataclass(frozen=True)
class Machine(VirtualPi):
    """One machine: what a virtual Pi is, with a port for SSH, and its size.

    All three ports are on loopback, and all are needed..
    """

    name: str = DEFAULT_NAME
    https_port: int | None = 8444
    http_port: int | None = 8081
    state: Path = DEFAULT_STATE
    ssh_port: int = 8022
    memory_mib: int = 2048
    processors: int = 2

    @property
    def disk(self) -> Path:
        """Its disk: what differs from the one that all machines start from."""
        return self.state / "disk.qcow2"

    @property
    def seed(self) -> Path:
        """Its second disk: host keys and password."""
        return self.state / "seed.tar"

    @property
    def password_file(self) -> Path:
        """The password of the user, for `ansible-playbook --connection-password-file`."""
        return self.state / "password"

    @property
    def key_file(self) -> Path:
        """The private key to log in with; the public one lies beside it."""
        return self.state / "ssh_key"

    @property
    def known_hosts(self) -> Path:
        """Its host key."""
        return self.state / "known_hosts"

    @property
    def pid_file(self) -> Path:
        """The process id of its QEMU."""
        return self.state / "qemu.pid"

    @property
    def console(self) -> Path:
        """What it said on its serial console since it was made."""
        return self.state / "console.log"
