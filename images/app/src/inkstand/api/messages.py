"""Messages, under `/api/v1/messages`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import asyncio
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from aiohttp import web

from inkstand.accounts.model import Principal, Scope
from inkstand.api.operations import (
    GREATEST_ID,
    PNG,
    Operations,
    answer,
    body_of,
    header,
    limits_of,
    principal_of,
    query_of,
)
from inkstand.api.schemas import Limits, Number, Request, Rule, names, one_of, read
from inkstand.api.services import SERVICES
from inkstand.errors import (
    ForbiddenError,
    InvalidValueError,
    MalformedRequestError,
    MessageNotFoundError,
    MessageTooLongError,
    NoPictureError,
)
from inkstand.media_types import PLAIN_TEXT
from inkstand.messages import Draft, Priority, State, repeat
from inkstand.messages.store import VISIBLE
from inkstand.messages.waiting import MAX_SCHEDULED
from inkstand.rendering.text import AS_IT_COMES, TextAlign, TextLook, TextSize, is_blank
from inkstand.screens import MessageScreen

if TYPE_CHECKING:
    from inkstand.api.pictures import PictureQuery
    from inkstand.messages import model
    from inkstand.messages.store import Added

OPERATIONS = Operations("messages")
LONGEST_KEY = 255  # characters of an Idempotency-Key
_LONGEST_SHOW = 604_800  # seconds: a week
_LONGEST_PAGE = 200  # messages
_LONGEST_SEARCH = 100  # characters
_LONGEST_QUEUE = 50  # messages
_FARTHEST = timedelta(days=366)
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


def _later(name: str, value: object, limits: Limits) -> datetime:
    moment = _future(name, value, limits)
    if moment > limits.now + _FARTHEST:
        raise InvalidValueError(f"{name} is more than {_FARTHEST.days} days ahead")
    return moment


def _repeat(name: str, value: object, _limits: Limits) -> str:
    if not isinstance(value, str) or len(value) > repeat.LONGEST_RULE:
        raise InvalidValueError(f"{name} has to be at most {repeat.LONGEST_RULE} characters")
    repeat.parse(value)
    return value


def _states(name: str, value: str, _limits: Limits) -> frozenset[State]:
    return frozenset(State(one_of(name, each, _IN_HISTORY)) for each in value.split(","))


Text = Annotated[str, Rule(_not_blank, **{"$ref": "#/components/schemas/Text"})]
Urgency = Annotated[Priority, Rule(default=Priority.NORMAL)] | None
_UNTIL = "When it stops to matter; in the future."
Expiry = Annotated[datetime, Rule(_future, type="string", format="date-time", description=_UNTIL)]
_FOR = "Seconds on the glass; without it, until somebody presses the button."
ShowFor = Annotated[int, Rule(minimum=1, maximum=_LONGEST_SHOW, description=_FOR)]
_AT = "When it comes, at most a year ahead; without it, at once."
ShowAt = Annotated[datetime, Rule(_later, type="string", format="date-time", description=_AT)]
_SKIPPED = "One of `upcoming`."
SkippedTime = Annotated[
    datetime, Rule(_future, type="string", format="date-time", description=_SKIPPED)
]
_RULE = (
    f"{', '.join(repeat.WORDS)}, or an RRULE of RFC 5545 with FREQ (DAILY and longer), INTERVAL, "
    "BYDAY, BYMONTHDAY, COUNT and UNTIL. It comes at the time of day of `show_at`, or of now, in "
    "the zone of the appliance, and each time it expires when it comes again, or as long after "
    "`show_at` as `expires_at` is."
)
Repeat = Annotated[
    str, Rule(_repeat, type="string", maxLength=repeat.LONGEST_RULE, description=_RULE)
]
_ALIGN = "`auto`: a sign in the middle, what has lines or is long at the left."
_SIZE = (
    "`auto`: as large as fits. The others are the same height on each panel, `large` at least; "
    "what does not fit comes on pages."
)
_MONOSPACE = (
    "Letters of one width, so that columns stand; a line is broken only if it is too long for the "
    "smallest of them."
)
_QR = (
    "The text is shown as a QR code; one that is too long for the panel is refused. "
    "Of a network (`WIFI:…`) only the name stands below it."
)
_IN_HISTORY = tuple(state for state in State if state is not State.SCHEDULED)
_STATES = {"type": "array", "items": {"type": "string", "enum": [*_IN_HISTORY]}, "minItems": 1}
_SEARCH = "What has to stand in the text, or in the name of who sent it."
_NEXT = "What to send as `before` for the next page; null: that was all."


@dataclass(frozen=True, kw_only=True)
class LookRequest(Request):
    """How a text looks on the glass."""

    align: Annotated[TextAlign, Rule(description=_ALIGN)] = TextAlign.AUTO
    size: Annotated[TextSize, Rule(description=_SIZE)] = TextSize.AUTO
    bold: bool = False
    monospace: Annotated[bool, Rule(description=_MONOSPACE)] = False
    qr: Annotated[bool, Rule(description=_QR)] = False

    @property
    def look(self) -> TextLook:
        """What of it is the look."""
        return TextLook(**{name: getattr(self, name) for name in names(LookRequest)})


@dataclass(frozen=True, kw_only=True)
class MessageRequest(LookRequest):
    """Body of `POST /messages`."""

    text: Text
    priority: Urgency = None
    expires_at: Expiry | None = None
    show_for: ShowFor | None = None
    show_at: ShowAt | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, kw_only=True)
class SkipRequest(Request):
    """Body of `POST /messages/{id}/skip`."""

    at: SkippedTime


@dataclass(frozen=True, kw_only=True)
class HistoryQuery(Request):
    """Query of `GET /messages`."""

    before: Annotated[int, Rule(minimum=1, maximum=GREATEST_ID)] | None = None
    limit: Annotated[int, Rule(minimum=1, maximum=_LONGEST_PAGE)] = 50
    state: Annotated[frozenset[State], Rule(_states, **_STATES)] | None = None
    q: Annotated[str, Rule(maxLength=_LONGEST_SEARCH, description=_SEARCH)] = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message; one that comes later is `scheduled` and has `upcoming`, when it comes next."""

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
    repeat: str | None = None
    upcoming: list[datetime] | None = None
    align: TextAlign | None = None
    size: TextSize | None = None
    bold: bool | None = None
    monospace: bool | None = None
    qr: bool | None = None

    @classmethod
    def of(cls, message: "model.Message") -> "Message":
        """Return what is told about a message."""
        return cls(
            id=message.id,
            author=message.author,
            text=message.text,
            at=message.at,
            state=message.state,
            priority=message.priority,
            expires_at=message.expires_at,
            show_for=message.show_for,
            shown_at=message.shown_at,
            ended_at=message.ended_at,
            picture=f"/api/v1/messages/{message.id}/picture" if message.has_picture else None,
            repeat=message.repeat,
            upcoming=[*message.upcoming] or None,
            **_asked_for(message.look),
        )


