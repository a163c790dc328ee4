"""What is asked of systemd and its like."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_GUARD = "inkstand-release-guard.timer"
_UNITS = Path("/etc/systemd/system")
_KINDS = (".service", ".socket", ".timer", ".path")
_UDEV, _TMPFILES = Path("/etc/udev/rules.d"), Path("/etc/tmpfiles.d")


def systemctl(*words: str) -> int:
    """Run systemctl and return its exit status."""
    done = subprocess.run(["systemctl", *words], capture_output=True, check=False)
    return done.returncode


def unit_of(path: str) -> str:
    """Return the name of the unit that a file is; empty for a template, a link and other files."""
    file = Path(path)
    is_unit = file.parent == _UNITS and file.suffix in _KINDS and not file.stem.endswith("@")
    return file.name if is_unit else ""


def runs_from(unit: str, paths: Iterable[str]) -> bool:
    """Tell whether a unit is one of these files, or names one of them."""
    try:
        text = (_UNITS / unit).read_text(encoding="utf-8")
    except OSError:
        return False
    return any(path == os.fspath(_UNITS / unit) or path in text for path in paths)


class Host:
    """The Pi around the containers."""

    def guard(self) -> None:
        """Have a release that nobody finishes put back after a while, counted from now."""
        systemctl("stop", _GUARD)
        systemctl("start", _GUARD)

    def unguard(self) -> None:
        """Have nothing put back by itself."""
        systemctl("stop", _GUARD)

    def active_units(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return those of the units among files that are active, or about to be."""
        units = sorted(unit for path in paths if (unit := unit_of(path)))
        return tuple(unit for unit in units if self._is_active(unit))

    def _is_active(self, unit: str) -> bool:
        argv = ["systemctl", "show", "--property=ActiveState", "--value", unit]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stdout.strip() in ("active", "activating", "reloading")

    def stop_units(self, units: Iterable[str]) -> None:
        """Stop units, while their files are there still."""
        for unit in units:
            systemctl("stop", unit)

    def follow(self, paths: set[str], active: Iterable[str], driver: str = "") -> None:
        """Let the system know which of its files changed, and have the units `active` run.

        The unit `driver`, if any, is restarted whether its file changed or not.
        """
        folders = {Path(path).parent for path in paths}
        if any(folder == _UNITS or _UNITS in folder.parents for folder in folders):
            systemctl("daemon-reload")
        if _UDEV in folders:
            subprocess.run(["udevadm", "control", "--reload"], check=False, capture_output=True)
            subprocess.run(["udevadm", "trigger"], check=False, capture_output=True)
        if _TMPFILES in folders:
            subprocess.run(["systemd-tmpfiles", "--create"], check=False, capture_output=True)
        if driver:
            systemctl("restart", driver)
        for unit in active:
            if unit != driver:
                # None is waited for: one of them waits for the right time, which may never come.
                systemctl("--no-block", "restart" if runs_from(unit, paths) else "start", unit)

    def journal(self, unit: str, lines: int) -> str:
        """Return the end of what a unit wrote."""
        tail = ["--no-pager", "--output=short-iso", f"--lines={lines}", f"--unit={unit}"]
        done = subprocess.run(["journalctl", *tail], capture_output=True, text=True, check=False)
        return done.stdout
