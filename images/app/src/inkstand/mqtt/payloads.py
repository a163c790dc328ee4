"""What comes from a broker, and what goes there. Pure.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from inkstand.accounts.model import Principal, Scope
from inkstand.api import messages
from inkstand.api.messages import LONGEST_KEY, MessageRequest
from inkstand.api.schemas import Limits, Rule, read, rfc_3339
from inkstand.errors import MalformedRequestError
from inkstand.messages import Draft
from inkstand.messages.events import told_of

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.messages import Message
    from inkstand.messages.events import ScreenState

_AUTHOR = "MQTT"
_LONGEST_AUTHOR = 64
# Who comes from there may send, and takes room as one token.
_BROKER = Principal(_AUTHOR, Scope.POST, "@mqtt", "header")


@dataclass(frozen=True, kw_only=True)
class MqttRequest(MessageRequest):
    """A message as JSON: what `POST /api/v1/messages` takes, who says so, and an id of it."""

    id: Annotated[str, Rule(maxLength=LONGEST_KEY - len("mqtt "))] | None = None
    author: Annotated[str, Rule(maxLength=_LONGEST_AUTHOR)] | None = None


def draft_of(payload: bytes, limits: Limits) -> Draft:
    """Return what is to be shown of a payload: a JSON object, or any other text as it is.

    Raises:
        RequestError: it is no UTF-8, is blank or too long, or has an unknown or wrong value.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"it is no UTF-8: byte {error.start}") from error
    wanted = read(MqttRequest, _values(text), limits)
    author = (wanted.author or "").strip() or _AUTHOR
    key = f"mqtt {wanted.id}" if wanted.id else None
    return messages.draft_of(replace(_BROKER, user=author), wanted.text, wanted, key)


def group_message(draft: Draft, number: str) -> bytes:
    """Return what draft_of() reads as `draft`; `number` is the id of it."""
    times = {"expires_at": draft.expires_at, "show_at": draft.show_at}
    told = {
        "id": number,
        "author": draft.author[:_LONGEST_AUTHOR],
        "text": draft.text,
        "priority": draft.priority,
        "show_for": draft.show_for,
        "repeat": draft.repeat,
        **{name: moment and rfc_3339(moment) for name, moment in times.items()},
        **asdict(draft.look),
    }
    return as_json({name: value for name, value in told.items() if value is not None})


def id_of(name: str, author: str, key: str) -> str:
    """Return the id of what `author` sends from the appliance `name` with that key."""
    return hashlib.sha256("\0".join((name, author, key)).encode()).hexdigest()[:32]


def _values(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {"text": text}
    try:
        values: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError(f"it is no JSON: {error}".partition("\n")[0]) from error
    return values


@dataclass(frozen=True, slots=True)
class Condition:
    """How the appliance is; the sentences are `ok` or say what is wrong.

    `updates` counts packages of the images that are older than Debian's; None: nobody has looked.
    """

    screen: "ScreenState"
    held: str | None
    quiet_until: "datetime | None"
    waiting: int
    panel: str
    button: str
    last_read_at: "datetime | None"
    refreshes: int
    certificate_expires_at: "datetime | None"
    updates: int | None


def state(now: Condition) -> bytes:
    """Return how the appliance is."""
    message, expires = now.screen.message, now.certificate_expires_at
    return as_json(
        {
            "screen": now.screen.name or now.screen.screen,
            "held": now.held,
            "quiet_until": now.quiet_until and rfc_3339(now.quiet_until),
            "message": message and message.text,
            "author": message and message.author,
            "waiting": now.waiting,
            "panel": now.panel,
            "button": now.button,
            "last_read_at": now.last_read_at and rfc_3339(now.last_read_at),
            "refreshes": now.refreshes,
            "certificate_expires_at": expires and rfc_3339(expires),
            "updates": now.updates,
        }
    )


def message_event(message: "Message") -> bytes:
    """Return what happened to a message, as Home Assistant reads events."""
    return as_json({"event_type": message.state, **told_of(message)})


def as_json(value: object) -> bytes:
    """Return JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
