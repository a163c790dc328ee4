"""Packs that an owner has chosen: each with a name, its file, and what was filled in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.errors import ConfigError, PackError, did_you_mean
from inkstand.packs import NO_PACKS, pack, requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.packs.pack import Pack
    from inkstand.packs.requests import Request

    Screens = Mapping[str, Mapping[str, object]]

SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class ChosenPack:
    """A pack as it is on the glass; `settings` may hold secrets.

    `private` lets its sources be at addresses of a private network, with `example` none is asked.
    `folder` is where its file is, None: it has none. With a `problem` that is all there is to show.
    """

    name: str
    text: str = field(repr=False)
    pack: Pack
    folder: Path | None
    settings: Mapping[str, object] = field(repr=False)
    requests: tuple[Request, ...]
    private: bool
    example: bool
    problem: str = ""


def shipped() -> dict[str, Path]:
    """Return the file of each pack that ships, by its name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def read_chosen(
    screens: Screens, own: Path, kept: Mapping[str, str] = NO_PACKS
) -> tuple[ChosenPack, ...]:
    """Return the packs of the setting `screens`.

    Those of an owner are files in the folder `own`, or `kept`.

    Raises:
        ConfigError: one cannot be read, or what was filled in is wrong; it quotes no secret.
    """
    return tuple(_chosen(name, table, own, kept) for name, table in screens.items())


def read_shown(screens: Screens, own: Path, kept: Mapping[str, str]) -> tuple[ChosenPack, ...]:
    """Return the same; one that is kept may be wrong, since it or this program is another now.

    Raises:
        ConfigError: one of the others is wrong.
    """
    return tuple(
        _kept(name, table, kept) if table["pack"] in kept else _chosen(name, table, own, NO_PACKS)
        for name, table in screens.items()
    )


def _kept(name: str, table: Mapping[str, object], kept: Mapping[str, str]) -> ChosenPack:
    text = kept[str(table["pack"])]
    try:
        return _made(name, table, text, None)
    except PackError as error:
        nothing, _ = pack.examine("")
        return ChosenPack(
            name, text, nothing, None, {}, (), private=False, example=False, problem=error.detail
        )


def _chosen(
    name: str, table: Mapping[str, object], own: Path, kept: Mapping[str, str]
) -> ChosenPack:
    try:
        return _made(name, table, *found(str(table["pack"]), own, kept))
    except OSError as error:
        raise ConfigError(
            f"screens: {name}: cannot read {error.filename}: {error.strerror}"
        ) from error
    except PackError as error:
        raise ConfigError(f"screens: {name}: {error}") from error


def _made(name: str, table: Mapping[str, object], text: str, folder: Path | None) -> ChosenPack:
    read = pack.read(text)
    example, private = table.get("example") is True, table.get("private") is True
    given: Mapping[str, Any] = table.get("settings") or {}  # type: ignore[assignment]
    settings = {**read.example.settings, **given} if example else given
    asked = requests.requests(read, requests.resolve(read, settings))
    return ChosenPack(name, text, read, folder, settings, asked, private, example)


def found(name: str, own: Path, kept: Mapping[str, str]) -> tuple[str, Path | None]:
    """Return the text of the pack called `name`, and the folder of its file, if it has one.

    Raises:
        PackError, OSError: there is none, or its file cannot be read.
    """
    # First: a release may bring one of that name, and its secrets are for the one that is kept.
    if name in kept:
        return kept[name], None
    path = find(name, own)
    return pack.decode(path.read_bytes()), path.parent


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
