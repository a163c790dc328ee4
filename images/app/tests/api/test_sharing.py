"""`POST /share`: what the installed page is given by other programs of a phone."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import aiohttp
import pytest

from inkstand.web import pages

pytestmark = pytest.mark.integration
Site = Any
ITSELF = {"Sec-Fetch-Site": "none"}
PICTURE = bytes(range(256)) * 700


def form(**texts: str) -> aiohttp.FormData:
    """Return what a browser sends for a text."""
    data = aiohttp.FormData(default_to_multipart=True)
    for name, text in texts.items():
        data.add_field(name, text)
    return data


def with_picture(**texts: str) -> aiohttp.FormData:
    """Return what a browser sends for a picture."""
    data = form(**texts)
    data.add_field("picture", PICTURE, filename='a "cat".jpg', content_type="image/jpeg")
    return data


async def log_in(site: Site, password: str) -> None:
    body = {"username": "john", "password": password, "transport": "cookie"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert (await site.client.post("/api/v1/session", json=body, headers=headers)).status == 201


async def share(site: Site, data: Any, headers: dict[str, str] = ITSELF) -> Any:
    return await site.client.post("/share", data=data, headers=headers, allow_redirects=False)


async def test_a_text_comes_back_in_the_page_as_text(site: Site) -> None:
    answer = await share(site, form(title="A page", text='</template><script>"&', url="https://a/"))
    page = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<h1>LegoMac</h1>" in page
    assert 'data-text="&lt;/template&gt;&lt;script&gt;&quot;&amp;"' in page
    assert 'data-title="A page"' in page
    assert 'data-url="https://a/"' in page


async def test_a_picture_comes_back_in_the_page_for_who_is_logged_in(
    site: Site, password: str
) -> None:
    await log_in(site, password)
    page = await (await share(site, with_picture(text="My cat"))).text()
    held = re.search(r'<template id="shared"([^>]*)>([^<]*)</template>', page)
    assert held is not None
    assert base64.b64decode(held[2]) == PICTURE
    assert 'data-type="image/jpeg"' in held[1]
    assert "data-problem" not in held[1]


async def test_who_is_not_logged_in_is_told_so_and_keeps_the_text(site: Site) -> None:
    page = await (await share(site, with_picture(text="My cat"))).text()
    assert 'data-text="My cat"' in page
    assert 'data-problem="log-in"' in page
    assert base64.b64encode(PICTURE[:30]).decode() not in page


@pytest.mark.parametrize("whose", ["cross-site", "same-site", None])
async def test_what_another_site_posts_is_thrown_away(
    site: Site, password: str, whose: str | None
) -> None:
    await log_in(site, password)
    headers = {} if whose is None else {"Sec-Fetch-Site": whose}
    answer = await share(site, form(text="never chosen"), headers)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert "never chosen" not in await answer.text()


async def test_nothing_that_is_shared_is_sent_by_that(site: Site, password: str) -> None:
    await log_in(site, password)
    await share(site, form(text="Only in the form"))
    assert not (await site.system.store.page()).messages


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=a"),
        (b"a=b", "text/plain"),
    ],
)
async def test_what_is_no_form_leads_to_the_page(
    site: Site, data: bytes, content_type: str
) -> None:
    answer = await share(site, data, {**ITSELF, "Content-Type": content_type})
    assert answer.status == 303


async def test_what_is_too_large_is_told(site: Site) -> None:
    page = await (await share(site, form(text="x" * 20_000))).text()
    assert 'data-problem="too-large"' in page


async def test_who_shares_while_too_many_send_is_asked_to_wait(site: Site, password: str) -> None:
    await log_in(site, password)
    site.system.services.preview_renderer.visitors = 8
    assert 'data-problem="busy"' in await (await share(site, form(text="one more"))).text()
    site.system.services.preview_renderer.visitors = 0


async def test_the_page_can_be_installed(site: Site) -> None:
    answer = await site.client.get("/manifest.webmanifest")
    manifest = await answer.json(content_type="application/manifest+json")
    assert (manifest["name"], manifest["display"]) == ("LegoMac", "standalone")
    target = manifest["share_target"]
    assert (target["action"], target["method"]) == ("/share", "POST")
    for icon in manifest["icons"]:
        assert (await site.client.get(icon["src"])).content_type == icon["type"]
    page = await (await site.client.get("/", headers={"Accept": "text/html"})).text()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page


def test_a_title_with_quotes_is_still_a_manifest() -> None:
    manifest = pages.Assets({"title": 'Ada\'s "Mac" \\'}).find("manifest.webmanifest")
    assert manifest is not None
    assert json.loads(manifest.body)["name"] == 'Ada\'s "Mac" \\'


async def test_the_page_of_an_authority_of_our_own_has_its_fingerprint(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await site.client.get("/trust")
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "nothing to install" in await answer.text()
    monkeypatch.setattr(site.system.report.authority, "_fingerprint", "3F:A2 11:0C")
    page = await (await site.client.get("/trust")).text()
    assert "3F:A2 11:0C" in page
    assert 'href="/ca.pem"' in page
    assert "{{" not in page
