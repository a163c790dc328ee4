"""Logging in and out, under `/api/v1/session`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import cookies, schemas, views
from inkstand.api.access import Scope, principal_of
from inkstand.api.http import answer, body_of
from inkstand.api.keys import SERVICES
from inkstand.api.operations import Operations
from inkstand.api.origin import refuse_other_sites, visitor_of

if TYPE_CHECKING:
    from inkstand.accounts.model import Issued

OPERATIONS = Operations("session")


@OPERATIONS.add(
    "post",
    "/session",
    "logIn",
    None,
    body=schemas.LoginRequest,
    answers={201: schemas.NewSession},
    errors=(401, 403, 429, 503, 507),
)
async def log_in(request: web.Request) -> web.Response:
    """Log in: a token for programs, or a cookie for a page of this site."""
    login = await body_of(request, schemas.LoginRequest)
    by_cookie = login.transport == "cookie"
    if by_cookie:
        refuse_other_sites(request)
    accounts = request.app[SERVICES].accounts
    issued = await accounts.log_in(login.username, login.password, visitor_of(request))
    record = issued.record
    response = answer(
        schemas.NewSession(
            user=record.user,
            scope=record.scope.word,
            expires_at=views.moment_or_none(record.expires),
            token=None if by_cookie else issued.token,
        ),
        201,
    )
    if by_cookie:
        _keep_in_browser(request, response, issued)
    return response


@OPERATIONS.add(
    "get", "/session", "session", Scope.READ, answers={200: schemas.Session}, errors=(404,)
)
async def state(request: web.Request) -> web.Response:
    """Who is logged in."""
    principal = principal_of(request)
    record = request.app[SERVICES].accounts.get(principal.token_id)
    return answer(
        schemas.Session(
            user=record.user,
            scope=record.scope.word,
            expires_at=views.moment_or_none(record.expires),
            via=principal.via,
        )
    )


@OPERATIONS.add("delete", "/session", "logOut", Scope.READ, answers={204: None}, errors=(404, 503))
async def log_out(request: web.Request) -> web.Response:
    """Log out: the token is good no longer."""
    principal = principal_of(request)
    await request.app[SERVICES].accounts.revoke(principal.token_id)
    response = web.Response(status=204)
    if principal.via == "cookie":
        cookies.end_session(request, response)
    return response


def _keep_in_browser(request: web.Request, response: web.Response, issued: Issued) -> None:
    accounts = request.app[SERVICES].accounts
    cookies.set_session(request, response, issued.token, accounts.lifetime)
    if cookies.device_of(request) is None:
        cookies.set_device(request, response, accounts.mark_device())
