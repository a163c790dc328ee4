"""What Debian has mended since the images were built: the host looks, and writes it down."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Updates:
    """The names of packages that are older than Debian's, and how many of them for security."""

    looked_at: datetime
    packages: tuple[str, ...]
    security: int


class UpdatesFile:
    """What `inkstand-host updates` has written into `file`; `image` is the one that runs here."""

    def __init__(self, file: Path, image: str) -> None:
        self._file = file
        self._image = image
        self._known: tuple[tuple[int, int], Updates | None] = ((0, 0), None)

    def read(self) -> Updates | None:
        """Return what was found; None when nobody has looked, or when it was another image.

        The file is read when it is another one: it is asked for with all that happens.
        """
        try:
            found = self._file.stat()
        except OSError:
            return None
        version = (found.st_mtime_ns, found.st_ino)
        if version != self._known[0]:
            self._known = (version, self._read())
        return self._known[1]

    def _read(self) -> Updates | None:
        try:
            with self._file.open("rb") as file:
                return _updates(json.loads(file.read(_MOST_BYTES)), self._image)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _LOG.warning("%s cannot be read: %s", self._file, error)
            return None


def _updates(record: Any, image: str) -> Updates | None:
    images: list[dict[str, Any]] = list(record["images"].values())
    if image not in [each["image"] for each in images]:
        return None
    packages = {name for each in images for name in each["packages"]}
    security = {name for each in images for name in each["security"]}
    looked_at = datetime.fromisoformat(record["at"]).astimezone(UTC)
    return Updates(looked_at, tuple(sorted(packages)), len(security))
