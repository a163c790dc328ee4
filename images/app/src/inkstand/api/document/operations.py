"""What can be asked for, and what is answered, as the path items of OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from inkstand import pictures
from inkstand.api import wishes
from inkstand.api.document.shapes import (
    STATES,
    TEXT,
    choice,
    number,
    options,
    ref,
    several,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
_PROBLEM = {"application/problem+json": {"schema": ref("Problem")}}
_PICTURE = {"type": "string", "contentMediaType": "image/png"}
# The errors that many resources share: bodies, and messages that cannot be kept.
_BODY = (400, 413, 415, 422)
_KEPT = (503,)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path.

    `scope` is the least one that is needed, None: anybody may. `answers` are by status: the schema
    of JSON, content as OpenAPI has it, or None for nothing.
    """

    name: str
    summary: str
    tag: str
    scope: str | None
    answers: Mapping[int, Json | None]
    errors: tuple[int, ...] = ()
    body: Json | None = None
    parameters: tuple[Json, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> Json:
        """Return it as OpenAPI has it."""
        errors = (*((401, 403) if self.scope else ()), *self.errors)
        answers = {str(status): self._answer(status, it) for status, it in self.answers.items()}
        problems = {str(status): _problem(status) for status in sorted({*errors, 400, 413, 422})}
        result: Json = {
            "operationId": self.name,
            "summary": self.summary,
            "tags": [self.tag],
            "responses": {**answers, **problems},
        }
        if self.parameters:
            result["parameters"] = list(self.parameters)
        if self.body is not None:
            result["requestBody"] = {"required": True, "content": self.body}
        if self.scope is None:
            result["security"] = []
        else:
            result["description"] = f"Needs the scope `{self.scope}`."
        return result

    def _answer(self, status: int, content: Json | None) -> Json:
        answer: Json = {"description": HTTPStatus(status).phrase}
        if content is not None:
            answer["content"] = content
        if self.headers:
            answer["headers"] = {
                name: {"description": words, "schema": TEXT} for name, words in self.headers.items()
            }
        return answer


def json_of(name: str) -> Json:
    """Return content in JSON, by the schema of that name."""
    return {wishes.JSON: {"schema": ref(name)}}


def _problem(status: int) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase, "content": _PROBLEM}
    if status == HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": {"schema": TEXT}}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        answer["headers"] = {"Retry-After": {"description": "Seconds, if known.", "schema": TEXT}}
    return answer


def _query(name: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": "query", "schema": schema, **more}


def _header(name: str, schema: Json, words: str) -> Json:
    return {"name": name, "in": "header", "schema": schema, "description": words}


_KEY = _header(
    "Idempotency-Key",
    {**text(1, wishes.LONGEST_KEY), "pattern": "^[!-~]+$"},
    "The same message with the same key is kept once, however often it is sent.",
)
_ID: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
}
_TOKEN_ID: Json = {"name": "id", "in": "path", "required": True, "schema": TEXT}
_OPTIONS = tuple(_query(name, schema) for name, schema in options().items())
_LOOK = (
    _query("framing", {**choice("fit", "fill"), "default": "fit"}),
    _query("tone", {**choice("dither", "threshold"), "default": "dither"}),
)
_PICTURES: Json = {
    kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in wishes.PICTURES
}
_PNG: Json = {"image/png": {"schema": _PICTURE}}
_REPLAYED = {
    "Location": "Where the message is.",
    "Idempotency-Replayed": "`true` when it was kept before.",
}
_SHEET = {
    "Inkstand-Page": "Which page this is.",
    "Inkstand-Pages": "How many there are.",
    "Inkstand-Hint": "What may be wrong with the picture, if anything.",
}
_LIMITS = (
    f"At most {pictures.MOST_BYTES >> 20} MB and {pictures.MOST_PIXELS // 1_000_000} megapixels."
)


def paths() -> Json:
    """Return all paths below the prefix of the API."""
    return {
        path: {method: operation.as_json() for method, operation in methods.items()}
        for path, methods in {**_session(), **_messages(), **_pictures(), **_glass()}.items()
    }


def _session() -> dict[str, dict[str, Operation]]:
    return {
        "/session": {
            "post": Operation(
                name="logIn",
                summary="Log in: a token for programs, or a cookie for a page of this site.",
                tag="session",
                scope=None,
                body=json_of("Credentials"),
                answers={201: json_of("NewSession")},
                errors=(401, 403, 429, *_BODY, *_KEPT, 507),
            ),
            "get": Operation(
                name="session",
                summary="Who is logged in.",
                tag="session",
                scope="read",
                answers={200: json_of("Session")},
                errors=(404,),
            ),
            "delete": Operation(
                name="logOut",
                summary="Log out: the token is good no longer.",
                tag="session",
                scope="read",
                answers={204: None},
                errors=(404, *_KEPT),
            ),
        },
        "/tokens": {
            "get": Operation(
                name="tokens",
                summary="All tokens and sessions that are good, newest first.",
                tag="tokens",
                scope="admin",
                answers={200: json_of("Tokens")},
            ),
            "post": Operation(
                name="makeToken",
                summary="Make a token with a name.",
                tag="tokens",
                scope="admin",
                body=json_of("TokenToMake"),
                answers={201: json_of("NewToken")},
                errors=(*_BODY, *_KEPT, 507),
            ),
        },
        "/tokens/{id}": {
            "delete": Operation(
                name="revokeToken",
                summary="Revoke a token; streams that were opened with it end.",
                tag="tokens",
                scope="admin",
                parameters=(_TOKEN_ID,),
                answers={204: None},
                errors=(404, *_KEPT),
            )
        },
    }


