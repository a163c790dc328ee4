"""A code that lets the owner in once, however many passwords others guess meanwhile.

It is made by a command on the Pi and taken instead of the password. With 79 bits it cannot be
guessed, so nobody has to wait before it is looked at. What is kept is its hash and its end.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING

from inkstand.errors import StorageUnavailableError
from inkstand.storage.database import make_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIFETIME = 600
_NAME = "login-code"
# Neither 0 and O nor 1, I and L: it is read from one screen and typed at another.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH, _GROUP = 16, 4
_CODE = re.compile(f"[{_LETTERS}]{{{_LENGTH}}}")


def make_code(directory: Path, now: Callable[[], float] = time.time) -> str:
    """Return a new code; what was made in `directory` before is good no longer.

    Raises:
        StorageUnavailableError: it cannot be kept there.
    """
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    path = directory / _NAME
    new = path.with_name(f"{_NAME}.new")
    try:
        make_private(new)
        new.write_text(f"{_hash(letters)} {int(now()) + LIFETIME}\n", "ascii")
        new.replace(path)
    except OSError as error:
        raise StorageUnavailableError(
            f"cannot keep a code in {directory}: {error.strerror}; run this where the app runs: "
            "docker exec inkstand-app inkstand login-code"
        ) from error
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


class LoginCode:
    """The code that was made in `directory` last, if there is one; None: there never is."""

    def __init__(self, directory: Path | None, now: Callable[[], float] = time.time) -> None:
        self._path = directory and directory / _NAME
        self._now = now

    def redeem(self, said: str) -> bool:
        """Tell whether `said` is the code, which then is good no longer. Reads a file."""
        letters = re.sub(r"[-\s]", "", said).upper()
        if self._path is None or not _CODE.fullmatch(letters):
            return False
        try:
            kept, end = self._path.read_text("ascii").split()
            if not hmac.compare_digest(kept, _hash(letters)):
                return False
            # Whoever removes it is the one who may come in.
            self._path.unlink()
            return self._now() < int(end)
        except (OSError, ValueError):
            return False


def _hash(letters: str) -> str:
    return hashlib.sha256(letters.encode("ascii")).hexdigest()
