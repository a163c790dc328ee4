"""The keys that tokens are signed with: the first signs, all of them verify."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """A secret, and the public name by which a token says that it was signed with it."""

    id: str
    secret: str = field(repr=False)


def parse_keys(text: str) -> tuple[Key, ...]:
    """Return the keys in `text`, one a line; blank lines do not count."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(Key(_name(line), line) for line in dict.fromkeys(lines) if line)


def _name(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:8]
