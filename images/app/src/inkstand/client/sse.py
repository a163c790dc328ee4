"""Server-Sent Events, as lines of bytes (WHATWG HTML, section 9.2); pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the server; `data` is what its JSON says."""

    id: str
    type: str
    data: Any


@dataclass(slots=True)
class _Fields:
    """The fields of an event that is not complete yet."""

    type: str = ""
    data: list[str] = field(default_factory=list)


class Reader:
    """Makes events of lines, and remembers `last_id` over several streams."""

    def __init__(self) -> None:
        self.last_id = ""
        self._fields = _Fields()

    def events(self, lines: Iterable[bytes]) -> Iterator[Event]:
        """Yield what the lines of one stream say; what it broke off in is forgotten."""
        self._fields = _Fields()
        for line in lines:
            event = self._take(line.decode("utf-8", "replace").rstrip("\r\n"))
            if event is not None:
                yield event

    def _take(self, line: str) -> Event | None:
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id" if "\0" not in value:
                self.last_id = value
            case "event":
                self._fields.type = value
            case "data":
                self._fields.data.append(value)
        return None

    def _complete(self) -> Event | None:
        fields, self._fields = self._fields, _Fields()
        if not fields.data:
            return None
        try:
            data = json.loads("\n".join(fields.data))
        except ValueError:
            # A newer server may send what is no JSON; it is for somebody else.
            return None
        return Event(self.last_id, fields.type or "message", data)
