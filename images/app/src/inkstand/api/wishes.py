"""What clients ask for under `/api/v1/`, as frozen dataclasses or an error that says why; pure."""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from inkstand import pictures
from inkstand.errors import (
    InvalidValueError,
    MalformedRequestError,
    MessageNotFoundError,
    MessageTooLongError,
    UnsupportedMediaTypeError,
)
from inkstand.events import Gesture, ScreenKind
from inkstand.messages import Priority, State
from inkstand.rendering import Framing, Tone
from inkstand.rendering.text import is_blank
from inkstand.storage import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

JSON = "application/json"
PLAIN_TEXT = "text/plain"
SCREENS = (ScreenKind.CLOCK, ScreenKind.STATUS)
PICTURES = (*pictures.FORMATS, pictures.ANY_TYPE)
LONGEST_SHOW = 604_800  # seconds: a week
LONGEST_PAGE = 200  # messages
LONGEST_KEY = 255  # characters of an Idempotency-Key
MOST_PAGES = 1000  # that somebody may ask for
LONGEST_NAME = 200  # characters of a picture's name
IMAGE_QUERY = ("name", "framing", "tone", "priority", "expires_at", "show_for")
HISTORY_QUERY = ("before", "limit", "state")
_DEFAULT_PAGE = 50
# What SQLite can count to.
_GREATEST = 2**63 - 1
_LONGEST_QUOTE = 60
_DIGITS = re.compile(r"[0-9]{1,19}")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


