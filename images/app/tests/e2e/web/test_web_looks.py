"""How a text looks, chosen on the page, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any


def unfold(page: Page) -> None:
    page.locator("#options, #looks").evaluate_all("(all) => all.forEach((it) => it.open = true)")


def test_what_is_chosen_is_previewed_sent_and_over_with_the_message(visitor: Visitor) -> None:
    page = visitor.log_in()
    unfold(page)
    page.get_by_label("Message", exact=True).fill("https://mac.example.com")
    preview = page.get_by_role("img", name="Preview of the panel")
    expect(preview).to_be_visible()
    plain = preview.get_attribute("src")
    page.get_by_label("QR code").check()
    expect(preview).not_to_have_attribute("src", str(plain))
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#messages .tag.shown")).to_have_count(1)
    sent = page.request.get(f"{visitor.url}api/v1/messages").json()["messages"][0]
    assert sent["qr"] is True
    expect(page.get_by_label("QR code")).not_to_be_checked()


def test_a_picture_has_no_such_choice(visitor: Visitor) -> None:
    page = visitor.log_in()
    unfold(page)
    expect(page.get_by_label("Size of the text")).to_be_visible()
    page.get_by_role("button", name="Picture").click()
    expect(page.get_by_label("Size of the text")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_choices_are_for_everybody(visit: Callable[..., Visitor], width: int) -> None:
    visitor = visit(viewport={"width": width, "height": 900})
    page = visitor.log_in()
    unfold(page)
    page.get_by_label("Message", exact=True).fill("Look")
    expect(page.get_by_role("img", name="Preview of the panel")).to_be_visible()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
