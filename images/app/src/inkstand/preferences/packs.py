"""What an owner's own packs may be called, and what a screen loses when one is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inkstand.errors import InvalidValueError, NameTakenError, PackError, PacksError
from inkstand.packs import pack, requests
from inkstand.packs.chosen import found, shipped
from inkstand.preferences.model import KEPT_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from inkstand.packs.pack import Pack, Source

MOST = 20
# No setting has that name: what is asked for anything at all.
_ANY = ""
Screen = dict[str, Any]


def name_of(text: str, own: Path, kept: Mapping[str, str]) -> str:
    """Return the name of the pack in `text`, if it can be kept beside those that are `kept`.

    `own` is the folder of those that are provisioned.

    Raises:
        PackError: it cannot be read.
        NameTakenError, PacksError: its name is another's, or there are as many as there may be.
    """
    name = pack.read(text).name
    if name in shipped():
        raise NameTakenError(f"{name} is a pack that ships; give yours another name in [pack]")
    if name in _provisioned(own):
        raise NameTakenError(
            f"{name} was deployed by host_vars; change it there, or give this one another name"
        )
    if name not in kept and len(kept) >= MOST:
        raise PacksError(f"There are {MOST} packs of your own; remove one that you need no more")
    return name


def _provisioned(own: Path) -> Iterator[str]:
    for path in own.glob("*.toml"):
        yield path.stem
        try:
            yield pack.examine(pack.decode(path.read_bytes()))[0].name
        except (PackError, OSError):
            continue


def shown_by(name: str, screens: Iterable[Screen]) -> list[str]:
    """Return the names of those of `screens` that show the pack `name`."""
    return [screen["name"] for screen in screens if screen["pack"] == name]


def as_allowed(
    name: str, before: str, after: str, screens: Iterable[Screen]
) -> tuple[list[Screen], list[str]]:
    """Return `screens` as they are when the text of the pack `name` is another, and who lost what.

    A secret was typed for the servers to which the pack sent it, and a private network was opened
    to those that it asked. Where it would send it to others, tell it, or ask others, that is taken
    back: the second value has the names of these screens.
    """
    every = list(screens)
    old, new = _read(before), _read(after)
    concerned = name if before != after else None
    changed = [_as_allowed(it, old, new) if it["pack"] == concerned else it for it in every]
    lost = [was["name"] for was, now in zip(every, changed, strict=True) if was != now]
    return changed, lost


def _as_allowed(screen: Screen, before: Pack | None, after: Pack | None) -> Screen:
    settings: dict[str, Any] = screen.get("settings") or {}
    known, new = _places(before, settings), _places(after, settings)
    lost = {
        name
        for name in (*settings, _ANY)
        if name == _ANY or before is None or _is_secret(before, name)
        if name not in new or not new[name] <= known.get(name, set())
    }
    changed: dict[str, Any] = {}
    if lost & settings.keys():
        changed["settings"] = {key: it for key, it in settings.items() if key not in lost}
    if _ANY in lost and screen.get("private"):
        changed["private"] = False
    return {**screen, **changed}


def refuse_misled(
    sent: Iterable[Screen],
    revealed: Iterable[Screen],
    before: Iterable[Screen],
    own: Path,
    kept: Mapping[str, str],
) -> None:
    """Do nothing if each secret of `revealed` that was sent as KEPT_SECRET goes where it went.

    Who may not read it could have it sent to a server of theirs. The owner's packs are files in the
    folder `own`, or `kept`.

    Raises:
        InvalidValueError: one would go to another server than it did `before`.
    """
    known = {(screen["name"], screen["pack"]): screen for screen in before}
    for marked, now in zip(sent, revealed, strict=True):
        settings = marked.get("settings") or {}
        if names := [name for name, value in settings.items() if value == KEPT_SECRET]:
            read = _found(now["pack"], own, kept)
            was = _places(read, known[now["name"], now["pack"]]["settings"])
            places = _places(read, now["settings"])
            for name in names:
                if not places.get(name, set()) <= was.get(name, set()):
                    raise InvalidValueError(
                        f"screens: {now['name']}: {name} was filled in for another server; "
                        "write the secret itself again"
                    )


def _is_secret(read: Pack, name: str) -> bool:
    return name in read.settings and read.settings[name].secret


def _found(name: str, own: Path, kept: Mapping[str, str]) -> Pack | None:
    try:
        return pack.read(found(name, own, kept)[0])
    except (PackError, OSError):
        return None


def _read(text: str) -> Pack | None:
    try:
        return pack.read(text)
    except PackError:
        return None


def _places(read: Pack | None, settings: Mapping[str, object]) -> dict[str, set[str]]:
    """Return to which servers each secret of a pack goes, and of _ANY all; {}: nobody can tell."""
    if read is None:
        return {}
    try:
        values = requests.resolve(read, settings)
        asked = {each.source: _server(each.url) for each in requests.requests(read, values)}
    except PackError:
        return {}
    sources = [read.sources[name] for name in asked]
    places = {
        name: {asked[each.name] for each in sources if _has(each, name)}
        for name in read.settings
        if _is_secret(read, name)
    }
    return {**places, _ANY: set(asked.values())}


def _has(source: Source, name: str) -> bool:
    texts = (source.url, *(value for _, value in source.headers))
    return any(name in pack.PLACEHOLDER.findall(text) for text in texts)


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
