"""The page in the language of the browser, and what caches are told of it."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration
Site = Any
PATHS = ["/", "/settings", "/people", "/invite", "/guest", "/trust"]


async def fetched(site: Site, path: str, language: str, **headers: str) -> Any:
    headers |= {"Accept": "text/html", "Accept-Language": language}
    return await site.client.get(path, headers=headers)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de-CH,en;q=0.5", "de"),
        ("nl, fr;q=0.9, en;q=0.8", "fr"),
        ("nl, fr;q=0.8, en;q=0.9", "en"),
        ("ja", "en"),
        ("*", "en"),
    ],
)
async def test_a_page_is_in_a_language_of_the_browser(
    site: Site, path: str, asked: str, given: str
) -> None:
    answer = await fetched(site, path, asked)
    assert f'<html lang="{given}">' in await answer.text()
    assert "Accept-Language" in answer.headers["Vary"]


async def test_who_is_lost_is_told_so_in_their_language(site: Site) -> None:
    answer = await fetched(site, "/nowhere", "sv")
    assert (answer.status, '<html lang="sv">' in await answer.text()) == (404, True)


async def test_scripts_get_the_words_of_the_language(site: Site) -> None:
    words = {
        code: await (await fetched(site, "/assets/words.js", code)).text()
        for code in ("en", "de", "es")
    }
    assert '"Copied.": "Kopiert."' in words["de"]
    assert '"Copied.": "Copiado."' in words["es"]
    assert words["en"].endswith("export default {};\n")


async def test_what_a_browser_keeps_is_not_that_of_another_language(site: Site) -> None:
    kept = (await fetched(site, "/", "de")).headers["ETag"]
    assert (await fetched(site, "/", "de", **{"If-None-Match": kept})).status == 304
    assert (await fetched(site, "/", "fr", **{"If-None-Match": kept})).status == 200


async def test_what_has_no_words_is_the_same_for_all(site: Site) -> None:
    tags = {
        (await fetched(site, "/assets/style.css", code)).headers["ETag"] for code in ("en", "de")
    }
    assert len(tags) == 1


async def test_no_language_leads_out_of_the_page(site: Site) -> None:
    answer = await fetched(site, "/assets/index.html", "../de")
    assert '<html lang="en">' in await answer.text()
