"""Requests of aiohttp read, and answers written, as declared in schemas.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from inkstand.api.declared import Limits, as_json, read
from inkstand.api.keys import SERVICES
from inkstand.api.operations import JSON, PLAIN_TEXT
from inkstand.api.schemas import GREATEST_ID, LONGEST_KEY, MessageRequest
from inkstand.errors import (
    InvalidValueError,
    MalformedRequestError,
    MessageNotFoundError,
    UnsupportedMediaTypeError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.api.declared import R


async def body_of(request: web.Request, kind: type[R]) -> R:
    """Return what the body asks for.

    Raises:
        UnsupportedMediaTypeError: it is sent as something else than JSON.
        MalformedRequestError: it is no JSON, or no object.
        RequestError: see declared.read().
    """
    return read(kind, _object(request.content_type, await request.read()), _limits(request))


async def message_of(request: web.Request) -> MessageRequest:
    """Return the message that the body asks for: JSON, or the bare text in UTF-8.

    Raises:
        RequestError: see body_of().
    """
    if request.content_type != PLAIN_TEXT:
        return await body_of(request, MessageRequest)
    return read(MessageRequest, {"text": _decoded(await request.read())}, _limits(request))


def query_of(request: web.Request, kind: type[R]) -> R:
    """Return what the query asks for.

    Raises:
        InvalidValueError: see declared.read().
    """
    return read(kind, request.query, _limits(request))


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


def answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer with JSON."""
    return web.json_response(as_json(value), status=status, headers=headers)


def _limits(request: web.Request) -> Limits:
    services = request.app[SERVICES]
    return Limits(services.settings.message_max_length, services.clock.now())


def _object(content_type: str, body: bytes) -> dict[str, Any]:
    if content_type != JSON:
        raise UnsupportedMediaTypeError(f"This is taken as {JSON}, not as {content_type}")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError(f"The body is no JSON: {_first_line(error)}") from error
    if not isinstance(value, dict):
        raise MalformedRequestError("The body has to be a JSON object")
    return value


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"The text is no UTF-8: byte {error.start}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