E = TypeVar("E", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a message or a picture is to be shown; `expires_at` is in UTC, `show_for` in seconds."""

    priority: Priority = Priority.NORMAL
    expires_at: datetime | None = None
    show_for: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """Body of `POST /messages`."""

    text: str
    options: Options


@dataclass(frozen=True, slots=True)
class Draught:
    """Body of `POST /preview` for a text; `page` is from 1, or the last when there are fewer."""

    text: str
    page: int


@dataclass(frozen=True, slots=True)
class Image:
    """Query of `POST /images` and of `POST /preview` for a picture."""

    name: str
    framing: Framing
    tone: Tone
    options: Options


@dataclass(frozen=True, slots=True)
class History:
    """Query of `GET /messages`."""

    before: int | None
    limit: int
    states: Collection[State]


def parse_object(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the JSON object that `body` holds.

    Raises:
        UnsupportedMediaTypeError: it is sent as something else.
        MalformedRequestError: it is no JSON, or no object.
    """
    if content_type != JSON:
        raise UnsupportedMediaTypeError(f"This is taken as {JSON}, not as {content_type}")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError(f"The body is no JSON: {_first_line(error)}") from error
    if not isinstance(value, dict):
        raise MalformedRequestError("The body has to be a JSON object")
    return value


def parse_new_message(content_type: str, body: bytes, longest: int, now: datetime) -> Posting:
    """Return the message that `body` asks for at `now` (aware): JSON, or the bare text in UTF-8.

    Raises:
        UnsupportedMediaTypeError: it is sent as something else.
        MalformedRequestError: it is no JSON object, or no UTF-8.
        InvalidValueError: a value is missing, unknown, or of the wrong kind.
        MessageTooLongError: the text has more than `longest` characters.
    """
    if content_type == PLAIN_TEXT:
        return parse_posting({"text": _decoded(body)}, longest, now)
    return parse_posting(parse_object(content_type, body), longest, now)


def parse_posting(values: Mapping[str, Any], longest: int, now: datetime) -> Posting:
    """Return the message that somebody asks for, at `now` (aware), of at most `longest` characters.

    Raises:
        InvalidValueError: a value is missing, unknown, or of the wrong kind.
        MessageTooLongError: the text is longer than that.
    """
    refuse_others(values, ("text", "priority", "expires_at", "show_for"))
    return Posting(parse_text(values, longest), parse_options(values, now))


def parse_preview(values: Mapping[str, Any], longest: int) -> Draught:
    """Return the text that somebody wants to see.

    Raises:
        InvalidValueError: a value is missing, unknown, or of the wrong kind.
        MessageTooLongError: the text has more than `longest` characters.
    """
    refuse_others(values, ("text", "page"))
    page = whole("page", values.get("page", 1), 1, MOST_PAGES)
    return Draught(parse_text(values, longest), page)


def parse_screen(values: Mapping[str, Any]) -> ScreenKind:
    """Return which screen somebody wants to see: the clock or the status.

    Raises:
        InvalidValueError: it is none of these.
    """
    refuse_others(values, ("screen",))
    wish = values.get("screen")
    if wish not in SCREENS:
        raise InvalidValueError(f"screen has to be {' or '.join(SCREENS)}, not {_quoted(wish)}")
    return ScreenKind(wish)


def parse_gesture(values: Mapping[str, Any]) -> Gesture:
    """Return how somebody wants the button to be used; a short press unless they say.

    Raises:
        InvalidValueError: there is no such gesture.
    """
    refuse_others(values, ("gesture",))
    gesture = values.get("gesture", Gesture.SHORT)
    if gesture not in list(Gesture):
        raise InvalidValueError(f"gesture has to be {' or '.join(Gesture)}, not {_quoted(gesture)}")
    return Gesture(gesture)


def parse_text(values: Mapping[str, Any], longest: int) -> str:
    """Return the text, any but blank.

    Raises:
        InvalidValueError: there is none.
        MessageTooLongError: it has more than `longest` characters.
    """
    text = values.get("text")
    if not isinstance(text, str):
        raise InvalidValueError("text has to be a string")
    if is_blank(text):
        raise InvalidValueError("text must not be blank: nothing of it can be seen")
    if len(text) > longest:
        raise MessageTooLongError(len(text), longest)
    return text


def parse_options(values: Mapping[str, Any], now: datetime) -> Options:
    """Return how it is to be shown.

    Raises:
        InvalidValueError: a value is of the wrong kind, or in the past.
    """
    show_for, expires = values.get("show_for"), values.get("expires_at")
    priority = values.get("priority")
    return Options(
        priority=Priority.NORMAL if priority is None else one_of(Priority, "priority", priority),
        expires_at=None if expires is None else _later_than(now, expires),
        show_for=None if show_for is None else whole("show_for", show_for, 1, LONGEST_SHOW),
    )


def parse_image(query: Mapping[str, str], now: datetime) -> Image:
    """Return how a picture is to look and to be shown.

    Raises:
        InvalidValueError: a value is of the wrong kind, or in the past.
    """
    name = query.get("name", "")
    if len(name) > LONGEST_NAME:
        raise InvalidValueError(f"name has to have at most {LONGEST_NAME} characters")
    return Image(
        name=name,
        framing=one_of(Framing, "framing", query.get("framing", Framing.FIT)),
        tone=one_of(Tone, "tone", query.get("tone", Tone.DITHER)),
        options=parse_options(query, now),
    )


def parse_picture_type(said: str) -> str:
    """Return the media type of a body that is to be a picture.

    Raises:
        UnsupportedMediaTypeError: no such picture is taken.
    """
    if said not in PICTURES:
        raise UnsupportedMediaTypeError(
            f"A picture is taken as {', '.join(pictures.FORMATS)}, not as {said}"
        )
    return said


def parse_history(query: Mapping[str, str]) -> History:
    """Return which messages somebody asks for.

    Raises:
        InvalidValueError: a value is of the wrong kind.
    """
    before, states = query.get("before"), query.get("state")
    return History(
        before=None if before is None else whole("before", before, 1, _GREATEST),
        limit=whole("limit", query.get("limit", str(_DEFAULT_PAGE)), 1, LONGEST_PAGE),
        states=VISIBLE if states is None else _states(states),
    )


def parse_number(text: str) -> int:
    """Return the id that a path names.

    Raises:
        MessageNotFoundError: no message can have it.
    """
    number = int(text)
    if not 0 < number <= _GREATEST:
        raise MessageNotFoundError(number)
    return number


def parse_key(value: str | None) -> str | None:
    """Return what an `Idempotency-Key` says, None if there is none.

    Raises:
        InvalidValueError: it is empty, too long, or not printable ASCII.
    """
    if value is None:
        return None
    if not (0 < len(value) <= LONGEST_KEY and value.isascii() and value.isprintable()):
        raise InvalidValueError(
            f"Idempotency-Key has to have 1 to {LONGEST_KEY} printable ASCII characters"
        )
    return value


def refuse_others(values: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise InvalidValueError for a name that means nothing here: it may be a typing error."""
    for name in values:
        if name not in known:
            takes = f"known: {', '.join(known)}" if known else "nothing is taken"
            raise InvalidValueError(f"{_quoted(name)} is unknown here; {takes}")


def one_of(kind: type[E], name: str, value: object) -> E:
    """Return the member of `kind` that `value` names.

    Raises:
        InvalidValueError: it names none.
    """
    try:
        return kind(value if isinstance(value, str) else "")
    except ValueError:
        choices = " or ".join(kind)
        raise InvalidValueError(f"{name} has to be {choices}, not {_quoted(value)}") from None


def whole(name: str, value: object, low: int, high: int) -> int:
    """Return the whole number that `value` is, or is the text of.

    Raises:
        InvalidValueError: it is none from `low` to `high`.
    """
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)  # JSON does not tell 5 from 5.0
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        limits = f"a whole number from {low} to {high}"
        raise InvalidValueError(f"{name} has to be {limits}, not {_quoted(value)}")
    return number


def _states(text: str) -> frozenset[State]:
    return frozenset(one_of(State, "state", name) for name in text.split(","))


def _later_than(now: datetime, value: object) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        example = "2026-11-21T18:00:00Z"
        raise InvalidValueError(f"expires_at has to be a time such as {example}")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(f"expires_at is no time: {error}") from error
    if moment <= now:
        raise InvalidValueError("expires_at is in the past")
    return moment


def _quoted(value: object) -> str:
    """Return what the client sent, short enough for one sentence."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"The text is no UTF-8: byte {error.start}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
