"""What is asked of systemd, and the log of what failed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_GUARD = "inkstand-release-guard.timer"
_UNITS = "/etc/systemd/system/"


def systemctl(*words: str) -> int:
    """Run systemctl and return its exit status."""
    done = subprocess.run(["systemctl", *words], capture_output=True, check=False)
    return done.returncode


class Host:
    """The Pi around the containers."""

    def guard(self) -> None:
        """Have a release that nobody finishes put back after a while, counted from now."""
        systemctl("stop", _GUARD)
        systemctl("start", _GUARD)

    def unguard(self) -> None:
        """Have nothing put back by itself."""
        systemctl("stop", _GUARD)

    def follow(self, paths: Iterable[str], driver: str = "") -> None:
        """Let systemd know which of its files changed, and restart the unit `driver`, if any."""
        units = {path.removeprefix(_UNITS) for path in paths if path.startswith(_UNITS)}
        if units:
            systemctl("daemon-reload")
        if driver:
            systemctl("restart", driver)
        for unit in sorted(units - {driver}):
            systemctl("try-restart", unit)

    def journal(self, unit: str, lines: int) -> str:
        """Return the end of what a unit wrote."""
        tail = ["--no-pager", "--output=short-iso", f"--lines={lines}", f"--unit={unit}"]
        done = subprocess.run(["journalctl", *tail], capture_output=True, text=True, check=False)
        return done.stdout


def write_log(path: Path, text: str) -> None:
    """Write a log that root alone can read: people's messages may be in it."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
