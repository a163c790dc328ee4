"""Who this appliance is to TRMNL servers, in a file: an ID made once, and the keys they gave it."""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from inkstand.errors import StorageError
from inkstand.fetching.kept import write_private

if TYPE_CHECKING:
    from pathlib import Path

_MAX_FILE = 65_536
_MAX_KEYS = 20
_ID = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")


class DeviceKeys:
    """Keys by account, in the file `path`, which only its owner can read.

    All of it reads and writes that file: call it in a thread, one call at a time. What is damaged
    is made anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def identity(self) -> str:
        """Return the ID, which looks like the address of a network card and is that of none.

        Raises:
            StorageError: it is new, and cannot be kept.
        """
        kept = self._read()
        if "id" not in kept:
            kept["id"] = _new_identity()
            self._write(kept)
        return str(kept["id"])

    def get(self, account: str) -> str | None:
        """Return what was put last for `account`; None if there is nothing."""
        key: str | None = self._read()["keys"].get(account)
        return key

    def put(self, account: str, key: str) -> None:
        """Keep `key`, and let the oldest of others go where there are too many.

        Raises:
            StorageError: it cannot be written; all is as it was.
        """
        kept = self._read()
        others = [item for item in kept["keys"].items() if item[0] != account]
        self._write({**kept, "keys": dict([*others[1 - _MAX_KEYS :], (account, key)])})

    def _read(self) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(_MAX_FILE + 1))
        except (OSError, ValueError, RecursionError):
            found = None
        kept: dict[str, Any] = {"keys": {}}
        if isinstance(found, dict):
            if isinstance(found.get("id"), str) and _ID.fullmatch(found["id"]):
                kept["id"] = found["id"]
            if isinstance(found.get("keys"), dict):
                kept["keys"] = {
                    name: key for name, key in found["keys"].items() if isinstance(key, str)
                }
        return kept

    def _write(self, kept: dict[str, Any]) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._path, json.dumps(kept).encode())
        except OSError as error:
            raise StorageError(f"cannot keep {self._path}: {error.strerror}") from error


def _new_identity() -> str:
    first, *rest = secrets.token_bytes(6)
    # IEEE 802, 8.2: given by nobody (the second bit), and of one device (the first is not set).
    return ":".join(f"{byte:02X}" for byte in (first & 0xFC | 0x02, *rest))
