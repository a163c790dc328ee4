"""Where to go back to: a snapshot is a directory with all that makes a release, but its images."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inkstand_host import files
from inkstand_host.docker import creation, image_of
from inkstand_host.release import database
from inkstand_host.systemd import unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inkstand_host.docker import Spec
    from inkstand_host.release.database import Format

_RECORD = "release.json"
_FILES = "files.tar"
_STATE = "databases"
_SETTINGS = "settings.json"
_DIGITS = 12


@dataclass(frozen=True)
class Snapshot:
    """One release as it was at one moment.

    `specs` are its containers, `networks` what these are on, `files` the entries of the files that
    `patterns` name, `units` the units of systemd among them that were active, `parts` what worked.
    """

    directory: Path
    release: str
    taken_at: str
    specs: Mapping[str, Spec]
    files: dict[str, str]
    parts: tuple[str, ...]
    patterns: tuple[str, ...]
    units: tuple[str, ...]
    networks: Mapping[str, Spec]

    @property
    def settings(self) -> Path:
        """The settings by which it was judged; not there when an older program took it."""
        return self.directory / _SETTINGS

    @property
    def databases(self) -> Path:
        """Where the copies of its databases are, if any were made."""
        return self.directory / _STATE

    @property
    def images(self) -> set[str]:
        """The names of its images."""
        return {image_of(spec) for spec in self.specs.values()}

    def changed_files(self) -> set[str]:
        """Return the paths of files that are not what they were."""
        return files.changed(self.files, files.state(self.patterns))

    def put_files_back(self, last: Path | None = None) -> set[str]:
        """Make its files what they were, those in `last` last; return those that were not."""
        return files.put_back(self.directory / _FILES, self.files, self.patterns, last)

    def formats(self) -> dict[str, Format]:
        """Return the formats of its databases; empty when none were copied."""
        return database.formats(self.databases) if self.databases.exists() else {}


def name_of(specs: Mapping[str, Spec], entries: Mapping[str, str]) -> str:
    """Return a name that is the same for the same containers and files."""
    known = [{name: creation(spec)[0] for name, spec in specs.items()}, dict(entries)]
    content = json.dumps(known, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


@dataclass(frozen=True)
class Present:
    """What runs now, to be written down; the fields are those of a snapshot."""

    specs: Mapping[str, Spec]
    parts: Sequence[str]
    patterns: tuple[str, ...]
    units: tuple[str, ...]
    networks: Mapping[str, Spec]
    settings: Path


def take(directory: Path, present: Present) -> Snapshot:
    """Write down the present release, without its databases."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    specs, patterns = present.specs, present.patterns
    entries = files.state(patterns)
    files.keep(directory / _FILES, patterns)
    files.copy_whole(present.settings, directory / _SETTINGS)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    name, parts = name_of(specs, entries), tuple(present.parts)
    units, networks = present.units, present.networks
    snapshot = Snapshot(directory, name, now, specs, entries, parts, patterns, units, networks)
    files.write_json(directory / _RECORD, {**asdict(snapshot), "directory": ""})
    return snapshot


def load(directory: Path) -> Snapshot | None:
    """Read a snapshot; None when there is none, or it was not finished."""
    known = files.read_json(directory / _RECORD)
    if known is None:
        return None
    roots = [path for path in known["files"] if os.path.dirname(path) not in known["files"]]  # noqa: PTH120
    # Points of older programs do not tell these: all that they know is below the roots, and ran.
    known = {
        "patterns": roots,
        "units": [unit for path in roots if (unit := unit_of(path))],
        "networks": {},
    } | known
    lists = {name: tuple(known[name]) for name in ("parts", "patterns", "units")}
    return Snapshot(**{**known, **lists, "directory": directory})
