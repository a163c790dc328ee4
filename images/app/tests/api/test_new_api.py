"""What is new since 2017: the panel under `/api/v1/`, the page, the headers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Site = Any
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def allowed(site: Site, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.token}", **headers}


async def test_the_picture_is_what_the_driver_says_is_on_the_glass(site: Site) -> None:
    answer = await site.client.get("/api/v1/panel.png", headers=allowed(site))
    assert answer.content_type == "image/png"
    picture = Image.open(io.BytesIO(await answer.read()))
    frame = site.panel.current()
    assert (picture.mode, picture.size) == ("1", frame.size)
    assert picture.tobytes() == frame.inverse()


async def test_the_picture_is_sent_again_only_when_it_changed(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    answer = await site.client.get("/api/v1/panel.png", headers=allowed(site))
    conditional = {"If-None-Match": answer.headers["ETag"]}
    answer = await site.client.get("/api/v1/panel.png", headers=allowed(site, **conditional))
    assert answer.status == 304
    await site.post("Hello")
    await eventually(lambda: site.system.display.refreshes["full"] == 2)
    answer = await site.client.get("/api/v1/panel.png", headers=allowed(site, **conditional))
    assert answer.status == 200


async def test_the_state_of_the_panel_is_told(site: Site) -> None:
    answer = await site.client.get("/api/v1/panel", headers=allowed(site))
    panel = await answer.json()
    frame = panel.pop("frame")
    assert panel == {
        "state": "ok",
        "reason": None,
        "width": 264,
        "height": 176,
        "refreshing": None,
        "refreshes": {"full": 1, "partial": 0, "skipped": 0},
    }
    picture = await site.client.get("/api/v1/panel.png", headers=allowed(site))
    assert picture.headers["ETag"] == f'"{frame["etag"]}"'
    assert (frame["refresh"], frame["at"][-1]) == ("full", "Z")
    assert frame["seconds"] >= 0


@pytest.mark.parametrize("authorization", [None, "nonsense", "Bearer a.b.c"])
async def test_without_a_good_token_the_new_api_answers_401_as_a_problem(
    site: Site, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("/api/v1/panel", "/api/v1/panel.png"):
        answer = await site.client.get(path, headers=headers)
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        body = await answer.json()
        assert (body["status"], body["title"]) == (401, "Unauthorized")


async def test_what_the_new_api_does_not_know_is_a_problem(site: Site) -> None:
    answer = await site.client.get("/api/v1/nothing")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_a_browser_gets_the_page_with_the_title(site: Site) -> None:
    answer = await site.client.get("/", headers={"Accept": BROWSER})
    assert (answer.status, answer.content_type) == (200, "text/html")
    text = await answer.text()
    assert "<h1>LegoMac</h1>" in text
    assert "{{" not in text


@pytest.mark.parametrize("accept", ["", "*/*", "application/json, */*;q=0.5", "text/html;q=0"])
async def test_a_program_does_not_get_the_page(site: Site, accept: str) -> None:
    answer = await site.client.get("/", headers={"Accept": accept})
    assert (answer.status, answer.content_type) == (401, "application/json")


@pytest.mark.parametrize("path", ["/nope", "/messages", "/ca.pem"])
async def test_who_is_lost_gets_a_page_and_a_program_json(site: Site, path: str) -> None:
    answer = await site.client.get(path, headers={"Accept": BROWSER})
    assert (answer.status, answer.content_type) == (404, "text/html")
    assert 'href="/"' in await answer.text()
    answer = await site.client.get(path)
    assert answer.status in (404, 405)
    assert list(await answer.json()) == ["error"]


async def test_an_address_of_2017_leads_a_browser_to_the_page(site: Site) -> None:
    answer = await site.client.get("/login", headers={"Accept": BROWSER}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await site.client.get("/login")).status == 405


async def test_the_api_answers_a_browser_as_it_answers_programs(site: Site) -> None:
    answer = await site.client.get("/api/v1/nothing", headers={"Accept": BROWSER})
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/assets/style.css", "/assets/page.js", "/favicon.ico"])
async def test_what_the_page_loads_is_there_and_cached_by_its_tag(site: Site, path: str) -> None:
    answer = await site.client.get(path)
    assert answer.status == 200
    headers = {"If-None-Match": answer.headers["ETag"]}
    assert (await site.client.get(path, headers=headers)).status == 304


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fpages.py", "%2e%2e/pages.py"])
async def test_no_other_file_is_served(site: Site, name: str) -> None:
    assert (await site.client.get(f"/assets/{name}")).status == 404


@pytest.mark.parametrize("path", ["/", "/login", "/nothing", "/healthz", "/assets/page.js"])
async def test_every_answer_has_the_security_headers(site: Site, path: str) -> None:
    answer = await site.client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Server"] == "Inkstand"


async def test_the_page_has_no_inline_script_or_style(site: Site) -> None:
    text = await (await site.client.get("/", headers={"Accept": BROWSER})).text()
    assert "<script>" not in text
    assert "style=" not in text
    assert "onclick" not in text


async def test_a_bug_is_a_500_that_tells_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("inner thoughts")

    monkeypatch.setattr(type(site.system.controller), "submit", fail)
    answer = await site.post("Hello")
    assert (answer.status, await answer.text()) == (500, '{"error": "Internal Server Error"}')
    assert "inner thoughts" in caplog.text


async def test_a_panel_that_never_answered_is_told_and_has_no_picture(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.system.display, "_contents", None)
    monkeypatch.setattr(site.system.display, "_shown", None)
    panel = await (await site.client.get("/api/v1/panel", headers=allowed(site))).json()
    assert (panel["width"], panel["height"], panel["frame"]) == (None, None, None)
    picture = await site.client.get("/api/v1/panel.png", headers=allowed(site))
    body = {"text": "Hello"}
    preview = await site.client.post("/api/v1/preview", json=body, headers=allowed(site))
    for answer in (picture, preview):
        assert (answer.status, answer.content_type) == (503, "application/problem+json")
        assert (await answer.json())["code"] == "panel-unavailable"
    text = await (await site.client.get("/metrics")).text()
    assert "frame_age" not in text
    assert "refresh_seconds" not in text
