"""Messages that come later, in a browser: sent, skipped, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page of who writes a message that comes later."""
    page: Page = visitor.log_in()
    page.get_by_label("Message", exact=True).fill("Bins out")
    page.get_by_label("Comes", exact=True).select_option("at a time of my choice …")
    return page


def in_days(page: Page, days: int) -> str:
    """Return a time for the field, by the clock of the browser."""
    now = datetime.fromisoformat(page.evaluate("new Date().toLocaleString('sv')"))
    return (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def test_a_message_comes_every_week_until_somebody_ends_it(page: Page) -> None:
    page.get_by_label("Comes at").fill(in_days(page, 2))
    page.get_by_label("Repeats").select_option("every week")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#sent")).to_contain_text("Sent. It comes")
    expect(page.get_by_label("Comes at")).to_be_hidden()
    entry = page.locator("#scheduled-list > li")
    expect(entry).to_contain_text("every week")
    first = entry.locator("time").get_attribute("datetime")
    assert findings(page) == []
    page.get_by_role("button", name="Skip: Bins out").click()
    expect(entry.locator("time")).not_to_have_attribute("datetime", first or "")
    expect(page.get_by_role("button", name="Skip: Bins out")).to_be_focused()
    page.get_by_role("button", name="End: Bins out").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#scheduled")).to_be_hidden()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_a_time_that_is_past_or_missing_is_asked_for_again(page: Page) -> None:
    for chosen in ("", in_days(page, -1)):
        page.get_by_label("Comes at").fill(chosen)
        page.get_by_role("button", name="Show it").click()
        expect(page.locator("#show-at-problem")).to_have_text("Choose a time in the future.")
        expect(page.get_by_label("Comes at")).to_be_focused()
    expect(page.locator("#messages > li")).to_have_count(0)
