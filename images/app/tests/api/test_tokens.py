"""Tokens with a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inkstand.accounts.model import Scope
from inkstand.errors import StorageFullError

pytestmark = pytest.mark.integration
Site = Any
Api = Any
BODY: dict[str, Any] = {"name": "kitchen", "scope": "post", "expires_in_days": 30}


async def make(api: Api, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/tokens", json={**BODY, **changes})
    assert answer.status == 201, await answer.text()
    body: dict[str, Any] = await answer.json()
    return body


async def status(site: Site, token: str, method: str, path: str, **options: Any) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await site.client.request(method, path, headers=headers, **options)
    return int(answer.status)


async def test_a_token_is_shown_once(api: Api) -> None:
    made = await make(api)
    token = made.pop("token")
    assert token.count(".") == 2
    created = datetime.fromisoformat(made["created_at"])
    assert datetime.now(UTC) - created < timedelta(minutes=1)
    assert datetime.fromisoformat(made["expires_at"]) - created == timedelta(days=30)
    assert made == {
        "id": made["id"],
        "kind": "token",
        "user": "john",
        "name": "kitchen",
        "scope": "post",
        "created_at": made["created_at"],
        "expires_at": made["expires_at"],
        "last_used_at": None,
        "current": False,
    }
    text = await (await api.get("/tokens")).text()
    assert token not in text
    assert made["id"] in text


async def test_the_list_has_sessions_too_newest_first_and_says_which_one_asks(
    api: Api, site: Site, password: str
) -> None:
    await site.client.post(
        "/login", json={"username": "john", "password": password}, headers={"User-Agent": "curl/8"}
    )
    await make(api, expires_in_days=None)
    told = (await (await api.get("/tokens")).json())["tokens"]
    kinds = [(each["kind"], each["name"], each["scope"], each["current"]) for each in told]
    assert sorted(kinds) == [
        ("session", "curl/8", "admin", False),
        ("token", "kitchen", "post", False),
        ("token", "tests", "admin", True),
    ]
    by_name = {each["name"]: each for each in told}
    assert by_name["kitchen"]["expires_at"] is None
    assert by_name["tests"]["last_used_at"] is not None
    assert [each["created_at"] for each in told] == sorted(
        (each["created_at"] for each in told), reverse=True
    )


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        ("metrics", (403, 403, 403)),
        ("read", (200, 403, 403)),
        ("post", (200, 201, 403)),
        ("admin", (200, 201, 200)),
    ],
)
async def test_a_token_goes_as_far_as_its_scope(
    api: Api, site: Site, scope: str, statuses: tuple[int, int, int]
) -> None:
    reading, posting, ruling = statuses
    token = (await make(api, scope=scope))["token"]
    new, old = {"json": {"text": "a"}}, {"json": {"message": "a"}}
    assert await status(site, token, "GET", "/api/v1/panel") == reading
    assert await status(site, token, "GET", "/") == reading
    assert await status(site, token, "POST", "/api/v1/messages", **new) == posting
    assert await status(site, token, "POST", "/messages", **old) == posting
    assert await status(site, token, "GET", "/api/v1/tokens") == ruling


async def test_too_small_a_scope_is_403_that_says_what_would_do(api: Api, site: Site) -> None:
    token = (await make(api, scope="read"))["token"]
    headers = {"Authorization": token}
    answer = await site.client.post("/api/v1/tokens", json=BODY, headers=headers)
    body = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["code"]) == (403, "forbidden")
    assert body["detail"] == "This needs a token with the scope admin"


async def test_a_revoked_token_is_refused_everywhere_from_the_next_request_on(
    api: Api, site: Site
) -> None:
    made = await make(api, scope="admin")
    for path in ("/api/v1/panel", "/"):
        assert await status(site, made["token"], "GET", path) == 200
    assert (await api.delete(f"/tokens/{made['id']}")).status == 204
    for path in ("/api/v1/panel", "/api/v1/events", "/api/v1/tokens"):
        assert await status(site, made["token"], "GET", path) == 401
    answer = await site.client.get("/", headers={"Authorization": made["token"]})
    assert (answer.status, await answer.text()) == (400, '{"error": "Token is invalid"}')
    assert (await api.delete(f"/tokens/{made['id']}")).status == 404


async def test_open_streams_of_a_revoked_token_end_and_others_do_not(api: Api, site: Site) -> None:
    made = await make(api, scope="read")
    headers = {"Authorization": made["token"]}
    stream = await site.client.get("/api/v1/events", headers=headers)
    socket = await site.client.ws_connect("/api/v1/events", headers=headers)
    other = await api.connect("/events")
    await api.delete(f"/tokens/{made['id']}")
    async for _ in stream.content:
        pass
    async for _ in socket:
        pass
    assert socket.closed
    assert not other.closed
    await other.close()


@pytest.mark.parametrize("number", ["0123456789abcdef", "x", "%00", "a" * 4000, "%F0%9F%8D%B3"])
async def test_a_token_that_is_not_there_is_404(api: Api, number: str) -> None:
    answer = await api.delete(f"/tokens/{number}")
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"


WRONG: list[dict[str, Any]] = [
    {"name": ""},
    {"name": " "},
    {"name": "a\nb"},
    {"name": "a" * 101},
    {"name": 7},
    {"name": "\ud800"},
    {"scope": "root"},
    {"scope": None},
    {"scope": 3},
    {"scope": ["read"]},
    {"expires_in_days": 0},
    {"expires_in_days": 3651},
    {"expires_in_days": True},
    {"expires_in_days": 1.5},
    {"expires_in_days": "30"},
    {"expires_in_days": 10**30},
    {"lifetime": 3},
]


@pytest.mark.parametrize("changes", WRONG, ids=range(len(WRONG)))
async def test_a_request_that_makes_no_sense_is_422(api: Api, changes: dict[str, Any]) -> None:
    answer = await api.post("/tokens", json={**BODY, **changes})
    body = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["code"]) == (422, "invalid-value")


@pytest.mark.parametrize("missing", list(BODY))
async def test_all_of_a_request_has_to_be_said(api: Api, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    assert (await api.post("/tokens", json=body)).status == 422


async def test_spaces_around_a_name_do_not_count(api: Api) -> None:
    assert (await make(api, name=f"  {'k' * 100} "))["name"] == "k" * 100


async def test_on_a_full_disk_no_token_is_made(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageFullError("There is no room to keep accounts")

    monkeypatch.setattr(site.system.accounts._registry, "_commit", fail)
    answer = await api.post("/tokens", json=BODY)
    body = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["code"]) == (507, "storage-full")
    told = (await (await api.get("/tokens")).json())["tokens"]
    assert [each["name"] for each in told] == ["tests"]


async def test_tokens_outlive_a_restart(site: Site) -> None:
    """The accounts are the same; what matters is that they are read again."""
    issued = await site.system.accounts.create("kitchen", Scope.READ, None)
    await site.system.accounts._registry.close()
    site.system.accounts._verified.clear()
    await site.system.accounts._registry.open()
    assert await status(site, issued.token, "GET", "/") == 200
