"""The objects that go over the wire, as JSON Schema."""

from __future__ import annotations

from typing import Any

from inkstand.api import wishes

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PNG_TEXT: Schema = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
STATES = ("waiting", "shown", "read", "expired", "deleted")
SCOPES = ("read", "post", "admin")


def choice(*values: str) -> Schema:
    """Return the schema of one of `values`."""
    return {"type": "string", "enum": list(values)}


def number(low: int, high: int) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": low, "maximum": high}


def text(low: int, high: int) -> Schema:
    """Return the schema of a text of so many characters."""
    return {"type": "string", "minLength": low, "maxLength": high}


def ref(name: str) -> Schema:
    """Return a reference to a schema of this document."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """Return the schema of something that may be missing."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [schema, {"type": "null"}]}


def several(schema: Schema, **limits: int) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, **limits}


def told(**properties: Schema) -> Schema:
    """Return the schema of an object in an answer: every property is there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def asked(*required: str, **properties: Schema) -> Schema:
    """Return the schema of an object in a request: nothing else may be in it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def options() -> dict[str, Schema]:
    """Return how a message or a picture may be shown."""
    return {
        "priority": {**choice("normal", "urgent"), "default": "normal"},
        "expires_at": {**TIME, "description": "When it stops to matter; in the future."},
        "show_for": {
            **number(1, wishes.LONGEST_SHOW),
            "description": "Seconds on the glass; without it, until somebody presses the button.",
        },
    }


def schemas(longest: int) -> dict[str, Schema]:
    """Return the schemas of the document, for messages of at most `longest` characters."""
    return {**_messages(longest), **_glass(), **_access(), **_others()}


def _messages(longest: int) -> dict[str, Schema]:
    nullable_options = {key: nullable(schema) for key, schema in options().items()}
    return {
        "Text": {**text(1, longest), "description": "Any characters, but not blank."},
        "NewMessage": asked("text", text=ref("Text"), **nullable_options),
        "Message": told(
            id={"type": "integer", "minimum": 1},
            author=TEXT,
            text=TEXT,
            at=TIME,
            state=choice(*STATES),
            priority=choice("normal", "urgent"),
            expires_at=nullable(TIME),
            show_for=nullable(number(1, wishes.LONGEST_SHOW)),
            shown_at=nullable(TIME),
            ended_at=nullable(TIME),
            picture=nullable({"type": "string", "format": "uri-reference"}),
        ),
        "History": told(
            messages=several(ref("Message"), maxItems=wishes.LONGEST_PAGE),
            next={
                **nullable({"type": "integer", "minimum": 1}),
                "description": "What to send as `before` for the next page; null: that was all.",
            },
        ),
        "TextToPreview": asked(
            "text",
            text=ref("Text"),
            page={**number(1, wishes.MOST_PAGES), "default": 1},
        ),
    }


def _glass() -> dict[str, Schema]:
    refresh = choice("full", "partial")
    return {
        "Panel": told(
            state=choice("ok", "unavailable"),
            reason=nullable(TEXT),
            width=nullable({"type": "integer", "minimum": 8}),
            height=nullable({"type": "integer", "minimum": 1}),
            refreshing=nullable(told(refresh=refresh, at=TIME)),
            frame=nullable(
                told(
                    etag=TEXT,
                    at=TIME,
                    refresh=nullable(refresh),
                    seconds=nullable({"type": "number", "minimum": 0}),
                )
            ),
            refreshes=told(full=COUNT, partial=COUNT, skipped=COUNT),
        ),
        "Screen": told(
            screen=choice("clock", "message", "picture", "status"),
            message=nullable(ref("Message")),
            page={"type": "integer", "minimum": 1},
            pages={"type": "integer", "minimum": 1},
        ),
        "ScreenToShow": asked("screen", screen=choice("clock", "status")),
        "Press": asked(gesture={**choice("short", "long", "double"), "default": "short"}),
    }


def _access() -> dict[str, Schema]:
    session = {"user": TEXT, "scope": choice(*SCOPES), "expires_at": nullable(TIME)}
    token = {
        "id": TEXT,
        "kind": choice("session", "token"),
        "name": TEXT,
        "scope": choice(*SCOPES),
        "created_at": TIME,
        "expires_at": nullable(TIME),
        "last_used_at": nullable(TIME),
        "current": {**FLAG, "description": "Whether it is the one that this was asked with."},
    }
    opened = told(**session)
    opened["properties"]["token"] = {**TEXT, "description": "Not with the transport `cookie`."}
    return {
        "Credentials": {
            **asked(
                "username",
                "password",
                username=TEXT,
                password={**TEXT, "format": "password"},
                transport={**choice("token", "cookie"), "default": "token"},
            ),
            "additionalProperties": True,
        },
        "NewSession": opened,
        "Session": told(**session, via=choice("header", "cookie")),
        "TokenToMake": asked(
            "name",
            "scope",
            "expires_in_days",
            name={**text(1, 100), "description": "On one line, not blank."},
            scope=choice(*SCOPES),
            expires_in_days=nullable(number(1, 3650)),
        ),
        "Token": told(**token),
        "NewToken": told(**token, token={**TEXT, "description": "It is shown only now."}),
        "Tokens": told(tokens=several(ref("Token"))),
    }


def _others() -> dict[str, Schema]:
    state = told(state={**TEXT, "description": "`ok`, or one sentence that says what is wrong."})
    return {
        "Status": told(
            version=TEXT,
            started_at=TIME,
            time=told(now=TIME, timezone=TEXT, synchronised=FLAG),
            url=nullable(TEXT),
            certificate_expires_at=nullable(TIME),
            authority_fingerprint=nullable(TEXT),
            panel=ref("Panel"),
            button=state,
            storage=state,
            messages=nullable(told(**dict.fromkeys(STATES, COUNT))),
            errors=several(told(at=TIME, what=TEXT), maxItems=10),
        ),
        "Problem": {
            **told(
                type=TEXT,
                title=TEXT,
                status=number(400, 599),
                detail={**TEXT, "description": "One sentence for people."},
                code={**TEXT, "description": "For programs; it never changes."},
            ),
            "description": "Problem details of RFC 9457.",
        },
    }
