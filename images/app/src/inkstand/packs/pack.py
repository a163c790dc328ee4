"""What a pack is, and how its file is read. Nothing of it is run here.

The format is described in docs/packs.md.
"""

from __future__ import annotations

import enum
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from inkstand.errors import PackError, did_you_mean
from inkstand.packs import kinds
from inkstand.packs.lines import find_lines, line_of
from inkstand.packs.table import NAME, Problems, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inkstand.packs.kinds import Expression, Part
    from inkstand.packs.lines import Path

MAX_FILE = 64 * 1024
MAX_ANSWER = 1024 * 1024
_MAX_SOURCES, _MAX_SETTINGS, _MAX_VALUES = 8, 20, 50
_YEAR = 366 * 24 * 60
# What a template knows beside values and sources.
RESERVED = frozenset({"settings", "now", "item", "index"})
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# tomllib takes a time for a key that grows with the square of its dots: minutes on a Pi Zero.
_DEEP_KEY = re.compile(r"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""")
_NO_TOML = re.compile(r" \(at line (\d+), column \d+\)$")


class SettingType(enum.StrEnum):
    """What an owner fills in; a list is texts with commas between them."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    URL = "url"
    LIST = "list"
    SECRET = "secret"  # noqa: S105 - the word


class Format(enum.StrEnum):
    """How the bytes of an answer become data."""

    JSON = "json"
    CSV = "csv"
    FEED = "feed"
    ICAL = "ical"
    TEXT = "text"
    PICTURE = "picture"
    SKY = "sky"
    GTFS_RT = "gtfs-rt"
    TRMNL = "trmnl"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that an owner fills in; `default` is None where it has to be."""

    name: str
    about: str
    type: SettingType
    default: str | float | None
    choices: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where data come from; url, headers, format, at and stops may hold {names} of settings.

    `every` is the time between two requests, `days` how far a calendar is read, `stops` whose
    departures are read. What is worked out and not fetched has no url, but the place `at` which
    it is.
    """

    name: str
    format: str
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    every: timedelta = timedelta(hours=1)
    max_bytes: int = MAX_ANSWER
    days: int = 14
    at: str = ""
    stops: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """What a preview shows: answers (or `file:` and a name), settings, and the time."""

    answers: Mapping[str, Any]
    settings: Mapping[str, Any]
    now: datetime | None


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack; `lines` are those of its file. `stale_after`: None where each source has its own."""

    name: str
    about: str
    version: str
    licence: str
    stale_after: timedelta | None
    settings: Mapping[str, Setting]
    sources: Mapping[str, Source]
    values: Mapping[str, Expression]
    layout: Part
    example: Example
    lines: Mapping[Path, int] = field(repr=False)

    def error(self, path: Path, sentence: str) -> PackError:
        """Return the error that what stands at `path` of the file is wrong."""
        return PackError(sentence, line_of(dict(self.lines), path))

    def age_limit(self, source: str, every: timedelta | None = None) -> timedelta:
        """Return how old data of `source` may become before their age is shown.

        `every` is what its server asked for in place of what the pack says.
        """
        return self.stale_after or 3 * (every or self.sources[source].every)


def read(text: str) -> Pack:
    """Return the pack that the TOML `text` describes.

    Raises:
        PackError: the first thing that is wrong with it.
    """
    pack, problems = examine(text)
    if problems:
        raise problems[0]
    return pack


def problems(text: str) -> list[PackError]:
    """Return what is wrong with the pack that `text` describes, from top to bottom."""
    try:
        return examine(text)[1]
    except PackError as error:
        return [error]


