"""What came from the sources, picked and put into words. Only for the process that draws packs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jmespath
from jmespath.exceptions import JMESPathError

from inkstand.errors import did_you_mean
from inkstand.language import ENGLISH, Language
from inkstand.packs import boxes
from inkstand.packs.formats import Asked, parse, short
from inkstand.packs.kinds import EXPRESSIONS, Kind
from inkstand.packs.pack import Format
from inkstand.packs.requests import Answer, fill_in, format_of
from inkstand.packs.table import dotted
from inkstand.packs.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from inkstand.errors import PackError
    from inkstand.packs.kinds import Expression, Part
    from inkstand.packs.lines import Path
    from inkstand.packs.pack import Pack, Source
    from inkstand.packs.requests import Value

_MAX_ITEMS = 40
_MAX_BARS = 400


def expression_problems(pack: Pack, now: datetime) -> list[PackError]:
    """Return what is wrong with how expressions and templates are written, from top to bottom."""
    templates, found = Templates(now, {}), []
    for path, expression in _expressions(pack):
        if problem := _expression_problem(expression):
            found.append(pack.error(path, f"{dotted(path)} is no JMESPath: {problem}"))
    for path, template in pack.layout.templates():
        if problem := templates.problem(template):
            found.append(pack.error(path, f"{dotted(path)} can not be read: {problem}"))
    return sorted(found, key=lambda error: error.line or 0)


def fill(
    pack: Pack,
    settings: Mapping[str, Value],
    answers: Mapping[str, Answer],
    now: datetime,
    language: Language = ENGLISH,
) -> boxes.Box:
    """Return the layout of `pack` filled in from what its sources answered.

    Raises:
        PackError: a source never answered, or not in its format; something picks nothing.
    """
    known: dict[str, Any] = {"settings": dict(settings)}
    pictures: dict[str, bytes] = {}
    for source in pack.sources.values():
        kind, answer = format_of(source, settings), answers.get(source.name)
        if kind is Format.SKY:
            answer = Answer(fill_in(source.at, settings).encode())
        asked = Asked(now, source.days, fill_in(source.stops, settings))
        data = None if answer is None else _data_of(pack, source, answer, kind, asked)
        if isinstance(data, bytes):
            pictures[source.name], data = data, None
        known[source.name] = data
    values = {
        name: _picked(pack, ("values", name), expression, known)
        for name, expression in pack.values.items()
    }
    known |= values
    templates = Templates(now, {**known, "now": now.isoformat()}, language)
    return _Filling(pack, known, templates, pictures).box(pack.layout)


def _data_of(pack: Pack, source: Source, answer: Answer, kind: Format, asked: Asked) -> Any:
    if answer.data is None:
        reason = f": {answer.error}" if answer.error else ""
        raise pack.error(("sources", source.name), f"{source.name} has not answered yet{reason}")
    try:
        return parse(kind, answer.data, asked)
    except ValueError as error:
        sentence = f"The answer of {source.name} can not be read as {kind}: {error}"
        raise pack.error(("sources", source.name), sentence) from error


def _expressions(pack: Pack) -> Iterator[tuple[Path, Expression]]:
    for name, expression in pack.values.items():
        yield ("values", name), expression
    for part in pack.layout.all_parts():
        for name in EXPRESSIONS:
            if name in part.options:
                yield (*part.path, name), part.options[name]


def _expression_problem(expression: Expression) -> str:
    if not expression.text:
        return ""
    try:
        jmespath.compile(expression.text)
    except JMESPathError as error:
        return short(error)
    return ""


def _picked(pack: Pack, path: Path, expression: Expression, known: Mapping[str, Any]) -> Any:
    """Return what `expression` picks; None where an owner left the setting empty that holds it.

    Raises:
        PackError: it picks nothing, or is wrong.
    """
    setting = expression.setting
    text = str(known["settings"][setting]) if setting else expression.text
    if not text:
        return None
    try:
        value = jmespath.search(text, known)
    except (JMESPathError, RecursionError, ValueError, TypeError) as error:
        raise pack.error(path, f"{setting or dotted(path)}: {short(error)}") from error
    if value is None:
        raise pack.error(path, f"{setting or dotted(path)}: {text} finds nothing in what came")
    return value


@dataclass(frozen=True, slots=True)
class _Filling:
    """The layout of one pack, while it is filled in from what is known."""

    pack: Pack
    known: Mapping[str, Any]
    templates: Templates
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def box(self, part: Part) -> boxes.Box:
        """Return `part` filled in."""
        if part.kind in (Kind.STACK, Kind.ROW):
            parts = tuple((below.share, self.box(below)) for below in part.parts)
            return boxes.Stack(parts) if part.kind is Kind.STACK else boxes.Row(parts)
        return _FILLERS[part.kind](self, part)

    def text(self, part: Part, name: str, **more: Any) -> str:
        """Return the template called `name`, filled in."""
        return self.template((*part.path, name), part.options[name], **more)

    def template(self, path: Path, template: str, **more: Any) -> str:
        """Return the `template` at `path`, filled in."""
        try:
            return self.templates.fill(template, **more)
        except ValueError as error:
            raise self.pack.error(path, f"{dotted(path)}: {error}") from error

    def items(self, part: Part) -> list[Any]:
        """Return what a list or a table is about."""
        found = _picked(self.pack, (*part.path, "items"), part.options["items"], self.known)
        if not isinstance(found, list):
            sentence = f"{dotted((*part.path, 'items'))} finds no list in what came"
            raise self.pack.error((*part.path, "items"), sentence)
        return found[:_MAX_ITEMS]

    def nothing(self, part: Part) -> str:
        """Return what is said when there are no items."""
        return self.text(part, "empty") or self.templates.language.text("Nothing")

    def bars(self, part: Part) -> tuple[float | None, ...]:
        """Return the heights of bars."""
        path = (*part.path, "bars")
        found = _picked(self.pack, path, part.options["bars"], self.known)
        if not isinstance(found, list | None):
            raise self.pack.error(path, f"{dotted(path)} finds no list of numbers in what came")
        return tuple(map(_height, (found or [])[-_MAX_BARS:]))


def _height(value: Any) -> float | None:
    try:
        height = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return height if math.isfinite(height) else None


def _fill_text(filling: _Filling, part: Part) -> boxes.Box:
    options = part.options
    text = filling.text(part, "text")
    return boxes.Text(text, options["align"], options["bold"], options["largest"])


def _fill_number(filling: _Filling, part: Part) -> boxes.Box:
    text, label, trend = (filling.text(part, name) for name in ("text", "label", "trend"))
    return boxes.Number(text, label, trend, filling.bars(part))


def _fill_list(filling: _Filling, part: Part) -> boxes.Box:
    rows = tuple(
        (
            filling.text(part, "title", item=item, index=index),
            filling.text(part, "detail", item=item, index=index),
        )
        for index, item in enumerate(filling.items(part))
    )
    return boxes.Rows(rows, filling.nothing(part), part.options["lines"])


def _fill_table(filling: _Filling, part: Part) -> boxes.Box:
    columns = list(enumerate(part.options["columns"]))
    rows = tuple(
        tuple(
            filling.template(
                (*part.path, "columns", place, "text"), column["text"], item=item, index=index
            )
            for place, column in columns
        )
        for index, item in enumerate(filling.items(part))
    )
    heads = tuple(
        filling.template((*part.path, "columns", place, "head"), column["head"])
        for place, column in columns
    )
    aligns = tuple(column["align"] for _, column in columns)
    return boxes.Grid(rows, aligns, heads if any(heads) else (), filling.nothing(part))


def _fill_picture(filling: _Filling, part: Part) -> boxes.Box:
    name, path = filling.text(part, "source"), (*part.path, "source")
    if name not in filling.pictures:
        sentence = f"{name} is no source of pictures{did_you_mean(name, filling.pictures)}"
        raise filling.pack.error(path, f"{dotted(path)}: {sentence}")
    return boxes.Picture(filling.pictures[name], part.options["framing"], part.options["tone"])


_FILLERS: Mapping[Kind, Callable[[_Filling, Part], boxes.Box]] = {
    Kind.TEXT: _fill_text,
    Kind.NUMBER: _fill_number,
    Kind.LIST: _fill_list,
    Kind.TABLE: _fill_table,
    Kind.BARS: lambda filling, part: boxes.Bars(filling.bars(part)),
    Kind.QR: lambda filling, part: boxes.Code(filling.text(part, "text")),
    Kind.PICTURE: _fill_picture,
    Kind.RULE: lambda *_: boxes.Rule(),
    Kind.SPACE: lambda *_: boxes.Space(),
}
