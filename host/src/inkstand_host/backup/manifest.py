"""What an archive says of itself and of each of its files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 16 * 1024 * 1024
STAGING = ".inkstand-restore"


@dataclass(frozen=True)
class Entry:
    """One file or directory of an archive; `sha256` is empty for a directory."""

    name: str
    size: int
    sha256: str
    mode: int
    uid: int
    gid: int

    @property
    def is_directory(self) -> bool:
        """True when nothing but its mode and owner is kept."""
        return not self.sha256

    @property
    def place(self) -> str:
        """The first part of the name."""
        return self.name.partition("/")[0]

    def below(self, folder: Path) -> Path:
        """Give where it belongs when its place is `folder`."""
        return folder.joinpath(*PurePosixPath(self.name).parts[1:])


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself; `made` is UTC in ISO 8601."""

    format: int
    version: str
    host: str
    machine: str
    made: str
    schemas: dict[str, int]
    entries: dict[str, Entry]

    def to_json(self) -> bytes:
        """Give the text of `manifest.json`."""
        return json.dumps(
            {**asdict(self), "entries": list(map(asdict, self.entries.values()))}
        ).encode()

    @property
    def summary(self) -> dict[str, Any]:
        """What a person wants to know: all but the list of files."""
        files = [entry for entry in self.entries.values() if not entry.is_directory]
        told = {key: value for key, value in asdict(self).items() if key != "entries"}
        return {**told, "files": len(files), "bytes": sum(entry.size for entry in files)}


def parse_manifest(text: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        ArchiveError: it is of a newer Inkstand, or none.
    """
    try:
        found = json.loads(text)
        if found["format"] > FORMAT:
            raise ArchiveError(
                f"The archive was made by a newer Inkstand (format {found['format']}, this one "
                f"knows {FORMAT}). Update your copy of the repository first, then restore."
            )
        entries = [Entry(**entry) for entry in found.pop("entries")]
        return Manifest(**found, entries={entry.name: require_safe(entry) for entry in entries})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArchiveError(f"The archive has no manifest that can be read: {error!r}") from error


def require_safe(entry: Entry) -> Entry:
    """Give an entry back that stays below its place.

    Raises:
        ArchiveError: its name leads elsewhere.
    """
    parts = entry.name.split("/")
    if not all(parts) or {".", "..", STAGING} & set(parts) or "\0" in entry.name:
        raise ArchiveError(f"The archive names {entry.name!r}, which no backup has.")
    return entry


def require_known_schemas(manifest: Manifest, known: Mapping[str, int]) -> None:
    """See that this Inkstand can read the databases.

    Raises:
        ArchiveError: one was written by a newer Inkstand.
    """
    for name, version in manifest.schemas.items():
        if version > known.get(name, version):
            raise ArchiveError(
                f"{name} was written by a newer Inkstand (version {version}, this one knows "
                f"{known[name]}). Update your copy of the repository first, then restore."
            )
