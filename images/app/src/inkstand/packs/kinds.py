"""The kinds of parts that a layout is made of, and what each takes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkstand.errors import did_you_mean
from inkstand.rendering import Align, Framing, Tone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from inkstand.packs.lines import Path
    from inkstand.packs.table import Table

_DEEPEST, _MAX_PARTS = 5, 12
_LARGEST_TEXT = 96
_ALIGNS = (Align.START, Align.CENTRE, Align.END)


class Kind(enum.StrEnum):
    """What a part of a layout is."""

    STACK = "stack"
    ROW = "row"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"
    TABLE = "table"
    BARS = "bars"
    QR = "qr"
    PICTURE = "picture"
    RULE = "rule"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Expression:
    """What picks a value: JMESPath, or the name of the `setting` in which an owner wrote some."""

    text: str = ""
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a layout, at `path` of the file; `share` is its weight among its neighbours."""

    kind: Kind
    path: Path
    share: float
    options: Mapping[str, Any]
    parts: tuple[Part, ...] = ()

    def all_parts(self) -> Iterator[Part]:
        """Yield this one, and those in it."""
        yield self
        for below in self.parts:
            yield from below.all_parts()

    def templates(self) -> Iterator[tuple[Path, str]]:
        """Yield each template of all parts, and where it stands."""
        for part in self.all_parts():
            for name in TEMPLATES:
                if part.options.get(name):
                    yield (*part.path, name), part.options[name]
            for place, column in enumerate(part.options.get("columns", ())):
                yield (*part.path, "columns", place, "head"), column["head"]
                yield (*part.path, "columns", place, "text"), column["text"]


def read_expression(table: Table, key: str, settings: Mapping[str, object]) -> Expression:
    """Return the expression at `key`: JMESPath, or {setting = "name"}."""
    table.asked.add(key)
    given = table.data.get(key, "")
    if isinstance(given, str):
        return Expression(given)
    if not isinstance(given, dict) or given.keys() != {"setting"}:
        table.complain('has to be JMESPath in quotes, or {setting = "NAME"}', key)
        return Expression()
    name = given["setting"]
    if name not in settings:
        table.complain(f"is no setting{did_you_mean(str(name), settings)}", key, "setting")
    return Expression(setting=str(name))


def _needed(read: Callable[..., Any]) -> Callable[..., Any]:
    """Return `read` for what has to be there."""

    def read_it(table: Table, key: str, settings: Mapping[str, object]) -> Any:
        if key not in table.data:
            table.complain(f"needs {key}")
        return read(table, key, settings)

    return read_it


def _text(table: Table, key: str, _: Mapping[str, object]) -> str:
    return table.text(key)


def _align(table: Table, key: str, _: Mapping[str, object]) -> Align | None:
    given = table.choice(key, [align.value for align in _ALIGNS], "")
    return Align(given) if given else None


def _flag(table: Table, key: str, _: Mapping[str, object]) -> bool:
    return bool(table.take(key, bool, default=False))


def _size(table: Table, key: str, _: Mapping[str, object]) -> int:
    return int(table.number(key, 10, _LARGEST_TEXT, _LARGEST_TEXT))


def _lines(table: Table, key: str, _: Mapping[str, object]) -> int:
    return int(table.number(key, 1, 5, 2))


def _framing(table: Table, key: str, _: Mapping[str, object]) -> Framing:
    return Framing(table.choice(key, Framing, Framing.FIT))


def _tone(table: Table, key: str, _: Mapping[str, object]) -> Tone:
    return Tone(table.choice(key, Tone, Tone.DITHER))


def _columns(table: Table, key: str, settings: Mapping[str, object]) -> list[dict[str, Any]]:
    columns = []
    for column in table.listed(key):
        columns.append(
            {
                "text": _needed(_text)(column, "text", settings),
                "head": column.text("head"),
                "align": _align(column, "align", settings),
            }
        )
        column.done()
    return columns


# What each kind takes beside `kind` and `share`: how it is read.
OPTIONS: Mapping[Kind, Mapping[str, Callable[..., Any]]] = {
    Kind.STACK: {},
    Kind.ROW: {},
    Kind.TEXT: {"text": _needed(_text), "align": _align, "bold": _flag, "largest": _size},
    Kind.NUMBER: {
        "text": _needed(_text),
        "label": _text,
        "trend": _text,
        "bars": read_expression,
    },
    Kind.LIST: {
        "items": _needed(read_expression),
        "title": _needed(_text),
        "detail": _text,
        "empty": _text,
        "lines": _lines,
    },
    Kind.TABLE: {
        "items": _needed(read_expression),
        "columns": _needed(_columns),
        "empty": _text,
    },
    Kind.BARS: {"bars": _needed(read_expression)},
    Kind.QR: {"text": _needed(_text)},
    Kind.PICTURE: {"source": _needed(_text), "framing": _framing, "tone": _tone},
    Kind.RULE: {},
    Kind.SPACE: {},
}
# Which of them are templates, by kind; those of lists and tables are filled in for each item.
TEMPLATES = ("text", "label", "trend", "title", "detail", "empty")
EXPRESSIONS = ("bars", "items")


def read(table: Table, settings: Mapping[str, object], depth: int = 1) -> Part:
    """Return the part that `table` describes, and those in it."""
    kind = Kind(table.choice("kind", Kind, Kind.SPACE, required=True))
    options = {name: take(table, name, settings) for name, take in OPTIONS[kind].items()}
    share = table.number("share", 0.05, 100.0, 1.0)
    parts = _parts(table, settings, depth) if kind in (Kind.STACK, Kind.ROW) else ()
    if "kind" in table.data:
        table.done()
    return Part(kind, table.path, share, options, parts)


def _parts(table: Table, settings: Mapping[str, object], depth: int) -> tuple[Part, ...]:
    below = list(table.listed("parts", required=True))
    if depth >= _DEEPEST:
        table.complain(f"is too deep; a layout has at most {_DEEPEST} parts in each other", "parts")
        return ()
    if len(below) > _MAX_PARTS:
        table.complain(f"has {len(below)} of them; a part has at most {_MAX_PARTS}", "parts")
    return tuple(read(each, settings, depth + 1) for each in below)
