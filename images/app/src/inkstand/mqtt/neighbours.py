"""The other appliances of the broker, by what they leave there. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from inkstand.api.neighbours import LONGEST, MOST, Neighbour
from inkstand.config import NAME
from inkstand.errors import InvalidValueError
from inkstand.mqtt.discovery import OFFLINE, ONLINE

_GREATEST = 1_000_000
_NOTHING = Neighbour(
    name="", online=False, screen=None, message=None, waiting=None, panel=None, button=None
)


class Neighbours:
    """Those that are known; never `own`, which is the name of this one."""

    def __init__(self, own: str) -> None:
        self._own = own
        # None: it has not told that, or has cleared it.
        self._online: dict[str, bool | None] = {}
        self._states: dict[str, Neighbour | None] = {}

    @property
    def all(self) -> list[Neighbour]:
        """They, by their names."""
        return [
            replace(self._states.get(name) or _NOTHING, name=name, online=bool(online))
            for name, online in sorted(self._online.items())
        ]

    def forget(self) -> None:
        """Know nobody, as without a broker."""
        self._online.clear()
        self._states.clear()

    def take(self, name: str, what: str, payload: bytes) -> None:
        """Note what `name` says of its `availability` or `state`; nothing: that is cleared.

        Raises:
            InvalidValueError: it is nothing that an appliance says, or there are too many of them.
        """
        if name == self._own:
            return
        if not NAME.fullmatch(name):
            raise InvalidValueError("no appliance has such a name")
        online, state = self._online.get(name), self._states.get(name)
        if what == "availability":
            online = _online(payload)
        else:
            state = _state(payload)
        self._note(name, online, state)

    def _note(self, name: str, online: bool | None, state: Neighbour | None) -> None:
        if online is None and state is None:
            self._online.pop(name, None)
            self._states.pop(name, None)
            return
        if name not in self._online and len(self._online) >= MOST:
            raise InvalidValueError(f"there are {MOST} already")
        self._online[name], self._states[name] = online, state


def _online(payload: bytes) -> bool | None:
    if payload not in {b"", ONLINE.encode(), OFFLINE.encode()}:
        raise InvalidValueError(f"it is neither {ONLINE} nor {OFFLINE}")
    return payload == ONLINE.encode() if payload else None


def _state(payload: bytes) -> Neighbour | None:
    if not payload:
        return None
    try:
        told: Any = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("it is no JSON") from error
    if not isinstance(told, dict):
        raise InvalidValueError("it is no JSON object")
    return replace(
        _NOTHING,
        screen=_text(told.get("screen")),
        message=_text(told.get("message")),
        waiting=_count(told.get("waiting")),
        panel=_text(told.get("panel")),
        button=_text(told.get("button")),
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValueError("what has to be text in it is none")
    # On one line, without what nobody sees.
    return "".join(sign if sign.isprintable() else " " for sign in value[:LONGEST])


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _GREATEST:
        raise InvalidValueError("what has to be a count in it is none")
    return value
