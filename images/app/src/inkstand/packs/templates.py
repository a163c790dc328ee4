"""Jinja2 in a sandbox, with what texts of packs need. Only for the process that draws packs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from inkstand.language import ENGLISH, Language
from inkstand.wifi import escape_wifi

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT = 5000
# Thousands are set apart from here on, as in ISO 80000-1; 1,234 is two numbers in half of Europe.
_GROUPED_FROM = 10_000
_THIN = "\u202f"
_MAX_DIGITS = 6
# What expressions in a template raise; memory and time are the business of the process.
_MISTAKES = (
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,
    OSError,
)


# By the last of the codes of WMO 4677 that mean it, as forecasts have them.
_WEATHER = (
    (0, "☀", "Clear"),
    (1, "☀", "Mostly clear"),
    (2, "⛅", "Partly cloudy"),
    (3, "☁", "Cloudy"),
    (48, "🌫", "Fog"),
    (57, "☂", "Drizzle"),
    (67, "☂", "Rain"),
    (77, "❄", "Snow"),
    (82, "☂", "Showers"),
    (86, "❄", "Snow showers"),
    (99, "⚡", "Thunderstorm"),
)


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which `item.values` is what the data have of that name, not a method."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what `obj.attribute` means in a template."""
        if isinstance(obj, dict):
            return obj.get(attribute, self.undefined(obj=obj, name=attribute))
        return super().getattr(obj, attribute)


class Templates:
    """Templates with the same things to name in each; times are told in the zone of `now`."""

    def __init__(
        self, now: datetime, known: Mapping[str, Any], language: Language = ENGLISH
    ) -> None:
        self.language = language
        self._now = now
        self._known = known
        self._kept: dict[str, Template] = {}
        # Not optimised: constants would be worked out while a template is only looked at.
        self._environment = _Environment(
            undefined=StrictUndefined, autoescape=False, optimized=False
        )
        self._environment.globals = {"range": self._environment.globals["range"]}
        self._environment.filters |= {
            "translated": language.translated,
            "number": lambda value, digits=0: language.number(number(value, digits)),
            "time": lambda value: language.time(self._moment(value)),
            "date": lambda value: language.weekday_and_day(self._moment(value)),
            "day": lambda value: language.day(self._moment(value), short=True),
            "weekday": lambda value: language.weekday(self._moment(value), short=True),
            "strftime": lambda value, form: language.strftime(self._moment(value), form),
            "days_until": self._days_until,
            "escape_wifi": escape_wifi,
            "weather_symbol": lambda code: _weather(code)[0],
            "weather_text": lambda code: language.translated(_weather(code)[1]),
        }

    def problem(self, template: str) -> str:
        """Return what is wrong with how `template` is written, "" when nothing is."""
        try:
            self._environment.from_string(template)
        except _MISTAKES as error:
            return _sentence(error)
        return ""

    def fill(self, template: str, **more: Any) -> str:
        """Return `template` filled in, of at most 5,000 characters.

        Raises:
            ValueError: it is wrong, or names what is not there.
        """
        if "{" not in template:
            return template[:MAX_TEXT]
        try:
            return self._filled(template, {**self._known, **more})
        except _MISTAKES as error:
            raise ValueError(_sentence(error)) from error

    def _filled(self, template: str, known: Mapping[str, Any]) -> str:
        pieces, room = [], MAX_TEXT
        for piece in self._compiled(template).generate(known):
            pieces.append(piece[:room])
            room -= len(piece)
            if room <= 0:
                break
        return "".join(pieces)

    def _compiled(self, template: str) -> Template:
        """Return `template`, which is compiled once for all items of a list."""
        if template not in self._kept:
            self._kept[template] = self._environment.from_string(template)
        return self._kept[template]

    def _moment(self, value: Any) -> datetime:
        if isinstance(value, Undefined):
            raise ValueError(f"there is no {value._undefined_name}")  # noqa: SLF001, TRY004
        moment = _moment(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._now.tzinfo)).astimezone(
            self._now.tzinfo
        )

    def _days_until(self, value: Any) -> int:
        return (self._moment(value).date() - self._now.date()).days


def number(value: Any, digits: int = 0) -> str:
    """Return a number with so many digits after the point, thousands set apart from 10,000 on.

    Raises:
        ValueError: it is none.
    """
    try:
        figure = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{str(value)[:40]!r} is no number") from None
    places = max(0, min(int(digits), _MAX_DIGITS))
    grouped = f"{figure:,.{places}f}" if abs(figure) >= _GROUPED_FROM else f"{figure:.{places}f}"
    return grouped.replace(",", _THIN).replace("-", "−")  # noqa: RUF001 - it is a minus


def _weather(code: Any) -> tuple[str, str]:
    """Return symbol and words of a code of WMO 4677."""
    if not isinstance(code, int | float):
        raise ValueError(f"{str(code)[:40]!r} is no code of the weather")  # noqa: TRY004 - as above
    found = next(((symbol, text) for last, symbol, text in _WEATHER if code <= last), None)
    return found or ("?", "Unknown")


def _moment(value: Any) -> datetime:
    """Return seconds since 1970, or a text in ISO 8601, as a time."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        pass
    try:
        return datetime.combine(date.fromisoformat(str(value)), datetime.min.time())
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is no time such as 2026-11-28T14:05") from None


def _sentence(error: Exception) -> str:
    """Return what is wrong, for who wrote the template."""
    if isinstance(error, SecurityError):
        return f"a template may not do that: {error}"
    if isinstance(error, RecursionError):
        return "the template calls itself without end"
    if isinstance(error, KeyError):
        return f"there is no {error}"
    return str(error) or type(error).__name__