def _messages() -> dict[str, dict[str, Operation]]:
    states = {**several(choice(*STATES)), "minItems": 1}
    return {
        "/messages": {
            "post": Operation(
                name="send",
                summary="Send a message; it is on the disk when this is answered.",
                tag="messages",
                scope="post",
                parameters=(_KEY,),
                body={**json_of("NewMessage"), wishes.PLAIN_TEXT: {"schema": ref("Text")}},
                answers={201: json_of("Message")},
                errors=(409, *_BODY, *_KEPT, 507),
                headers=_REPLAYED,
            ),
            "get": Operation(
                name="history",
                summary="Messages, newest first; deleted ones only when they are asked for.",
                tag="messages",
                scope="read",
                parameters=(
                    _query("limit", {**number(1, wishes.LONGEST_PAGE), "default": 50}),
                    _query("before", number(1, 2**63 - 1)),
                    _query("state", states, style="form", explode=False),
                ),
                answers={200: json_of("History")},
                errors=(422, *_KEPT),
            ),
        },
        "/messages/{id}": {
            "get": _of_message("message", "A message.", "read", {200: json_of("Message")}),
            "delete": _of_message(
                "deleteMessage", "Take a message back; its text is gone.", "post", {204: None}
            ),
        },
        "/messages/{id}/picture": {
            "get": _of_message("picture", "The picture of a message.", "read", {200: _PNG})
        },
        "/messages/{id}/show": {
            "post": _of_message(
                "showAgain", "Show a message at once.", "post", {200: json_of("Message")}, 409
            )
        },
        "/messages/{id}/acknowledge": {
            "post": _of_message(
                "acknowledge", "Say that it was read.", "post", {200: json_of("Message")}, 409
            )
        },
    }


def _of_message(
    name: str, summary: str, scope: str, answers: dict[int, Json | None], *errors: int
) -> Operation:
    return Operation(
        name=name,
        summary=summary,
        tag="messages",
        scope=scope,
        parameters=(_ID,),
        answers=answers,
        errors=(404, *errors, *_KEPT),
    )


def _pictures() -> dict[str, dict[str, Operation]]:
    return {
        "/images": {
            "post": Operation(
                name="sendPicture",
                summary=f"Send a picture, shown like a message. {_LIMITS}",
                tag="messages",
                scope="post",
                parameters=(
                    *_LOOK,
                    _query("name", {"type": "string", "maxLength": wishes.LONGEST_NAME}),
                    *_OPTIONS,
                    _KEY,
                ),
                body=_PICTURES,
                answers={201: json_of("Message")},
                errors=(409, 429, *_BODY, *_KEPT, 507),
                headers=_REPLAYED,
            )
        },
        "/preview": {
            "post": Operation(
                name="preview",
                summary="How a text or a picture would look on this panel; nothing is shown.",
                tag="messages",
                scope="post",
                parameters=_LOOK,
                body={**json_of("TextToPreview"), **_PICTURES},
                answers={200: _PNG},
                errors=(429, *_BODY, *_KEPT),
                headers=_SHEET,
            )
        },
    }


def _glass() -> dict[str, dict[str, Operation]]:
    tag = _header("If-None-Match", TEXT, "The ETag of the picture that is known already.")
    last = _header("Last-Event-ID", TEXT, "Go on after this event; else it begins with `hello`.")
    return {
        "/screen": {
            "get": _glass_get("screen", "What is shown.", "Screen"),
            "put": Operation(
                name="showScreen",
                summary="`status`: have a look at it; `clock`: back to what was there before.",
                tag="panel",
                scope="post",
                body=json_of("ScreenToShow"),
                answers={200: json_of("Screen")},
                errors=(*_BODY, *_KEPT),
            ),
        },
        "/button": {
            "post": Operation(
                name="press",
                summary="Use the button: a short press turns the page, the last one is read.",
                tag="panel",
                scope="post",
                body=json_of("Press"),
                answers={204: None},
                errors=_BODY,
            )
        },
        "/panel": {"get": _glass_get("panel", "The panel, and what is on it.", "Panel")},
        "/panel.png": {
            "get": Operation(
                name="panelPicture",
                summary="What is on the glass, as the driver says.",
                tag="panel",
                scope="read",
                parameters=(tag,),
                answers={200: _PNG, 304: None},
                errors=(503,),
                headers={"ETag": "Another one for another picture."},
            )
        },
        "/events": {
            "get": Operation(
                name="events",
                summary="What happens, while it happens: as Server-Sent Events or by a WebSocket.",
                tag="panel",
                scope="read",
                parameters=(last, _query("last_event_id", TEXT)),
                answers={101: None, 200: {"text/event-stream": {"schema": TEXT}}},
                errors=(503,),
            )
        },
        "/status": {"get": _glass_get("status", "How everything is.", "Status")},
        "/openapi.json": {
            "get": Operation(
                name="document",
                summary="This document.",
                tag="status",
                scope=None,
                answers={200: {wishes.JSON: {"schema": {"type": "object"}}}},
            )
        },
    }


def _glass_get(name: str, summary: str, schema: str) -> Operation:
    return Operation(
        name=name, summary=summary, tag="panel", scope="read", answers={200: json_of(schema)}
    )
