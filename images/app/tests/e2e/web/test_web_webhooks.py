"""Webhooks on the page of settings, in a browser; what the server says of them is made up here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings
from images.app.tests.e2e.web.test_web_for_all import FAINT, nameless

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.e2e
Visitor = Any
NOW = "2026-11-29T09:30:00Z"
LONG = "home.example wants nothing any more (410 Gone)"


def delivery(**what: object) -> dict[str, Any]:
    whole = {"id": "msg_1", "event": "read", "at": NOW, "tried_at": NOW, "attempts": 1}
    return {**whole, "status": 200, "problem": None, "outcome": "delivered", **what}


class Told:
    """What the server says: one webhook, and how it takes a test."""

    def __init__(self) -> None:
        self.deliveries = [delivery()]
        self.state = "ok"
        self.next = delivery(event="test")

    def webhooks(self, route: Route) -> None:
        webhook = {"name": "home", "host": "home.example", "events": ["read"], "waiting": 7}
        told = {**webhook, "dropped": 0, "state": self.state, "deliveries": self.deliveries}
        route.fulfill(json={"webhooks": [told]})

    def test(self, route: Route) -> None:
        assert route.request.method == "POST"
        self.deliveries.insert(0, self.next)
        route.fulfill(json=self.next)


@pytest.fixture
def told() -> Told:
    return Told()


def opened(visitor: Visitor, told: Told) -> Page:
    page: Page = visitor.log_in()
    page.route("**/api/v1/webhooks", told.webhooks)
    page.route("**/api/v1/webhooks/home/test", told.test)
    page.goto(f"{visitor.url}settings")
    expect(page.get_by_role("heading", name="Webhooks")).to_be_visible()
    return page


def test_the_last_deliveries_are_there_and_a_test_is_sent(visitor: Visitor, told: Told) -> None:
    page = opened(visitor, told)
    expect(page.locator("#webhooks")).to_contain_text("home.example: 7 waiting, 0 dropped")
    expect(page.locator("#webhooks .line")).to_contain_text(["read · delivered · answered 200"])
    page.get_by_role("button", name="Send a test to home").click()
    expect(page.locator("#toast")).to_have_text("home has taken the test.")
    expect(page.locator("#webhooks .line").first).to_contain_text("test · delivered")
    told.next = delivery(event="test", status=None, problem="it hangs", outcome="given-up")
    page.get_by_role("button", name="Send a test to home").click()
    expect(page.locator("#webhooks-problem")).to_contain_text("did not take the test")
    expect(page.locator("#webhooks .line").first).to_contain_text("test · not taken · it hangs")


def test_without_any_there_is_no_part_for_them(visitor: Visitor) -> None:
    page = visitor.log_in()
    with page.expect_response("**/api/v1/webhooks"):
        page.goto(f"{visitor.url}settings")
    expect(page.locator("#webhooks-part")).to_be_hidden()


def test_the_part_for_webhooks_is_for_everybody(visit: Callable[..., Visitor], told: Told) -> None:
    told.state = LONG
    told.deliveries = [delivery(outcome=it) for it in ("gone", "failed", "given-up")]
    for width, scheme in ((320, "light"), (1280, "dark")):
        visitor = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = opened(visitor, told)
        expect(page.locator("#webhooks .problem")).to_have_text(LONG)
        assert nameless(page) == []
        assert page.evaluate(FAINT) == []
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
