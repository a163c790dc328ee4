"""Logging in and out, under `/api/v1/session`, and tokens, under `/api/v1/tokens`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import contextlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from aiohttp import web

from inkstand.accounts.model import Kind, Role, Scope
from inkstand.api import visitor
from inkstand.api.operations import Operations, answer, body_of, principal_of
from inkstand.api.schemas import Limits, Request, Rule
from inkstand.api.services import PRINCIPAL, SERVICES
from inkstand.errors import InvalidValueError, PeopleError, StorageError, TokenNotFoundError

if TYPE_CHECKING:
    from inkstand.accounts.model import Issued, Principal, TokenRecord

SESSION = Operations("session")
TOKENS = Operations("tokens")
_LONGEST_NAME = 100  # characters
_MAX_DAYS = 3650


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


def _scope(name: str, value: object, _limits: Limits) -> Scope:
    try:
        return Scope.of(str(value))
    except ValueError as error:
        raise InvalidValueError(f"{name} has to be metrics, read, post or admin") from error


def _days(name: str, value: object, _limits: Limits) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_DAYS:
        limits = f"a whole number from 1 to {_MAX_DAYS}, or null for never"
        raise InvalidValueError(f"{name} has to be {limits}")
    return timedelta(days=value)


_SCOPES = [scope.word for scope in Scope]
_PASSWORD = {"type": "string", "format": "password"}
_ONE_LINE = {"minLength": 1, "maxLength": _LONGEST_NAME, "description": "On one line, not blank."}
_DAYS = {"type": "integer", "minimum": 1, "maximum": _MAX_DAYS}
ScopeName = Annotated[str, Rule(enum=_SCOPES)]


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
    scope: Annotated[Scope, Rule(_scope, type="string", enum=_SCOPES)]
    expires_in_days: Annotated[timedelta, Rule(_days, **_DAYS)] | None


@dataclass(frozen=True, kw_only=True)
class Session:
    """Who is logged in."""

    user: str
    role: Role
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
    kind: Kind
    user: str
    name: str
    scope: ScopeName
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    current: Annotated[bool, Rule(description="Whether it is the one that this was asked with.")]

    @classmethod
    def of(cls, record: "TokenRecord", current: str) -> "Token":
        """Return what is told about a token; `current`: the id of the one it is asked with."""
        return cls(
            id=record.id,
            kind=record.kind,
            user=record.user,
            name=record.name,
            scope=record.scope.word,
            created_at=datetime.fromtimestamp(record.created, UTC),
            expires_at=_moment_or_none(record.expires),
            last_used_at=_moment_or_none(record.used),
            current=record.id == current,
        )


@dataclass(frozen=True, kw_only=True)
class NewToken(Token):
    """A token that was made."""

    token: Annotated[str, Rule(description="It is shown only now.")]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """All tokens that are good."""

    tokens: list[Token]


@SESSION.add(
    "post",
    "/session",
    "logIn",
    None,
    body=LoginRequest,
    answers={201: NewSession},
    errors=(401, 403, 429, 503, 507),
)
async def log_in(request: web.Request) -> web.Response:
    """Log in: a token for programs, or a cookie for a page of this site."""
    login = await body_of(request, LoginRequest)
    by_cookie = login.transport == "cookie"
    if by_cookie:
        visitor.refuse_other_sites(request)
    accounts = request.app[SERVICES].accounts
    who = visitor.visitor_of(request, login.username)
    issued = await accounts.log_in(login.username, login.password, who)
    record = issued.record
    response = answer(
        NewSession(
            user=record.user,
            scope=record.scope.word,
            expires_at=_moment_or_none(record.expires),
            token=None if by_cookie else issued.token,
        ),
        201,
    )
    if by_cookie:
        await _end_former(request)
        _keep_in_browser(request, response, issued)
    return response


@SESSION.add("get", "/session", "session", Scope.READ, answers={200: Session}, errors=(404,))
async def session(request: web.Request) -> web.Response:
    """Who is logged in."""
    principal = principal_of(request)
    accounts = request.app[SERVICES].accounts
    record, person = accounts.get(principal.token_id), accounts.people.get(principal.user)
    if person is None:
        raise TokenNotFoundError  # they were removed just now
    return answer(
        Session(
            user=record.user,
            role=person.role,
            scope=record.scope.word,
            expires_at=_moment_or_none(record.expires),
            via=principal.via,
        )
    )


@SESSION.add("delete", "/session", "logOut", Scope.READ, answers={204: None}, errors=(404, 503))
async def log_out(request: web.Request) -> web.Response:
    """Log out: the token is good no longer."""
    principal = principal_of(request)
    await request.app[SERVICES].accounts.revoke(principal.token_id)
    response = web.Response(status=204)
    if principal.via == "cookie":
        visitor.end_session(request, response)
    return response


@TOKENS.add("get", "/tokens", "tokens", Scope.READ, own=True, answers={200: Tokens})
async def collection(request: web.Request) -> web.Response:
    """All tokens and sessions that are good, one's own for who is no admin, newest first."""
    principal = principal_of(request)
    records = reversed(request.app[SERVICES].accounts.tokens(_whose(principal)))
    tokens = [Token.of(record, principal.token_id) for record in records]
    return answer(Tokens(tokens=tokens))


