"""What an owner filled in, and what is asked of the sources then. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from inkstand.errors import PackError, did_you_mean
from inkstand.packs.pack import PLACEHOLDER, Format, SettingType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from inkstand.packs.pack import Pack, Setting, Source

Value = str | float | list[str]
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_MAX_TEXT = 4000
# Halves of a character, which JSON can have and no URL.
_HALF = re.compile("[\ud800-\udfff]")
_HIDDEN = "…"
# What is read of these depends on when that is, and the text of a template that has one of these.
_TIMED_FORMATS = frozenset({Format.ICAL, Format.SKY, Format.GTFS_RT})
_TIMED_NAMES = re.compile(r"\b(?:now|days_until)\b")


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch for one source; url and headers may hold secrets and are not for logs."""

    source: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    every: timedelta
    max_bytes: int
    format: Format = Format.JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """What came from a source last and when (aware), or in `error` why nothing ever did.

    `every` is how often its server wants to be asked, None if it did not say.
    """

    data: bytes | None
    fetched_at: datetime | None = None
    error: str = ""
    every: timedelta | None = None


def resolve(pack: Pack, given: Mapping[str, object]) -> dict[str, Value]:
    """Return the value of each setting of `pack`: the owner's, or its default.

    Raises:
        PackError: one is missing, not known, or of the wrong kind. It quotes no secret.
    """
    for name in given:
        if name not in pack.settings:
            known = did_you_mean(name, pack.settings)
            raise PackError(f"{name} is no setting of {pack.name}{known}")
    return {name: _value(each, given.get(name)) for name, each in pack.settings.items()}


def requests(pack: Pack, settings: Mapping[str, Value]) -> tuple[Request, ...]:
    """Return what to fetch; a source of which the address is a setting left empty is not asked.

    Raises:
        PackError: a setting does not fit where it stands. It quotes no secret.
    """
    asked = [_request(pack, source, settings) for source in pack.sources.values()]
    return tuple(request for request in asked if request.url)


def format_of(source: Source, settings: Mapping[str, Value]) -> Format:
    """Return the format of `source`, which may be a setting."""
    name = PLACEHOLDER.fullmatch(source.format)
    return Format(str(settings[name[1]])) if name else Format(source.format)


def tells_time(pack: Pack, settings: Mapping[str, Value]) -> bool:
    """Return whether its picture may be another later, though what its sources answer is not."""
    formats = {format_of(source, settings) for source in pack.sources.values()}
    texts = (text for _, text in pack.layout.templates())
    return bool(formats & _TIMED_FORMATS) or any(map(_TIMED_NAMES.search, texts))


def fill_in(text: str, settings: Mapping[str, Value]) -> str:
    """Return `text` with each {name} of a setting replaced by its value."""
    return PLACEHOLDER.sub(lambda match: _written(settings[match[1]]), text)


def hide(text: str, pack: Pack, settings: Mapping[str, Value]) -> str:
    """Return `text` without what is secret in `settings`, also where it is percent-encoded."""
    for name, setting in pack.settings.items():
        secret = _written(settings.get(name, "")) if setting.secret else ""
        for form in {secret, quote(secret, safe="")} - {""}:
            text = text.replace(form, _HIDDEN)
    return text


def _value(setting: Setting, given: object) -> Value:
    value = setting.default if given is None else given
    if value is None:
        raise PackError(f"{setting.name} is not set: {setting.about}")
    if setting.type is SettingType.NUMBER:
        return _number(setting, value)
    if setting.type is SettingType.LIST and isinstance(value, list):
        value = ",".join(map(str, value))
    if not isinstance(value, str) or len(value) > _MAX_TEXT or _HALF.search(value):
        raise PackError(f"{setting.name} has to be a text of at most {_MAX_TEXT} characters")
    return _checked(setting, value)


def _number(setting: Setting, value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise PackError(f"{setting.name} has to be a number")
    return int(number) if number.is_integer() else number


def _checked(setting: Setting, value: str) -> Value:
    if setting.type is SettingType.LIST:
        return [text.strip() for text in value.split(",") if text.strip()]
    if setting.choices and value not in setting.choices:
        known = did_you_mean(value, setting.choices)
        raise PackError(f"{setting.name} can not be that{known}")
    if setting.type is SettingType.URL and value and not _is_url(value):
        raise PackError(f"{setting.name} has to be an address that begins with http:// or https://")
    return value


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.netloc))
    except ValueError:
        return False
    return good and value.isprintable() and " " not in value


def _request(pack: Pack, source: Source, settings: Mapping[str, Value]) -> Request:
    return Request(
        source.name,
        _filled_url(pack, source, settings),
        tuple((name, _filled_header(pack, value, settings)) for name, value in source.headers),
        source.every,
        source.max_bytes,
        format_of(source, settings),
    )


def _filled_url(pack: Pack, source: Source, settings: Mapping[str, Value]) -> str:
    first = PLACEHOLDER.match(source.url)
    start = _written(settings[first[1]]) if first else ""
    if first and not start:
        return ""
    pieces = PLACEHOLDER.split(source.url[first.end() :] if first else source.url)
    return start + "".join(_url_pieces(pack, pieces, settings, whole=bool(first)))


def _url_pieces(
    pack: Pack, pieces: list[str], settings: Mapping[str, Value], *, whole: bool
) -> Iterable[str]:
    """Yield text and filled settings in turn, as they stand in `pieces`."""
    before = ""
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            before += piece
            yield piece
        elif whole or re.search(r"://[^/?#]*[/?#]", before):
            yield quote(_written(settings[piece]), safe="")
        else:
            yield _host(pack.settings[piece], _written(settings[piece]))


def _host(setting: Setting, value: str) -> str:
    if not _HOST.fullmatch(value):
        raise PackError(f"{setting.name} has to be the name or address of a host")
    return value


def _filled_header(pack: Pack, value: str, settings: Mapping[str, Value]) -> str:
    for name in PLACEHOLDER.findall(value):
        if not _written(settings[name]).isprintable():
            raise PackError(f"{pack.settings[name].name} can not have ends of lines")
    return fill_in(value, settings)


def _written(value: Value) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