def decode(data: bytes) -> str:
    """Return the text of a pack's file.

    Raises:
        PackError: it is too large, or no UTF-8.
    """
    if len(data) > MAX_FILE:
        raise PackError(f"the file has {len(data)} bytes; a pack has at most {MAX_FILE}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PackError("this is no UTF-8; save the file in that encoding", line) from error


def examine(text: str) -> tuple[Pack, list[PackError]]:
    """Return the pack as far as it can be read, and what is wrong with it.

    Raises:
        PackError: it is no TOML.
    """
    found = Problems(find_lines(text))
    pack = _read(Table(_parse(text), (), found), found)
    return pack, sorted(found.found, key=lambda error: error.line or 0)


def _parse(text: str) -> dict[str, Any]:
    if deep := _DEEP_KEY.search(text):
        raise PackError("a name has too many dots", text.count("\n", 0, deep.start()) + 1)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _NO_TOML.search(str(error))
        sentence = _NO_TOML.sub("", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise PackError(f"this is no TOML: {sentence}", line) from error
    except RecursionError as error:
        raise PackError("this is no TOML: lists in lists without end") from error


def _read(root: Table, found: Problems) -> Pack:
    about = root.table("pack", required=True)
    settings = _limited(root, "settings", _MAX_SETTINGS, map(_setting, root.tables("settings")))
    sources = _limited(
        root, "sources", _MAX_SOURCES, (_source(*it, settings) for it in root.tables("sources"))
    )
    minutes = about.number("stale_after", 0, _YEAR, 0)
    pack = Pack(
        name=about.text("name", required=True),
        about=about.text("about"),
        version=about.text("version", "1"),
        licence=about.text("licence"),
        stale_after=timedelta(minutes=minutes) or None,
        settings=settings,
        sources=sources,
        values=_values(root.table("values"), settings, sources),
        layout=kinds.read(root.table("layout", required=True), settings),
        example=_example(root.table("example"), sources, settings),
        lines=found.lines,
    )
    if pack.name and not NAME.fullmatch(pack.name.replace("-", "_")):
        about.complain("is no name; use a to z, 0 to 9, - and _", "name")
    for table in (about, root):
        table.done()
    return pack


def _limited(root: Table, key: str, limit: int, found: Iterable[Any]) -> dict[str, Any]:
    named = {each.name: each for each in found}
    if len(named) > limit:
        root.complain(f"has {len(named)} of them; a pack has at most {limit}", key)
    return named


def _setting(named: tuple[str, Table]) -> Setting:
    name, table = named
    kind = SettingType(table.choice("type", SettingType, SettingType.TEXT))
    setting = Setting(
        name=name,
        about=table.text("about", required=True),
        type=kind,
        default=table.take("default", float if kind is SettingType.NUMBER else str),
        choices=_choices(table, required=kind is SettingType.CHOICE),
        secret=table.take("secret", bool, kind is SettingType.SECRET),
    )
    if setting.choices and setting.default not in (None, *setting.choices):
        table.complain("has to be one of the choices", "default")
    if setting.secret and setting.default:
        table.complain("has to be empty: what everybody can read is no secret", "default")
    table.done()
    return setting


def _choices(table: Table, *, required: bool) -> tuple[str, ...]:
    if not required:
        return ()
    choices = table.take("choices", list, [], required=True)
    if all(isinstance(choice, str) for choice in choices):
        return tuple(choices)
    table.complain("has to be a list of texts", "choices")
    return ()


def _source(name: str, table: Table, settings: Mapping[str, Setting]) -> Source:
    if name in RESERVED:
        table.complain("is a name that templates have already; take another")
    kind = _format(table, settings)
    source = (
        _worked_out(name, table, settings)
        if kind == Format.SKY
        else _fetched(name, kind, table, settings)
    )
    table.done()
    return source


def _worked_out(name: str, table: Table, settings: Mapping[str, Setting]) -> Source:
    return Source(name, Format.SKY, at=_filled(table, "at", settings))


def _filled(table: Table, key: str, settings: Mapping[str, Setting]) -> str:
    text = table.text(key, required=True)
    _check_placeholders(table, key, text, settings)
    return text


def _fetched(name: str, kind: str, table: Table, settings: Mapping[str, Setting]) -> Source:
    return Source(
        name=name,
        format=kind,
        url=_url(table, settings),
        headers=_headers(table.table("headers"), settings),
        every=timedelta(minutes=table.number("every", 1, _YEAR, 60)),
        max_bytes=int(table.number("max_bytes", 1, MAX_ANSWER, MAX_ANSWER)),
        days=int(table.number("days", 1, 366, 14)),
        stops=_filled(table, "stops", settings) if kind == Format.GTFS_RT else "",
    )


def _url(table: Table, settings: Mapping[str, Setting]) -> str:
    url = table.text("url", required=True)
    first = PLACEHOLDER.match(url)
    whole = first and first[1] in settings and settings[first[1]].type is SettingType.URL
    if url and not whole and not url.startswith(("http://", "https://")):
        table.complain(
            "has to begin with http://, https:// or with a setting whose type is url", "url"
        )
    _check_placeholders(table, "url", url, settings)
    return url


def _headers(table: Table, settings: Mapping[str, Setting]) -> tuple[tuple[str, str], ...]:
    headers = []
    for name in table.data:
        value = table.text(name)
        if not _HEADER_NAME.fullmatch(name):
            table.complain("is no name of a header", name)
        if not value.isprintable():
            table.complain("can not have ends of lines", name)
        _check_placeholders(table, name, value, settings)
        headers.append((name, value))
    return tuple(headers)


def _format(table: Table, settings: Mapping[str, Setting]) -> str:
    given = table.text("format", Format.JSON)
    name = PLACEHOLDER.fullmatch(given)
    choices = settings[name[1]].choices if name and name[1] in settings else ()
    if choices and set(choices) <= set(Format):
        return given
    return table.choice("format", Format, Format.JSON)


def _check_placeholders(table: Table, key: str, text: str, settings: Mapping[str, Setting]) -> None:
    for name in PLACEHOLDER.findall(text):
        if name not in settings:
            known = did_you_mean(name, settings)
            table.complain(f"has {{{name}}}, which is no setting{known}", key)


def _values(
    table: Table, settings: Mapping[str, Setting], sources: Mapping[str, Source]
) -> dict[str, Expression]:
    if len(table.data) > _MAX_VALUES:
        table.complain(f"has {len(table.data)} of them; a pack has at most {_MAX_VALUES}")
    for name in table.data:
        if table.is_name(name) and name in {*RESERVED, *sources}:
            table.complain("is the name of something else; take another", name)
    return {name: kinds.read_expression(table, name, settings) for name in table.data}


def _example(
    table: Table, sources: Mapping[str, Source], settings: Mapping[str, Setting]
) -> Example:
    given = table.take("settings", dict, {})
    for name in given.keys() - settings.keys():
        table.complain(f"is no setting{did_you_mean(name, settings)}", "settings", name)
    now = table.data.get("now")
    if isinstance(now, date) and not isinstance(now, datetime):
        now = datetime.combine(now, time(12))
    if now is not None and not isinstance(now, datetime):
        table.complain("has to be a time, such as 2026-11-28T14:05:00", "now")
        now = None
    table.asked |= {"now", *sources}
    table.done()
    return Example({it: table.data[it] for it in sources if it in table.data}, given, now)
