"""What the sources of a pack answer in its example, so that it is seen without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.packs.requests import Answer

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.packs.pack import Pack

_FILE = "file:"


def answers(read: Pack, folder: Path | None) -> dict[str, Answer]:
    """Return what the sources of a pack answer in its example; its file is in `folder`, if any.

    Raises:
        PackError: a file of it cannot be read.
    """
    return {
        name: Answer(_example_bytes(read, name, value, folder))
        for name, value in read.example.answers.items()
    }


def now(read: Pack, now: datetime) -> datetime:
    """Return the time of the example, in the zone of `now`, or `now` if it has none."""
    moment = read.example.now or now
    return moment.astimezone(now.tzinfo) if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _example_bytes(read: Pack, name: str, value: Any, folder: Path | None) -> bytes:
    if not isinstance(value, str):
        return json.dumps(value, default=str).encode()
    if not value.startswith(_FILE):
        return value.encode()
    if folder is None:
        sentence = f"example.{name}: a pack that is kept here has no file beside it; write it here"
        raise read.error(("example", name), sentence)
    # Beside the pack and nowhere else: a pack may come from a stranger.
    path = folder / Path(value.removeprefix(_FILE)).name
    try:
        return path.read_bytes()
    except OSError as error:
        sentence = f"example.{name}: cannot read {path.name}: {error.strerror}"
        raise read.error(("example", name), sentence) from error
