"""What a new token is good for, on the page: the address of a hook, the metrics."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.mark.parametrize(("scope", "has_one"), [("post", True), ("read", False)])
def test_a_token_that_may_only_send_has_an_address_which_is_shown_once(
    visitor: Visitor, scope: str, has_one: bool
) -> None:
    page = visitor.log_in()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name").fill("Monitor")
    page.locator("#token-form").get_by_text(scope, exact=True).click()
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#token-value")).to_be_visible()
    summary = page.get_by_text("As the address of a hook")
    if has_one:
        summary.click()
        token = re.escape(page.locator("#token-value").input_value())
        address = re.compile(rf"^http\S+/api/v1/hooks/{token}$")
        expect(page.locator("#token-hook-url")).to_have_text(address)
    else:
        expect(summary).to_be_hidden()
    page.get_by_role("button", name="I have it").click()
    expect(page.locator("#token-hook-url")).to_have_text("")


def test_a_token_for_metrics_says_where_they_are(visitor: Visitor) -> None:
    page = visitor.log_in()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name").fill("Prometheus")
    page.locator("#token-form").get_by_text("metrics", exact=True).click()
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("How to use it with curl").click()
    expect(page.locator("#token-curl")).to_contain_text(re.compile(r"http\S+/api/v1/metrics$"))
    expect(page.locator("#tokens .tag", has_text="metrics")).to_be_visible()
