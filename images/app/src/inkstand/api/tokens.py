"""Tokens with a name, and sessions, under `/api/v1/tokens`."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from inkstand.api import schemas, views
from inkstand.api.access import Scope, principal_of
from inkstand.api.http import answer, body_of
from inkstand.api.keys import SERVICES
from inkstand.api.operations import Operations

OPERATIONS = Operations("tokens")


@OPERATIONS.add("get", "/tokens", "tokens", Scope.ADMIN, answers={200: schemas.Tokens})
async def collection(request: web.Request) -> web.Response:
    """All tokens and sessions that are good, newest first."""
    principal = principal_of(request)
    records = reversed(request.app[SERVICES].accounts.tokens())
    tokens = [views.token(record, principal.token_id) for record in records]
    return answer(schemas.Tokens(tokens=tokens))


@OPERATIONS.add(
    "post",
    "/tokens",
    "makeToken",
    Scope.ADMIN,
    body=schemas.TokenRequest,
    answers={201: schemas.NewToken},
    errors=(503, 507),
)
async def create(request: web.Request) -> web.Response:
    """Make a token with a name, which is told only now."""
    principal = principal_of(request)
    wanted = await body_of(request, schemas.TokenRequest)
    accounts = request.app[SERVICES].accounts
    issued = await accounts.create(wanted.name, wanted.scope, wanted.expires_in_days)
    told = views.token(issued.record, principal.token_id)
    return answer(schemas.NewToken(**asdict(told), token=issued.token), 201)


@OPERATIONS.add(
    "delete", "/tokens/{id}", "revokeToken", Scope.ADMIN, answers={204: None}, errors=(503,)
)
async def revoke(request: web.Request) -> web.Response:
    """Revoke a token; streams that were opened with it end."""
    await request.app[SERVICES].accounts.revoke(request.match_info["id"])
    return web.Response(status=204)
