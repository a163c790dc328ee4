"""What the role wrote down about this Pi."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from inkstand_host.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PATH = Path("/etc/inkstand/release.json")


@dataclass(frozen=True)
class Settings:
    """Where things are, and how long to wait; times are in seconds.

    `containers` are in the order in which they start. `files` are patterns of what belongs to a
    release beside its containers. A name that is empty says that there is no such thing here.
    """

    containers: tuple[str, ...]
    files: tuple[str, ...]
    databases: Path
    app: str
    app_network: str
    app_port: int
    bridge: str
    bridge_check: tuple[str, ...]
    edge: str
    host: str
    https_port: int
    maintenance_file: str
    panel: str
    driver: str
    driver_files: tuple[str, ...]
    gate_seconds: float
    steady_seconds: float
    state_directory: Path
    log_directory: Path

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Self:
        """Make settings of what a file says.

        Raises:
            ReleaseError: something is missing.
        """
        known = {_NAMES_OF_BEFORE.get(name, name): value for name, value in given.items()}
        try:
            return cls(**{it.name: _READ[str(it.type)](known[it.name]) for it in fields(cls)})
        except KeyError as error:
            raise ReleaseError(f"the settings lack {error}; run the playbook again") from error

    @property
    def snapshot_paths(self) -> tuple[str, ...]:
        """Patterns of all files that a release owns, and with a ! what of them it does not."""
        not_these = [f"!{self.maintenance_file}"] if self.maintenance_file else []
        return (*self.files, *self.driver_files, *not_these)


_READ: dict[str, Callable[[Any], Any]] = {
    "tuple[str, ...]": tuple,
    "str": str,
    "int": int,
    "float": float,
    "Path": Path,
}
# In the settings of a release that an older program wrote down.
_NAMES_OF_BEFORE = {"door": "maintenance_file"}


def load(path: Path = DEFAULT_PATH) -> Settings:
    """Read the settings of this Pi.

    Raises:
        ReleaseError: there are none.
    """
    try:
        return Settings.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{path} cannot be read ({error}); run the playbook first") from error
