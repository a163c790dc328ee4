"""What one virtual Pi is: its name, its ports, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.common.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_NAME = "inkstand-virtual-pi"
LABEL = "inkstand.virtual-pi"


@dataclass(frozen=True)
class VirtualPi:
    """One virtual Pi.

    Ports are published on loopback only; with both None nothing is published. `state` holds what
    belongs to this virtual Pi alone: inventory, secrets, CA file. `memory` is the most it may use,
    as Docker writes it; empty for all that there is. With `packs` the
    glass shows all packs that ship, with their example data, by turns with the clock.
    """

    name: str = DEFAULT_NAME
    https_port: int | None = 8443
    http_port: int | None = 8080
    state: Path = ROOT / ".virtual-pi"
    user: str = "pi"
    simulated_timing: str = "real"
    memory: str = ""
    packs: bool = False

    @property
    def inventory(self) -> Path:
        """The inventory directory for `ansible-playbook -i`."""
        return self.state / "inventory"

    @property
    def ca_file(self) -> Path:
        """The CA that signed the certificate of this virtual Pi."""
        return self.state / "ca.pem"

    @property
    def login_file(self) -> Path:
        """The body of a login request; holds the password, so that no command line has to."""
        return self.state / "login.json"

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it; empty when nothing is published."""
        return f"https://localhost:{self.https_port}" if self.https_port else ""
