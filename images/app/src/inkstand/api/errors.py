"""The one place where errors become HTTP answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.errors import (
    BrokerError,
    BusyError,
    CrossOriginError,
    DailyLimitError,
    ForbiddenError,
    GroupNotFoundError,
    GuestNotFoundError,
    HookLimitError,
    IdempotencyConflictError,
    InvalidArgumentsError,
    InvalidCredentialsError,
    InvalidTokenError,
    InvalidValueError,
    InvitationNotFoundError,
    MalformedRequestError,
    MessageNotFoundError,
    MessageStateError,
    MessageTooLongError,
    NameTakenError,
    OwnerOnlyError,
    PackNotFoundError,
    PacksError,
    PanelError,
    PeopleError,
    PersonNotFoundError,
    PictureTooLargeError,
    ProvisionedError,
    RequestError,
    ScreenNotShownError,
    SettingNotFoundError,
    StorageError,
    StorageFullError,
    TokenNotFoundError,
    TooManyAttemptsError,
    TooManyStreamsError,
    TooManyTokensError,
    TooManyWaitingError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
    WebhookNotFoundError,
    WrongPasswordError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.errors import InkstandError

_NEW_API = "/api/"
# Status, and the words that the classic API has for it; else the error's own sentence is sent.
_ANSWERS: dict[type[InkstandError], tuple[int, str | None]] = {
    UnauthorizedError: (401, "Unauthorized"),
    InvalidTokenError: (400, "Token is invalid"),
    InvalidCredentialsError: (400, "Invalid credentials"),
    ForbiddenError: (403, None),
    CrossOriginError: (403, None),
    TokenNotFoundError: (404, None),
    InvalidArgumentsError: (400, "Invalid arguments"),
    MalformedRequestError: (400, "Bad Request"),
    UnsupportedMediaTypeError: (415, None),
    InvalidValueError: (422, None),
    PictureTooLargeError: (413, None),
    MessageTooLongError: (413, None),
    TooManyAttemptsError: (429, None),
    TooManyStreamsError: (503, None),
    TooManyWaitingError: (429, None),
    BusyError: (429, None),
    MessageNotFoundError: (404, None),
    MessageStateError: (409, None),
    IdempotencyConflictError: (409, None),
    ScreenNotShownError: (404, None),
    SettingNotFoundError: (404, None),
    ProvisionedError: (409, None),
    StorageFullError: (507, None),
    StorageError: (503, None),
    PanelError: (503, None),
    BrokerError: (503, None),
    WrongPasswordError: (403, None),
    PersonNotFoundError: (404, None),
    InvitationNotFoundError: (404, None),
    NameTakenError: (409, None),
    PeopleError: (409, None),
    TooManyTokensError: (409, None),
    GuestNotFoundError: (404, None),
    DailyLimitError: (429, None),
    HookLimitError: (429, None),
    OwnerOnlyError: (403, None),
    PackNotFoundError: (404, None),
    PacksError: (409, None),
    WebhookNotFoundError: (404, None),
    GroupNotFoundError: (404, None),
}
_UNAUTHORIZED = (UnauthorizedError, InvalidTokenError, InvalidCredentialsError)

_RETRIED = (
    TooManyAttemptsError,
    TooManyStreamsError,
    TooManyWaitingError,
    BusyError,
    DailyLimitError,
    HookLimitError,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on its way out: HTTP status, a code for programs, a sentence for people."""

    status: int
    code: str
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)


def from_ours(request: web.Request, error: InkstandError) -> web.Response:
    """Return the answer for an error of our own tree."""
    status, sentence = _status_of(error)
    if _is_new(request):
        status, sentence = 401 if isinstance(error, _UNAUTHORIZED) else status, None
    headers = _headers_of(error, status)
    return _answer(request, Failure(status, error.code, sentence or str(error), headers))


def from_http(request: web.Request, error: web.HTTPException) -> web.Response:
    """Return the answer for what aiohttp refuses by itself: unknown paths, methods, sizes."""
    headers = {key: error.headers[key] for key in ("Allow",) if key in error.headers}
    code = error.reason.lower().replace(" ", "-")
    return _answer(request, Failure(error.status, code, error.reason, headers))


def bad_request(request: web.Request) -> web.Response:
    """Return the answer for a body that cannot be read at all."""
    return from_ours(request, MalformedRequestError("the body cannot be read"))


def too_large(request: web.Request, sentence: str) -> web.Response:
    """Return the answer for a body that is not read."""
    return _answer(request, Failure(413, "request-entity-too-large", sentence))


def internal(request: web.Request) -> web.Response:
    """Return the answer for a bug, which tells nothing about it."""
    return _answer(request, Failure(500, "internal", HTTPStatus(500).phrase))


def _status_of(error: InkstandError) -> tuple[int, str | None]:
    known = (_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS)
    return next(known, (400 if isinstance(error, RequestError) else 500, None))


def _headers_of(error: InkstandError, status: int) -> dict[str, str]:
    if isinstance(error, _RETRIED):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}


def _answer(request: web.Request, failure: Failure) -> web.Response:
    make = _problem if _is_new(request) else _classic
    return make(failure)


def _classic(failure: Failure) -> web.Response:
    body = {"error": failure.sentence}
    return web.json_response(body, status=failure.status, headers=failure.headers)


def _problem(failure: Failure) -> web.Response:
    """Problem details of RFC 9457."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.sentence,
        "code": failure.code,
    }
    return web.json_response(
        body,
        status=failure.status,
        headers=failure.headers,
        content_type="application/problem+json",
    )


def _is_new(request: web.Request) -> bool:
    return request.path.startswith(_NEW_API)