def _asked_for(look: TextLook) -> dict[str, Any]:
    """Return what is told about a look: what is not as without it."""
    return {name: value for name, value in asdict(look).items() if value not in ("auto", False)}


@dataclass(frozen=True, kw_only=True)
class History:
    """A page of messages."""

    messages: Annotated[list[Message], Rule(maxItems=_LONGEST_PAGE)]
    next: Annotated[int, Rule(minimum=1, description=_NEXT)] | None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The messages that are to be on the glass, in their order: the first is, or is next."""

    messages: Annotated[list[Message], Rule(maxItems=_LONGEST_QUEUE)]
    more: Annotated[bool, Rule(description="Whether there are others after these.")]


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """The messages that come later, the next one first."""

    messages: Annotated[list[Message], Rule(maxItems=MAX_SCHEDULED)]


KEY = header(
    "Idempotency-Key",
    "The same message with the same key is kept once, however often it is sent.",
    minLength=1,
    maxLength=LONGEST_KEY,
    pattern="^[!-~]+$",
)
REPLAYED = {
    "Location": "Where the message is.",
    "Idempotency-Replayed": "`true` when it was kept before.",
}
_MESSAGE = "/messages/{id:[0-9]{1,19}}"
_TOLD = {200: Message}


@OPERATIONS.add(
    "post",
    "/messages",
    "send",
    Scope.POST,
    parameters=(KEY,),
    body=MessageRequest,
    bodies={PLAIN_TEXT: {"schema": {"$ref": "#/components/schemas/Text"}}},
    answers={201: Message},
    errors=(409, 429, 503, 507),
    headers=REPLAYED,
)
async def post(request: web.Request) -> web.Response:
    """Send a message; it is on the disk when this is answered."""
    principal = principal_of(request)
    key, wanted = key_of(request), await message_of(request)
    draft = draft_of(principal, wanted.text, wanted, key)
    await require_code(request, MessageScreen(draft.text, draft.author, look=draft.look))
    return created(await request.app[SERVICES].controller.submit(draft))


async def require_code(request: web.Request, screen: MessageScreen) -> None:
    """Do nothing if the panel can show `screen` as a QR code, or is not known, or none is wanted.

    Raises:
        InvalidValueError: the text needs more dots than a phone could tell apart.
    """
    info = request.app[SERVICES].display.info
    if screen.look.qr and info and not await asyncio.to_thread(screen.is_code, info.size):
        width, height = info.size
        raise InvalidValueError(
            f"text is too long for a QR code that can be read on a panel of {width}x{height}"
        )


def draft_of(
    by: Principal,
    text: str,
    options: "MessageRequest | PictureQuery",
    key: str | None,
    picture: bytes | None = None,
) -> Draft:
    """Return what to keep of what somebody asks for.

    Raises:
        InvalidValueError: its time is over before it comes.
    """
    if options.show_at and options.expires_at and options.expires_at <= options.show_at:
        raise InvalidValueError("expires_at has to be later than show_at")
    return Draft(
        author=by.user,
        sender=by.sender,
        text=text,
        priority=options.priority or Priority.NORMAL,
        expires_at=options.expires_at,
        show_for=options.show_for,
        picture=picture,
        idempotency_key=key,
        show_at=options.show_at,
        repeat=options.repeat,
        look=options.look if isinstance(options, MessageRequest) else AS_IT_COMES,
    )


def created(added: "Added") -> web.Response:
    """Return the answer for a message that was taken in, now or by the same request before."""
    headers = {"Location": f"/api/v1/messages/{added.message.id}"}
    if not added.created:
        headers["Idempotency-Replayed"] = "true"
    return answer(Message.of(added.message), 201, headers)


@OPERATIONS.add(
    "get",
    "/messages",
    "history",
    Scope.READ,
    query=HistoryQuery,
    answers={200: History},
    errors=(503,),
)
async def history(request: web.Request) -> web.Response:
    """Messages, newest first; deleted ones only when they are asked for."""
    wanted = query_of(request, HistoryQuery)
    states = VISIBLE if wanted.state is None else wanted.state
    page = await request.app[SERVICES].controller.store.page(
        before=wanted.before, limit=wanted.limit, states=states, words=wanted.q
    )
    messages = [Message.of(message) for message in page.messages]
    return answer(History(messages=messages, next=page.next))


@OPERATIONS.add("get", "/queue", "queue", Scope.READ, answers={200: Queue}, errors=(503,))
async def queue(request: web.Request) -> web.Response:
    """What is on the glass and what comes next, in this order."""
    found = await request.app[SERVICES].controller.store.queue(_LONGEST_QUEUE + 1)
    messages = [Message.of(message) for message in found[:_LONGEST_QUEUE]]
    return answer(Queue(messages=messages, more=len(found) > _LONGEST_QUEUE))


@OPERATIONS.add(
    "get",
    "/messages/scheduled",
    "scheduled",
    Scope.READ,
    answers={200: Scheduled},
    errors=(503,),
)
async def later(request: web.Request) -> web.Response:
    """Messages that come later, the next one first."""
    found = await request.app[SERVICES].controller.store.scheduled()
    return answer(Scheduled(messages=[Message.of(message) for message in found]))


@OPERATIONS.add(
    "post",
    f"{_MESSAGE}/skip",
    "skip",
    Scope.POST,
    body=SkipRequest,
    answers=_TOLD,
    errors=(409, 503),
)
async def skip(request: web.Request) -> web.Response:
    """Let a message that comes again leave out a time, only their own for an invited sender."""
    number, wanted = await _own_message_id_of(request), await body_of(request, SkipRequest)
    message = await request.app[SERVICES].controller.skip(number, wanted.at)
    return answer(Message.of(message))


@OPERATIONS.add("get", _MESSAGE, "message", Scope.READ, answers=_TOLD, errors=(503,))
async def get(request: web.Request) -> web.Response:
    """A message."""
    message = await request.app[SERVICES].controller.store.get(message_id_of(request))
    return answer(Message.of(message))


@OPERATIONS.add(
    "get", f"{_MESSAGE}/picture", "picture", Scope.READ, answers={200: PNG}, errors=(503,)
)
async def picture(request: web.Request) -> web.Response:
    """The picture of a message."""
    number = message_id_of(request)
    data = await request.app[SERVICES].controller.store.picture(number)
    if data is None:
        raise NoPictureError(number)
    return web.Response(body=data, content_type="image/png")


@OPERATIONS.add(
    "post", f"{_MESSAGE}/show", "showAgain", Scope.POST, answers=_TOLD, errors=(409, 503)
)
async def show(request: web.Request) -> web.Response:
    """Show a message at once."""
    message = await request.app[SERVICES].controller.show_again(message_id_of(request))
    return answer(Message.of(message))


@OPERATIONS.add(
    "post", f"{_MESSAGE}/acknowledge", "acknowledge", Scope.POST, answers=_TOLD, errors=(409, 503)
)
async def acknowledge(request: web.Request) -> web.Response:
    """Say that it was read."""
    message = await request.app[SERVICES].controller.acknowledge(message_id_of(request))
    return answer(Message.of(message))


@OPERATIONS.add("delete", _MESSAGE, "deleteMessage", Scope.POST, answers={204: None}, errors=(503,))
async def delete(request: web.Request) -> web.Response:
    """Take a message back, or end a series; who was invited as a sender only their own."""
    await request.app[SERVICES].controller.delete(await _own_message_id_of(request))
    return web.Response(status=204)


def require_own(by: Principal, message: "model.Message") -> None:
    """Do nothing if somebody may take back `message`: who was invited as a sender, their own.

    Raises:
        ForbiddenError: it is somebody else's.
    """
    if by.invited and by.scope is not Scope.ADMIN and message.author != by.user:
        raise ForbiddenError(Scope.ADMIN.word)


async def message_of(request: web.Request) -> MessageRequest:
    """Return the message that the body asks for: JSON, or the bare text in UTF-8.

    Raises:
        RequestError: see body_of().
    """
    if request.content_type != PLAIN_TEXT:
        return await body_of(request, MessageRequest)
    return read(MessageRequest, {"text": _decoded(await request.read())}, limits_of(request))


def key_of(request: web.Request) -> str | None:
    """Return what the `Idempotency-Key` says, None if there is none.

    Raises:
        InvalidValueError: it is empty, too long, or not printable ASCII.
    """
    value = request.headers.get("Idempotency-Key")
    if value is None:
        return None
    if not (0 < len(value) <= LONGEST_KEY and value.isascii() and value.isprintable()):
        raise InvalidValueError(
            f"Idempotency-Key has to have 1 to {LONGEST_KEY} printable ASCII characters"
        )
    return value


def message_id_of(request: web.Request) -> int:
    """Return the id that the path names.

    Raises:
        MessageNotFoundError: no message can have it.
    """
    number = int(request.match_info["id"])
    if not 0 < number <= GREATEST_ID:
        raise MessageNotFoundError(number)
    return number


async def _own_message_id_of(request: web.Request) -> int:
    """Return the id that the path names.

    Raises:
        MessageNotFoundError: there is none.
        ForbiddenError: see require_own().
    """
    number = message_id_of(request)
    require_own(principal_of(request), await request.app[SERVICES].controller.store.get(number))
    return number


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"The text is no UTF-8: byte {error.start}") from error
