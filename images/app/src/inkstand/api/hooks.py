"""What programs send that do not know Inkstand, under `/api/v1/hooks`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import asyncio
import hashlib
import math
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from inkstand.accounts.model import Principal, Scope
from inkstand.api.messages import Message
from inkstand.api.operations import TEXT, Operations, answer, principal_of
from inkstand.api.services import SERVICES
from inkstand.errors import HookLimitError, UnauthorizedError
from inkstand.media_types import FORM, JSON, PLAIN_TEXT
from inkstand.messages import Draft, Priority, hooks, model

if TYPE_CHECKING:
    from inkstand.messages.controller import Controller

OPERATIONS = Operations("messages")
MOST = 30
LARGEST = 262_144  # bytes: GitHub tells all that it knows of a repository and its owner
_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The message that came of it (201), or is there already or taken back; null: none is."""

    message: Message | None


class Alerts:
    """Takes in what hooks want: at most `MOST` messages an hour of each token.

    Which message is about which alert is a part of its idempotency key, and so is known after a
    restart; who has sent how many is forgotten then. `monotonic` gives seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sent: dict[str, deque[float]] = {}
        # Of two who tell of an alert at the same time the second hears of the first's message.
        self._turn = asyncio.Lock()

    async def take(
        self, controller: "Controller", by: Principal, wanted: hooks.Wanted
    ) -> tuple[model.Message | None, bool]:
        """Return the message that is about what is wanted, or was, and whether it is new.

        One about the same alert that says something else gives way to it.

        Raises:
            HookLimitError: the token has sent too much.
        """
        about = f"alert {_digest(by.token_id, wanted.alert)} " if wanted.alert else ""
        key = f"{about}{_digest(wanted.which)} "
        async with self._turn:
            there = await controller.store.open_by_key(by.user, about) if about else None
            if wanted.over:
                return there and await controller.delete(there[0].id), False
            if there and there[1].startswith(key):
                return there[0], False
            self._count(by.token_id)
            # Keys stay with what has ended, and an alert may come again.
            unique = f"{key}{secrets.token_hex(8)}" if about else None
            added = await controller.submit(_draft(by, wanted, unique))
            if there:
                await controller.delete(there[0].id)
            return added.message, True

    def _count(self, token_id: str) -> None:
        now = self._monotonic()
        self._sent = {each: sent for each, sent in self._sent.items() if sent[-1] + _HOUR > now}
        sent = self._sent.setdefault(token_id, deque(maxlen=MOST))
        if len(sent) == MOST and (wait := sent[0] + _HOUR - now) > 0:
            raise HookLimitError(MOST, math.ceil(wait))
        sent.append(now)


ALERTS = web.AppKey("alerts", Alerts)
_TOLD: dict[str, Any] = {
    "bodies": {
        JSON: {"schema": {"type": "object", "properties": {"message": TEXT}}},
        FORM: {"schema": {"type": "object", "properties": {"message": TEXT}}},
        PLAIN_TEXT: {"schema": TEXT},
    },
    "answers": {200: Heard, 201: Heard},
    "errors": (429, 503, 507),
}


@OPERATIONS.add("post", "/hooks", "hook", Scope.POST, **_TOLD)
async def post(request: web.Request) -> web.Response:
    """Show what a program sends in its own form, and take it back when that is over."""
    return await _take(request)


@OPERATIONS.add("post", "/hooks/{token}", "hookByPath", Scope.POST, **_TOLD)
async def post_by_path(request: web.Request) -> web.Response:
    """The same for programs that know an address alone: the token is a part of it."""
    return await _take(request)


async def _take(request: web.Request) -> web.Response:
    by, services = principal_of(request), request.app[SERVICES]
    if by.via == "cookie":
        raise UnauthorizedError("A hook needs a token; the cookie of the page does not count")
    body = await request.clone(client_max_size=LARGEST).read()
    longest = services.settings.message_max_length
    wanted = hooks.read(request.content_type, body, request.headers, longest)
    if wanted is None:
        return answer(Heard(message=None))
    message, created = await request.app[ALERTS].take(services.controller, by, wanted)
    heard = Heard(message=None if message is None else Message.of(message))
    return answer(heard, 201 if created else 200)


def _draft(by: Principal, wanted: hooks.Wanted, key: str | None) -> Draft:
    return Draft(
        author=by.user,
        sender=by.sender,
        text=wanted.text,
        priority=Priority.URGENT if wanted.urgent else Priority.NORMAL,
        idempotency_key=key,
    )


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:16]
