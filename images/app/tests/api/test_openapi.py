"""The OpenAPI document says what the routes are, and what goes over the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from inkstand.api.app import OPERATIONS, make_document
from inkstand.api.schemas import Limits, Request, names, read
from inkstand.errors import RequestError

Api = Any
DOCUMENT = make_document("Inkstand", 2000)
BODIES = [operation.body for operation in OPERATIONS if operation.body]
GOOD = {
    "text": "Hello",
    "priority": "urgent",
    "expires_at": "2026-11-29T08:00:00Z",
    "show_for": 60,
    "page": 2,
    "screen": "clock",
    "gesture": "long",
    "transport": "cookie",
    "username": "john",
    "password": "correct horse",
    "name": "kitchen",
    "scope": "post",
    "expires_in_days": 30,
    "show_at": "2026-11-28T20:00:00Z",
    "repeat": "weekly",
    "at": "2026-11-28T20:00:00Z",
    "screens": [{"name": "shopping", "pack": "text", "settings": {"text": "Milk"}}],
    "playlist": [{"screen": "clock", "minutes": 5, "days": "mon-fri"}],
    "quiet_hours": [{"from": "22:30", "to": "07:00"}],
    "quiet_screen": "blank",
    "value": "blank",
    "settings": {"text": "Milk"},
    "role": "sender",
    "secret": "x",
    "old": "battery staple",
    "new": "correct horse",
    "messages_a_day": 5,
    "align": "center",
    "size": "large",
    "bold": True,
    "monospace": True,
    "qr": False,
}
# Digits in a string are taken for a number as well, for queries have nothing else.
WRONG: list[Any] = [None, True, 0, -1, 1.5, 5.0, 10**20, "", "x", "x" * 3000, [], ["read"], {}]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": DOCUMENT["components"]}


def check(name: str, value: object) -> None:
    schema = resolved({"$ref": f"#/components/schemas/{name}"})
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.integration
async def test_every_route_is_documented_and_nothing_else(api: Api) -> None:
    routes = {
        (route.method.lower(), re.sub(r"\{(\w+)[^/]*\}", r"{\1}", route.resource.canonical))
        for route in api.site.client.app.router.routes()
        if route.resource
        and route.resource.canonical.startswith("/api/")
        and route.method != "HEAD"
    }
    documented = {
        (method, f"/api/v1{path}") for path, event in DOCUMENT["paths"].items() for method in event
    }
    # The document as a page is no part of what it tells.
    assert routes - {("get", "/api/docs")} == documented


@pytest.mark.integration
async def test_the_document_is_served_to_anybody(api: Api) -> None:
    answer = await api.site.client.get("/api/v1/openapi.json")
    assert (answer.status, await answer.json()) == (200, DOCUMENT)


@pytest.mark.unit
def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                found.add(value["$ref"].removeprefix("#/components/schemas/"))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    found: set[str] = set()
    walk(DOCUMENT)
    assert found == set(DOCUMENT["components"]["schemas"])
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.unit
def test_operations_have_names_of_their_own() -> None:
    names = [op["operationId"] for event in DOCUMENT["paths"].values() for op in event.values()]
    assert len(names) == len(set(names))


def taken(body: type[Request], values: dict[str, Any]) -> bool:
    """Return whether a request with these values is taken."""
    try:
        read(body, values, Limits(2000, datetime(2026, 11, 28, tzinfo=UTC)))
    except RequestError:
        return False
    return True


@pytest.mark.unit
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_what_is_taken_is_what_is_documented(body: type[Request]) -> None:
    """The document may allow more: it cannot say that a time is in the future."""
    good = {name: value for name, value in GOOD.items() if name in names(body)}
    required = DOCUMENT["components"]["schemas"][body.__name__]["required"]
    check(body.__name__, good)
    assert taken(body, good)
    for name in names(body):
        left = {key: value for key, value in good.items() if key != name}
        assert taken(body, left) == (name not in required)
        for value in WRONG:
            if taken(body, {**good, name: value}):
                check(body.__name__, {**good, name: value})
    assert taken(body, {**good, "unheard-of": 1}) == body.others_are_ignored


@pytest.mark.integration
async def test_what_is_answered_is_what_is_documented(api: Api) -> None:
    answer = await api.post("/messages", json={"text": "Hello", "show_for": 60})
    check("Message", await answer.json())
    await api.until_message(1, "shown")
    await api.post(
        "/messages", json={"text": "Bins", "repeat": "FREQ=DAILY;BYDAY=TU", "bold": True}
    )
    for path, name in (
        ("/messages", "History"),
        ("/messages/1", "Message"),
        ("/messages/2", "Message"),
        ("/messages/scheduled", "Scheduled"),
        ("/screen", "Screen"),
        ("/panel", "Panel"),
        ("/status", "Status"),
        ("/session", "Session"),
        ("/tokens", "Tokens"),
        ("/settings", "Settings"),
        ("/packs", "Packs"),
        ("/people", "People"),
        ("/invitations", "Invitations"),
        ("/guests", "Guests"),
        ("/webhooks", "Webhooks"),
        ("/neighbours", "Neighbours"),
    ):
        answer = await api.get(path)
        assert answer.status == 200
        check(name, await answer.json())
    check("Problem", await (await api.get("/messages/99")).json())
