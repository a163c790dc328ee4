"""Tokens with a name, and sessions, under `/api/v1/tokens`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from inkstand.api import views
from inkstand.api.access import Scope, require
from inkstand.api.keys import SERVICES
from inkstand.api.wishes import parse_object, refuse_others
from inkstand.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.auth.model import TokenRecord

_LONGEST_NAME = 100
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Wish:
    """Body of `POST /tokens`; `lifetime` None: until it is revoked."""

    name: str
    scope: Scope
    lifetime: timedelta | None


async def collection(request: web.Request) -> web.Response:
    """`GET /api/v1/tokens`: all that are good, sessions too, newest first."""
    principal = require(request, Scope.ADMIN)
    records = reversed(request.app[SERVICES].accounts.tokens())
    return web.json_response({"tokens": [_view(each, principal.token_id) for each in records]})


async def create(request: web.Request) -> web.Response:
    """`POST /api/v1/tokens`: the answer is the only place where the token is ever seen."""
    principal = require(request, Scope.ADMIN)
    wish = parse_wish(parse_object(request.content_type, await request.read()))
    accounts = request.app[SERVICES].accounts
    issued = await accounts.create(wish.name, wish.scope, wish.lifetime)
    body = {**_view(issued.record, principal.token_id), "token": issued.token}
    return web.json_response(body, status=201)


async def revoke(request: web.Request) -> web.Response:
    """`DELETE /api/v1/tokens/{id}`: it is refused from the next request on."""
    require(request, Scope.ADMIN)
    await request.app[SERVICES].accounts.revoke(request.match_info["id"])
    return web.Response(status=204)


def parse_wish(values: Mapping[str, Any]) -> Wish:
    """Return the token that somebody asks for.

    Raises:
        InvalidValueError: a value is missing, unknown, or of the wrong kind.
    """
    refuse_others(values, ("name", "scope", "expires_in_days"))
    scope, days = values.get("scope"), values.get("expires_in_days", "")
    return Wish(
        name=_name(values.get("name")),
        scope=_scope(scope),
        lifetime=None if days is None else timedelta(days=_days(days)),
    )


def moment(seconds: int | None) -> str | None:
    """Return seconds since 1970 as RFC 3339."""
    return None if seconds is None else views.time(datetime.fromtimestamp(seconds, UTC))


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidValueError("name has to be a string on one line, not blank")
    if len(value.strip()) > _LONGEST_NAME:
        raise InvalidValueError(f"name has to have at most {_LONGEST_NAME} characters")
    return value.strip()


def _scope(value: object) -> Scope:
    try:
        return Scope.of(str(value))
    except ValueError as error:
        raise InvalidValueError("scope has to be read, post or admin") from error


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_DAYS:
        raise InvalidValueError(
            f"expires_in_days has to be a whole number from 1 to {_MOST_DAYS}, or null for never"
        )
    return value


def _view(record: TokenRecord, current: str) -> dict[str, Any]:
    return {
        "id": record.id,
        "kind": record.kind,
        "name": record.name,
        "scope": record.scope.word,
        "created_at": moment(record.created),
        "expires_at": moment(record.expires),
        "last_used_at": moment(record.used),
        "current": record.id == current,
    }
