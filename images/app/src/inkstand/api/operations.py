"""What can be asked for under `/api/v1/`: each handler says so once, for the routes and OpenAPI.

What it says is checked before it is called; what it is asked for is read, and what it answers is
written, as the classes are declared that it names.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import KW_ONLY, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web

from inkstand.accounts.model import Kind, Scope
from inkstand.api.schemas import Limits, Problem, as_json, names, read, refuse_others
from inkstand.api.services import PRINCIPAL, SERVICES
from inkstand.errors import (
    ForbiddenError,
    MalformedRequestError,
    OwnerOnlyError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from inkstand.media_types import JSON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from inkstand.accounts.model import Principal
    from inkstand.api.schemas import R, Request, Schemas

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
# What SQLite can count to.
GREATEST_ID = 2**63 - 1
_NUMBER = {"type": "integer", "minimum": 1, "maximum": GREATEST_ID}
# A part of a path that may be anything, or digits by a pattern.
_PLACE = re.compile(r"\{(\w+)(:[^/]+)?\}")


@dataclass(frozen=True)
class Operation:
    """One method of one path, whose parts may have patterns.

    `scope` is the least one that is needed, None: anybody may. `own`: it is about what is one's
    own, so that beside `admin` only a session will do. `owner`: nobody will do who was invited.
    `answers` are by status: the class of JSON, content as OpenAPI has it, or None for nothing.
    `bodies` are others than JSON.
    """

    method: str
    path: str
    tag: str
    handler: Handler
    name: str
    scope: Scope | None
    _: KW_ONLY
    answers: Mapping[int, type | Json | None]
    errors: tuple[int, ...] = ()
    body: type[Request] | None = None
    bodies: Json = field(default_factory=dict)
    query: type[Request] | None = None
    parameters: tuple[Json, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    own: bool = False
    owner: bool = False

    @property
    def documented_path(self) -> str:
        """The path without patterns."""
        return _PLACE.sub(r"{\1}", self.path)

    def as_json(self, known: Schemas) -> Json:
        """Return it as OpenAPI has it, with references to the schemas in `known`."""
        query = known.parameters(self.query) if self.query else ()
        bodies = {**(_json(known, self.body) if self.body else {}), **self.bodies}
        answers = {str(status): self._answer(known, status) for status in self.answers}
        problems = {str(status): _problem(known, status) for status in self._errors()}
        says: Json = {"security": []}
        if self.scope is not None:
            alone = ", and is for the owner alone" if self.owner else ""
            says = {"description": f"Needs the scope `{self.scope.word}`{alone}."}
        if self.own:
            says = {"description": "Needs a session, or a token with the scope `admin`."}
        return {
            "operationId": self.name,
            "summary": (self.handler.__doc__ or "").partition("\n")[0],
            "tags": [self.tag],
            "parameters": [*self._in_path(), *self.parameters, *query],
            **({"requestBody": {"required": True, "content": bodies}} if bodies else {}),
            "responses": {**answers, **problems},
            **says,
        }

    def _in_path(self) -> Iterator[Json]:
        for name, pattern in _PLACE.findall(self.path):
            schema = _NUMBER if pattern else TEXT
            yield {"name": name, "in": "path", "required": True, "schema": schema}

    def _errors(self) -> list[int]:
        missing = (404,) if "{" in self.path else ()
        forbidden = () if self.scope is None else (401, 403)
        unsupported = (415,) if self.body or self.bodies else ()
        return sorted({400, 413, 422, *forbidden, *unsupported, *missing, *self.errors})

    def _answer(self, known: Schemas, status: int) -> Json:
        told = self.answers[status]
        answer: Json = {"description": HTTPStatus(status).phrase}
        if told is not None:
            answer["content"] = _json(known, told) if isinstance(told, type) else told
        if self.headers:
            answer["headers"] = {
                name: {"description": words, "schema": TEXT} for name, words in self.headers.items()
            }
        return answer


class Operations(list[Operation]):
    """Operations of one tag of the document; the docstrings of their handlers are its summaries."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self._tag = tag

    def add(
        self, method: str, path: str, name: str, scope: Scope | None, **more: Any
    ) -> Callable[[Handler], Handler]:
        """Return a decorator of a handler, which is called once the request may be answered.

        `more` are the other attributes of an Operation.
        """

        def add(handler: Handler) -> Handler:
            query = more.get("query")
            known = names(query) if query else ()

            @functools.wraps(handler)
            async def checked(request: web.Request) -> web.StreamResponse:
                refuse_others(request.query, known)
                if scope is not None:
                    require(request, scope)
                if more.get("own"):
                    _require_session(request)
                if more.get("owner") and principal_of(request).invited:
                    raise OwnerOnlyError
                return await handler(request)

            self.append(Operation(method, path, self._tag, checked, name, scope, **more))
            return checked

        return add


def require(request: web.Request, scope: Scope) -> Principal:
    """Return who asks, if they may do what needs `scope`.

    Raises:
        UnauthorizedError: nobody said who asks.
        ForbiddenError: the token does not go that far.
    """
    principal: Principal | None = request.get(PRINCIPAL)
    if principal is None:
        raise UnauthorizedError("log in first")
    if principal.scope < scope:
        raise ForbiddenError(scope.word)
    return principal


def _require_session(request: web.Request) -> None:
    """Do nothing if who asks has logged in, or may do everything.

    A token that was given away could make others of its kind otherwise.
    """
    principal = principal_of(request)
    record = request.app[SERVICES].accounts.get(principal.token_id)
    if record.kind is not Kind.SESSION and principal.scope is not Scope.ADMIN:
        raise ForbiddenError(Scope.ADMIN.word)


def principal_of(request: web.Request) -> Principal:
    """Return who asks, where an Operation has seen to it that they may."""
    principal: Principal = request[PRINCIPAL]
    return principal


async def body_of(request: web.Request, kind: type[R]) -> R:
    """Return what the body asks for.

    Raises:
        UnsupportedMediaTypeError: it is sent as something else than JSON.
        MalformedRequestError: it is no JSON, or no object.
        RequestError: see schemas.read().
    """
    return read(kind, _object(request.content_type, await request.read()), limits_of(request))


def query_of(request: web.Request, kind: type[R]) -> R:
    """Return what the query asks for.

    Raises:
        InvalidValueError: see schemas.read().
    """
    return read(kind, request.query, limits_of(request))


def limits_of(request: web.Request) -> Limits:
    """Return what values may be just now."""
    services = request.app[SERVICES]
    return Limits(services.settings.message_max_length, services.clock.now())


def header(name: str, words: str, **schema: Any) -> Json:
    """Return a header as a parameter; `schema` has keywords beyond that it is a string."""
    return {"name": name, "in": "header", "schema": {**TEXT, **schema}, "description": words}


def binary(*kinds: str, **schema: Any) -> Json:
    """Return content that is one of these media types; `schema` has more keywords."""
    return {kind: {"schema": {**TEXT, "contentMediaType": kind, **schema}} for kind in kinds}


def answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer with JSON."""
    return web.json_response(as_json(value), status=status, headers=headers)


def _json(known: Schemas, kind: type, media_type: str = JSON) -> Json:
    return {media_type: {"schema": known.ref(kind)}}


def _problem(known: Schemas, status: int) -> Json:
    content = _json(known, Problem, "application/problem+json")
    answer: Json = {"description": HTTPStatus(status).phrase, "content": content}
    if status == HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": {"schema": TEXT}}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        answer["headers"] = {"Retry-After": {"description": "Seconds, if known.", "schema": TEXT}}
    return answer


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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


PNG = binary("image/png")
