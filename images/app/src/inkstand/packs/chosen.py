"""Packs that an owner has chosen: each with a name, its file, and what was filled in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.errors import ConfigError, PackError, did_you_mean
from inkstand.packs import pack, requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.packs.pack import Pack
    from inkstand.packs.requests import Request

SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class ChosenPack:
    """A pack as it is on the glass; `settings` may hold secrets.

    `private` lets its sources be at addresses of a private network, with `example` none is asked.
    """

    name: str
    text: str = field(repr=False)
    pack: Pack
    folder: Path
    settings: Mapping[str, object] = field(repr=False)
    requests: tuple[Request, ...]
    private: bool
    example: bool


def shipped() -> dict[str, Path]:
    """Return the file of each pack that ships, by its name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def read_chosen(screens: Mapping[str, Mapping[str, object]], own: Path) -> tuple[ChosenPack, ...]:
    """Return the packs of the setting `screens`; those of an owner are files in the folder `own`.

    Raises:
        ConfigError: one cannot be read, or what was filled in is wrong; it quotes no secret.
    """
    return tuple(_chosen(name, table, own) for name, table in screens.items())


def _chosen(name: str, table: Mapping[str, object], own: Path) -> ChosenPack:
    try:
        return _read(name, table, own)
    except OSError as error:
        raise ConfigError(
            f"screens: {name}: cannot read {error.filename}: {error.strerror}"
        ) from error
    except PackError as error:
        raise ConfigError(f"screens: {name}: {error}") from error


def _read(name: str, table: Mapping[str, object], own: Path) -> ChosenPack:
    path = find(str(table["pack"]), own)
    text = pack.decode(path.read_bytes())
    read = pack.read(text)
    example, private = table.get("example") is True, table.get("private") is True
    given: Mapping[str, Any] = table.get("settings") or {}  # type: ignore[assignment]
    settings = {**read.example.settings, **given} if example else given
    asked = requests.requests(read, requests.resolve(read, settings))
    return ChosenPack(name, text, read, path.parent, settings, asked, private, example)


def find(name: str, own: Path | None = None) -> Path:
    """Return the file of the pack called `name`: one that ships, or a file.

    With `own` a file is in that folder, whatever folder `name` has.

    Raises:
        PackError: there is none that ships.
    """
    if not name.isprintable():
        raise PackError("the name of a pack has no characters that cannot be seen")
    known = shipped()
    if name in known:
        return known[name]
    if Path(name).suffix or os.sep in name:
        return own / Path(name).name if own else Path(name)
    raise PackError(f"there is no pack {name}{did_you_mean(name, known)}")
