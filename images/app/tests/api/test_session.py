"""Logging in and out, by token and by cookie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inkstand.accounts.model import Scope

pytestmark = pytest.mark.integration
Site = Any
PATH = "/api/v1/session"
SAME = {"Sec-Fetch-Site": "same-origin"}
HTTPS = {"X-Forwarded-Proto": "https", **SAME}
JAR = "inkstand"


async def log_in(site: Site, password: str, headers: Any = SAME, **changes: Any) -> Any:
    body = {"username": "john", "password": password, **changes}
    return await site.client.post(PATH, json=body, headers=headers)


async def enter(site: Site, password: str) -> Any:
    """Log in as the page does, and return the answer; the client keeps the cookies."""
    answer = await log_in(site, password, transport="cookie")
    assert answer.status == 201, await answer.text()
    return answer


async def told(answer: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["status"], body["code"]) == (status, status, code)
    return body


async def test_the_right_password_gives_a_token_with_all_rights(site: Site, password: str) -> None:
    answer = await log_in(site, password, headers={})
    assert answer.status == 201
    assert "Set-Cookie" not in answer.headers
    body = await answer.json()
    assert list(body) == ["user", "scope", "expires_at", "token"]
    assert (body["user"], body["scope"]) == ("john", "admin")
    ends = datetime.fromisoformat(body["expires_at"])
    assert timedelta(hours=719) < ends - datetime.now(UTC) <= timedelta(hours=720)
    headers = {"Authorization": f"Bearer {body['token']}"}
    answer = await site.client.get(PATH, headers=headers)
    del body["token"]
    assert await answer.json() == {**body, "role": "owner", "via": "header"}


async def test_the_cookie_cannot_be_read_by_a_script_or_sent_by_another_site(
    site: Site, password: str
) -> None:
    answer = await enter(site, password)
    assert list(await answer.json()) == ["user", "scope", "expires_at"]
    cookies = answer.headers.getall("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [JAR, f"{JAR}-device"]
    for cookie in cookies:
        parts = cookie.split("; ")
        assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= set(parts)
        assert "Secure" not in parts, "browsers keep no such cookie from plain HTTP"
        assert not any(part.startswith("Domain") for part in parts)
    assert "Max-Age=2592000" in cookies[0]


async def test_under_https_the_cookie_is_bound_to_host_and_scheme(
    site: Site, password: str
) -> None:
    answer = await log_in(site, password, headers=HTTPS, transport="cookie")
    cookies = answer.headers.getall("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [
        "__Host-inkstand",
        "__Host-inkstand-device",
    ]
    assert all("Secure" in cookie.split("; ") for cookie in cookies)
    token = answer.cookies["__Host-inkstand"].value
    site.client.session.cookie_jar.clear()
    for name, status in (("__Host-inkstand", 200), ("inkstand", 401)):
        headers = {**HTTPS, "Cookie": f"{name}={token}"}
        assert (await site.client.get(PATH, headers=headers)).status == status


async def test_a_proxy_that_is_not_ours_cannot_say_https(
    site: Site, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkstand.api.visitor._trusted", lambda _: ())
    answer = await log_in(site, password, headers=HTTPS, transport="cookie")
    assert list(answer.cookies) == [JAR, f"{JAR}-device"]


async def test_the_page_is_logged_in_by_its_cookie_and_only_below_api(
    site: Site, password: str
) -> None:
    await enter(site, password)
    answer = await site.client.get(PATH)
    assert (await answer.json())["via"] == "cookie"
    for method, path in (("GET", "/"), ("POST", "/messages")):
        answer = await site.client.request(method, path, json={"message": "a"}, headers=SAME)
        assert (answer.status, await answer.text()) == (401, '{"error": "Unauthorized"}')


async def test_who_logs_out_is_out_at_once(site: Site, password: str) -> None:
    token = (await enter(site, password)).cookies[JAR].value
    answer = await site.client.delete(PATH, headers=SAME)
    assert answer.status == 204
    (cookie,) = answer.headers.getall("Set-Cookie")
    assert cookie.startswith(f'{JAR}=""; ')
    assert "Max-Age=0" in cookie
    for headers in ({"Cookie": f"{JAR}={token}"}, {"Authorization": token}):
        await told(await site.client.get(PATH, headers=headers), 401, _code(headers))


def _code(headers: dict[str, str]) -> str:
    return "unauthorized" if "Cookie" in headers else "invalid-token"


async def test_who_logs_in_again_ends_the_session_that_the_browser_had(
    site: Site, password: str
) -> None:
    elsewhere = await log_in(site, password)
    former = (await enter(site, password)).cookies[JAR].value
    present = (await enter(site, password)).cookies[JAR].value
    site.client.session.cookie_jar.clear()
    statuses = []
    for token in (former, present, (await elsewhere.json())["token"]):
        answer = await site.client.get(PATH, headers={"Authorization": token})
        statuses.append(answer.status)
    assert statuses == [401, 200, 200]


async def test_who_logs_in_again_with_a_wrong_password_stays_logged_in(
    site: Site, password: str
) -> None:
    await enter(site, password)
    assert (await log_in(site, "wrong", transport="cookie")).status == 401
    assert (await site.client.get(PATH)).status == 200


async def test_who_wants_more_than_they_may_is_written_down(
    site: Site, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    issued = await site.system.accounts.create("friend", Scope.READ, None)
    await enter(site, password)
    caplog.clear()
    body = {"text": "a"}
    headers = {"Authorization": issued.token}
    await site.client.post("/api/v1/messages", json=body, headers=headers)
    await site.client.post("/api/v1/messages", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    site.client.session.cookie_jar.clear()
    await site.client.post("/api/v1/messages", json=body)
    assert caplog.messages == [
        "john may not POST /api/v1/messages: forbidden",
        "a page of another site used the browser of john",
    ]


async def test_a_token_can_end_itself(site: Site, password: str) -> None:
    headers = {"Authorization": (await (await log_in(site, password)).json())["token"]}
    answer = await site.client.delete(PATH, headers=headers)
    assert answer.status == 204
    assert "Set-Cookie" not in answer.headers
    await told(await site.client.get(PATH, headers=headers), 401, "invalid-token")


async def test_nobody_is_logged_in_without_credentials(site: Site) -> None:
    for method in ("GET", "DELETE"):
        answer = await site.client.request(method, PATH)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        await told(answer, 401, "unauthorized")


@pytest.mark.parametrize("who", [("john", "wrong"), ("jane", None), ("", ""), ("\ud800", "\x00")])
async def test_wrong_credentials_are_401_and_say_no_more(
    site: Site, who: tuple[str, str | None], password: str
) -> None:
    username, guess = who
    body = {"username": username, "password": password if guess is None else guess}
    answer = await site.client.post(PATH, json=body)
    problem = await told(answer, 401, "invalid-credentials")
    assert problem["detail"] == "user name or password is wrong"


async def test_guessing_becomes_slow_and_says_how_long(site: Site) -> None:
    for _ in range(10):
        answer = await log_in(site, "wrong")
        await told(answer, 401, "invalid-credentials")
    answer = await log_in(site, "wrong")
    await told(answer, 429, "too-many-attempts")
    assert answer.headers["Retry-After"] == "1"
    assert site.system.accounts.login_failures == 10


async def test_a_device_that_was_logged_in_is_never_locked_out(site: Site, password: str) -> None:
    await enter(site, password)
    await site.client.delete(PATH, headers=SAME)
    jar = site.client.session.cookie_jar
    cookies = jar.filter_cookies(site.client.make_url("/"))
    assert list(cookies) == [f"{JAR}-device"]
    mark = {**SAME, "Cookie": f"{JAR}-device={cookies[f'{JAR}-device'].value}"}
    jar.clear()
    forged = {**SAME, "Cookie": f"{JAR}-device=forged"}
    statuses = [(await log_in(site, "wrong", headers=forged)).status for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    answer = await log_in(site, password, headers=mark, transport="cookie")
    assert answer.status == 201
    assert list(answer.cookies) == [JAR], "the mark of the device stays the same"


async def test_who_has_a_good_token_is_no_stranger_either(site: Site, password: str) -> None:
    for _ in range(10):
        await log_in(site, "wrong")
    assert (await log_in(site, password)).status == 429
    assert (await log_in(site, password, headers={"Authorization": site.token})).status == 201


@pytest.mark.parametrize("stale", ["a.b.c", "Bearer a.b.c", "revoked"])
async def test_a_stale_token_keeps_nobody_from_logging_in(
    site: Site, password: str, stale: str
) -> None:
    if stale == "revoked":
        issued = await site.system.accounts.create("gone", Scope.ADMIN, None)
        await site.system.accounts.revoke(issued.record.id)
        stale = issued.token
    headers = {"Authorization": stale}
    body = {"username": "john", "password": password}
    answer = await site.client.post(PATH, json=body, headers=headers)
    assert answer.status == 201
    headers["Authorization"] = (await answer.json())["token"]
    assert (await site.client.get(PATH, headers=headers)).status == 200


async def test_a_stale_token_lets_nobody_guess_more_often(site: Site) -> None:
    headers = {"Authorization": "a.b.c"}
    statuses = [(await log_in(site, "wrong", headers=headers)).status for _ in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_a_stale_token_logs_nobody_out(site: Site) -> None:
    answer = await site.client.delete(PATH, headers={"Authorization": "a.b.c"})
    assert (answer.status, (await answer.json())["code"]) == (401, "invalid-token")


async def test_a_token_that_was_given_away_makes_no_device_known(site: Site, password: str) -> None:
    issued = await site.system.accounts.create("friend", Scope.POST, None)
    headers = {"Authorization": issued.token}
    statuses = [(await log_in(site, "wrong", headers=headers)).status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert (await log_in(site, password)).status == 429


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"[" * 20_000, 400),
        (b"{}", 422),
        (b'{"username": "john"}', 422),
        (b'{"username": "john", "password": 7}', 422),
        (b'{"username": "john", "password": "a", "transport": "pigeon"}', 422),
        (b'{"username": "john", "password": "a", "transport": ["cookie"]}', 422),
    ],
    ids=range(8),
)
async def test_a_log_in_that_is_none_is_refused(site: Site, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await site.client.post(PATH, data=body, headers=headers)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_a_form_is_not_taken(site: Site) -> None:
    """A page of another site could send one without asking."""
    answer = await site.client.post(PATH, data={"username": "john", "password": "a"})
    await told(answer, 415, "unsupported-media-type")


OTHERS: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
    {"Origin": "{https}"},
]


@pytest.mark.parametrize("headers", OTHERS, ids=range(len(OTHERS)))
async def test_a_page_of_another_site_can_do_nothing_with_the_cookie(
    site: Site, password: str, headers: dict[str, str]
) -> None:
    own = str(site.client.make_url("")).rstrip("/")
    sent = {
        name: value.format(own=own, https=own.replace("http:", "https:"))
        for name, value in headers.items()
    }
    answer = await log_in(site, password, headers=sent, transport="cookie")
    await told(answer, 403, "cross-origin")
    await enter(site, password)
    for method, path in (
        ("DELETE", PATH),
        ("POST", "/api/v1/messages"),
        ("POST", "/api/v1/tokens"),
        ("PUT", "/api/v1/screen"),
    ):
        answer = await site.client.request(method, path, json={"text": "a"}, headers=sent)
        await told(answer, 403, "cross-origin")
    assert (await site.client.get(PATH, headers=sent)).status == 200, "reading is no harm"
    upgrade = {**sent, "Connection": "Upgrade", "Upgrade": "websocket"}
    answer = await site.client.get("/api/v1/events", headers=upgrade)
    await told(answer, 403, "cross-origin")


async def test_the_page_itself_may_in_browsers_old_and_new(site: Site, password: str) -> None:
    await enter(site, password)
    own = str(site.client.make_url("")).rstrip("/")
    for headers in (SAME, {"Origin": own}, {"Origin": own.upper()}):
        answer = await site.client.post("/api/v1/messages", json={"text": "a"}, headers=headers)
        assert answer.status == 201


async def test_behind_the_proxy_the_origin_is_https(site: Site, password: str) -> None:
    own = str(site.client.make_url("")).rstrip("/").replace("http:", "https:")
    headers = {"X-Forwarded-Proto": "https", "Origin": own}
    answer = await log_in(site, password, headers=headers, transport="cookie")
    assert answer.status == 201


async def test_a_bad_cookie_does_not_keep_anybody_from_logging_in(
    site: Site, password: str
) -> None:
    headers = {**SAME, "Cookie": f"{JAR}=a.b.c"}
    assert (await log_in(site, password, headers=headers, transport="cookie")).status == 201
    assert (await site.client.get("/healthz", headers=headers)).status == 200


async def test_a_token_in_a_header_needs_no_origin(site: Site, password: str) -> None:
    """A page of another site cannot send one; with both, the header counts."""
    await enter(site, password)
    headers = {"Authorization": site.token, "Sec-Fetch-Site": "cross-site"}
    answer = await site.client.post("/api/v1/messages", json={"text": "a"}, headers=headers)
    assert answer.status == 201


async def test_an_open_stream_ends_when_its_session_does(site: Site, password: str) -> None:
    await enter(site, password)
    stream = await site.client.get("/api/v1/events")
    assert stream.status == 200
    await site.client.delete(PATH, headers=SAME)
    async for _line in stream.content:
        pass
