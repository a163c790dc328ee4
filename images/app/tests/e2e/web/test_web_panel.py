"""The page in front of the real driver, whose simulated panel can fail."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.fixture
def served(
    start: Callable[..., Any], driver: Any, password: str, password_hash: str
) -> SimpleNamespace:
    """Inkstand as it runs on a Pi, with the driver's panel."""
    settings = {
        "LISTEN_PORT": "0",
        "BUTTON": "none",
        "PANEL_DIRECTORY": str(driver.directory),
        "PASSWORD_HASH": password_hash,
        "TOKEN_SECRET": "0123456789abcdef" * 2,
    }
    running = start("serve", **{f"INKSTAND_{key}": value for key, value in settings.items()})
    url = running.wait_for(r"serving (http://\S+/)")[1]
    return SimpleNamespace(url=url, user="owner", password=password)


def test_a_panel_that_fails_is_told_and_so_is_its_return(
    visit: Callable[..., Visitor], served: SimpleNamespace, driver: Any
) -> None:
    page = visit(server=served).log_in()
    expect(page.locator("#now")).to_have_text("The clock")
    expect(page.locator("#age")).to_have_text(re.compile("^Drawn .* · full refresh"))
    driver.fail("broken")
    page.get_by_label("Message", exact=True).fill("Unseen")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#panel-down")).to_contain_text("Out of order:")
    expect(page.locator("#messages .state")).to_have_text("waiting")
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#status .bad")).not_to_have_count(0)
    page.get_by_role("link", name="Panel").click()

    driver.fail("ok")
    driver.kill()
    driver.restart()
    expect(page.locator("#panel-down")).to_be_hidden(timeout=30_000)
    expect(page.locator("#messages .state")).to_have_text("on the glass", timeout=30_000)


def test_the_knob_is_the_button_where_no_button_is_too(
    visit: Callable[..., Visitor], served: SimpleNamespace
) -> None:
    page = visit(server=served).log_in()
    page.get_by_label("Message", exact=True).fill("Hello")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#messages .state")).to_have_text("on the glass", timeout=30_000)
    page.get_by_role("button", name="Press the button").click()
    expect(page.locator("#messages .state")).to_have_text("read")


def test_behind_https_the_session_is_in_a_cookie_for_this_host_alone(
    visit: Callable[..., Visitor], served: SimpleNamespace
) -> None:
    visitor = visit(server=served, extra_http_headers={"X-Forwarded-Proto": "https"})
    visitor.log_in()
    cookies = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    cookie = cookies["__Host-inkstand"]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
