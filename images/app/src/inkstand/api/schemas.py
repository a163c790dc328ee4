"""What goes over the wire under `/api/v1/`, declared once: for checks, the document and answers.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Literal

from inkstand.accounts import model as auth
from inkstand.api.declared import Limits, Request, Rule, one_of
from inkstand.errors import InvalidValueError, MessageTooLongError
from inkstand.events import Gesture
from inkstand.messages import Priority, State
from inkstand.messages.events import ScreenKind
from inkstand.rendering import Framing, Tone
from inkstand.rendering.text import is_blank

LONGEST_KEY = 255  # characters of an Idempotency-Key
# What SQLite can count to.
GREATEST_ID = 2**63 - 1
_LONGEST_SHOW = 604_800  # seconds: a week
_LONGEST_PAGE = 200  # messages
_LONGEST_NAME = 100  # characters
_MAX_DAYS = 3650
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _not_blank(name: str, value: object, limits: Limits) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"{name} has to be a string")
    if is_blank(value):
        raise InvalidValueError(f"{name} must not be blank: nothing of it can be seen")
    if len(value) > limits.longest:
        raise MessageTooLongError(len(value), limits.longest)
    return value


def _future(name: str, value: object, limits: Limits) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise InvalidValueError(f"{name} has to be a time such as 2026-11-21T18:00:00Z")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(f"{name} is no time: {error}") from error
    if moment <= limits.now:
        raise InvalidValueError(f"{name} is in the past")
    return moment


def _states(name: str, value: str, _limits: Limits) -> frozenset[State]:
    return frozenset(State(one_of(name, each, tuple(State))) for each in value.split(","))


def _credential(_name: str, value: object, _limits: Limits) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("username and password have to be strings")
    return value


def _one_line(name: str, value: object, _limits: Limits) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidValueError(f"{name} has to be a string on one line, not blank")
    if len(value.strip()) > _LONGEST_NAME:
        raise InvalidValueError(f"{name} has to have at most {_LONGEST_NAME} characters")
    return value.strip()


def _scope(name: str, value: object, _limits: Limits) -> auth.Scope:
    try:
        return auth.Scope.of(str(value))
    except ValueError as error:
        raise InvalidValueError(f"{name} has to be read, post or admin") from error


def _days(name: str, value: object, _limits: Limits) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_DAYS:
        limits = f"a whole number from 1 to {_MAX_DAYS}, or null for never"
        raise InvalidValueError(f"{name} has to be {limits}")
    return timedelta(days=value)


Text = Annotated[str, Rule(_not_blank, **{"$ref": "#/components/schemas/Text"})]
Urgency = Annotated[Priority, Rule(default=Priority.NORMAL)] | None
_UNTIL = "When it stops to matter; in the future."
Expiry = Annotated[datetime, Rule(_future, type="string", format="date-time", description=_UNTIL)]
_FOR = "Seconds on the glass; without it, until somebody presses the button."
ShowFor = Annotated[int, Rule(minimum=1, maximum=_LONGEST_SHOW, description=_FOR)]
_SCOPES = [scope.word for scope in auth.Scope]
_STATES = {"type": "array", "items": {"type": "string", "enum": list(State)}, "minItems": 1}
_NEXT = "What to send as `before` for the next page; null: that was all."
_PASSWORD = {"type": "string", "format": "password"}
_ONE_LINE = {"minLength": 1, "maxLength": _LONGEST_NAME, "description": "On one line, not blank."}
_DAYS = {"type": "integer", "minimum": 1, "maximum": _MAX_DAYS}
ScopeName = Annotated[str, Rule(enum=_SCOPES)]
RefreshKind = Literal["full", "partial"]
RefreshCounter = Literal["full", "partial", "skipped"]
Count = Annotated[int, Rule(minimum=0)]
Number = Annotated[int, Rule(minimum=1)]


@dataclass(frozen=True, kw_only=True)
class MessageRequest(Request):
    """Body of `POST /messages`."""

    text: Text
    priority: Urgency = None
    expires_at: Expiry | None = None
    show_for: ShowFor | None = None


@dataclass(frozen=True, kw_only=True)
class PictureQuery(Request):
    """Query of `POST /images`, and of `POST /preview`."""

    name: Annotated[str, Rule(maxLength=200)] = ""
    framing: Framing = Framing.FIT
    tone: Tone = Tone.DITHER
    priority: Urgency = None
    expires_at: Expiry | None = None
    show_for: ShowFor | None = None


@dataclass(frozen=True, kw_only=True)
class PreviewRequest(Request):
    """Body of `POST /preview` for a text; `page`: the last one when there are fewer."""

    text: Text
    page: Annotated[int, Rule(minimum=1, maximum=1000)] = 1


@dataclass(frozen=True, kw_only=True)
class HistoryQuery(Request):
    """Query of `GET /messages`."""

    before: Annotated[int, Rule(minimum=1, maximum=GREATEST_ID)] | None = None
    limit: Annotated[int, Rule(minimum=1, maximum=_LONGEST_PAGE)] = 50
    state: Annotated[frozenset[State], Rule(_states, **_STATES)] | None = None


@dataclass(frozen=True, kw_only=True)
class EventsQuery(Request):
    """Query of `GET /events`."""

    last_event_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ScreenRequest(Request):
    """Body of `PUT /screen`."""

    screen: Literal[ScreenKind.CLOCK, ScreenKind.STATUS]


@dataclass(frozen=True, kw_only=True)
class PressRequest(Request):
    """Body of `POST /button`."""

    gesture: Gesture = Gesture.SHORT


@dataclass(frozen=True, kw_only=True)
class LoginRequest(Request):
    """Body of `POST /session`; `cookie`: the browser is to keep the token."""

    others_are_ignored: ClassVar[bool] = True
    transport: Literal["token", "cookie"] = "token"
    username: Annotated[str, Rule(_credential, type="string")]
    password: Annotated[str, Rule(_credential, **_PASSWORD)] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TokenRequest(Request):
    """Body of `POST /tokens`; `expires_in_days` None: it is good until it is revoked."""

    name: Annotated[str, Rule(_one_line, type="string", **_ONE_LINE)]
    scope: Annotated[auth.Scope, Rule(_scope, type="string", enum=_SCOPES)]
    expires_in_days: Annotated[timedelta, Rule(_days, **_DAYS)] | None


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message."""

    id: Number
    author: str
    text: str
    at: datetime
    state: State
    priority: Priority
    expires_at: datetime | None
    show_for: Annotated[int, Rule(minimum=1, maximum=_LONGEST_SHOW)] | None
    shown_at: datetime | None
    ended_at: datetime | None
    picture: Annotated[str, Rule(format="uri-reference")] | None


