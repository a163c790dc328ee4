"""What axe-core finds wrong with the page, in each state, light and dark: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any


def findings(page: Page) -> list[str]:
    """Return what axe-core finds in light and in dark, and refuse that it looked at nothing."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        seen = Axe().run(page).response
        assert seen["passes"]
        found += [
            f"{scheme}: {it['id']} in {node['html']}"
            for it in seen["violations"]
            for node in it["nodes"]
        ]
    return found


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_has_none(visit: Callable[..., Visitor], width: int) -> None:
    visitor = visit(viewport={"width": width, "height": 800})
    page = visitor.open()
    page.get_by_label("User").wait_for()
    assert findings(page) == []
    visitor.log_in()
    expect(page.locator("#history-empty")).to_be_visible()
    assert findings(page) == []
    for text in ("On the glass", "One word after the other. " * 40, "Waits too"):
        visitor.demo.send(text)
    expect(page.locator("#messages .tag.shown")).to_have_count(1)
    expect(page.locator("#queue-count")).to_have_text("2 waiting")
    page.locator("#up-next, #options").evaluate_all("(all) => all.forEach((it) => it.open = true)")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_label("Message", exact=True).fill("Look")
    expect(page.get_by_role("img", name="Preview of the panel")).to_be_visible()
    assert findings(page) == []


def test_the_other_views_have_none(visitor: Visitor) -> None:
    page = visitor.log_in()
    for view, content in (("tokens", "#tokens > li"), ("status", "#status > *")):
        page.evaluate("(view) => { location.hash = `#/${view}`; }", view)
        page.locator(content).nth(0).wait_for()
        assert findings(page) == []


@pytest.mark.parametrize("path", ["api/docs", "trust", "nowhere"])
def test_pages_without_a_script_have_none(visitor: Visitor, path: str) -> None:
    visitor.page.goto(visitor.url + path)
    assert findings(visitor.page) == []