@TOKENS.add(
    "post",
    "/tokens",
    "makeToken",
    Scope.READ,
    own=True,
    body=TokenRequest,
    answers={201: NewToken},
    errors=(409, 503, 507),
)
async def create(request: web.Request) -> web.Response:
    """Make a token of one's own with a name, which is told only now."""
    principal = principal_of(request)
    wanted = await body_of(request, TokenRequest)
    accounts = request.app[SERVICES].accounts
    issued = await accounts.create(
        wanted.name, wanted.scope, wanted.expires_in_days, principal.user
    )
    told = Token.of(issued.record, principal.token_id)
    return answer(NewToken(**asdict(told), token=issued.token), 201)


@TOKENS.add(
    "delete",
    "/tokens/{id}",
    "revokeToken",
    Scope.READ,
    own=True,
    answers={204: None},
    errors=(409, 503),
)
async def revoke(request: web.Request) -> web.Response:
    """Revoke a token, only one's own for who is no admin; streams opened with it end."""
    accounts, token_id = request.app[SERVICES].accounts, request.match_info["id"]
    principal, user = principal_of(request), accounts.get(token_id).user
    if _whose(principal) not in (None, user):
        raise TokenNotFoundError
    if principal.invited and user == accounts.people.owner.name:
        # Who ends each session of the owner could never be removed.
        raise PeopleError("Only the owner can revoke what is the owner's")
    await accounts.revoke(token_id)
    return web.Response(status=204)


def _whose(principal: "Principal") -> str | None:
    """Return whose tokens somebody may see and revoke, None: everybody's."""
    return None if principal.scope is Scope.ADMIN else principal.user


async def _end_former(request: web.Request) -> None:
    """End the session that the browser had, which forgets it now."""
    former: Principal | None = request.get(PRINCIPAL)
    if former is not None and former.via == "cookie":
        # What cannot be removed just now is worthless all the same.
        with contextlib.suppress(TokenNotFoundError, StorageError):
            await request.app[SERVICES].accounts.revoke(former.token_id)


def _keep_in_browser(request: web.Request, response: web.Response, issued: "Issued") -> None:
    accounts = request.app[SERVICES].accounts
    visitor.set_session(request, response, issued.token, accounts.lifetime)
    mark, user = visitor.device_of(request), issued.record.user
    if mark is None or accounts.known_device(mark, user) is None:
        visitor.set_device(request, response, accounts.mark_device(user))


def _moment_or_none(seconds: int | None) -> datetime | None:
    """Return the time that is so many seconds after 1970 began."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