@dataclass(frozen=True, kw_only=True)
class History:
    """A page of messages."""

    messages: Annotated[list[Message], Rule(maxItems=_LONGEST_PAGE)]
    next: Annotated[int, Rule(minimum=1, description=_NEXT)] | None


@dataclass(frozen=True, kw_only=True)
class Refreshing:
    """A refresh that goes on."""

    refresh: RefreshKind
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What is on the glass, without its pixels."""

    etag: str
    at: datetime
    refresh: RefreshKind | None
    seconds: Annotated[float, Rule(minimum=0)] | None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The panel, and what is on it."""

    state: Literal["ok", "unavailable"]
    reason: str | None
    width: Annotated[int, Rule(minimum=8)] | None
    height: Number | None
    refreshing: Refreshing | None
    frame: Frame | None
    refreshes: dict[RefreshCounter, Count]


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What is shown."""

    screen: ScreenKind
    message: Message | None
    page: Number
    pages: Number


@dataclass(frozen=True, kw_only=True)
class Session:
    """Who is logged in."""

    user: str
    scope: ScopeName
    expires_at: datetime | None
    via: Literal["header", "cookie"]


@dataclass(frozen=True, kw_only=True)
class NewSession:
    """Who has logged in."""

    user: str
    scope: ScopeName
    expires_at: datetime | None
    token: Annotated[str, Rule(description="Not with the transport `cookie`.")] | None = None


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token, without what makes it one."""

    id: str
    kind: auth.Kind
    name: str
    scope: ScopeName
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    current: Annotated[bool, Rule(description="Whether it is the one that this was asked with.")]


@dataclass(frozen=True, kw_only=True)
class NewToken(Token):
    """A token that was made."""

    token: Annotated[str, Rule(description="It is shown only now.")]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """All tokens that are good."""

    tokens: list[Token]


@dataclass(frozen=True, kw_only=True)
class Part:
    """How a part is."""

    state: Annotated[str, Rule(description="`ok`, or one sentence that says what is wrong.")]


@dataclass(frozen=True, kw_only=True)
class Time:
    """The time there."""

    now: datetime
    timezone: str
    synchronised: bool


@dataclass(frozen=True, kw_only=True)
class RecentError:
    """What went wrong lately."""

    at: datetime
    what: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """How everything is."""

    version: str
    started_at: datetime
    url: str | None
    certificate_expires_at: datetime | None
    authority_fingerprint: str | None
    button: Part
    errors: Annotated[list[RecentError], Rule(maxItems=10)]
    time: Time
    panel: Panel
    storage: Part
    messages: dict[State, Count] | None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Problem details of RFC 9457."""

    type: str
    title: str
    status: Annotated[int, Rule(minimum=400, maximum=599)]
    detail: Annotated[str, Rule(description="One sentence for people.")]
    code: Annotated[str, Rule(description="For programs; it never changes.")]
