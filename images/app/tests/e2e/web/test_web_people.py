"""People in a browser: invited by a link, and guests who send by one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings
from images.app.tests.e2e.web.test_web_layout import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from images.app.tests.e2e.web.conftest import Relay

pytestmark = pytest.mark.e2e
Visitor = Any
PASSWORD = "four words that differ"
UNREACHABLE = "The server cannot be reached. Try again when you are online."


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The owner's page of people, by the link that leads there."""
    page: Page = visitor.log_in()
    page.get_by_role("link", name="People").click()
    expect(page.locator("#people > li")).to_have_count(1)
    return page


def invite(page: Page, name: str) -> str:
    """Invite a sender and return the link."""
    form = page.get_by_role("form", name="Invite somebody")
    form.get_by_label("Name").fill(name)
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", name=f"The link for {name}")).to_be_focused()
    return page.get_by_label("The link", exact=True).input_value()


def come_in(page: Page, link: str) -> None:
    """Take the invitation, as whoever it is for."""
    page.goto(link)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    page.locator("#connection", has_text="Live").wait_for()


def let_in(page: Page, messages: str) -> str:
    """Make a link for a guest and return it."""
    form = page.get_by_role("form", name="Let a guest send")
    form.get_by_label("Name").fill("Grandma")
    form.get_by_label("A day").select_option(messages)
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", name="The link for Grandma")).to_be_focused()
    return page.get_by_label("The link", exact=True).input_value()


def test_who_is_invited_sends_and_takes_back_their_own(
    visit: Callable[..., Visitor], visitor: Visitor, page: Page
) -> None:
    visitor.demo.send("Not Kim's")
    kim = visit().page
    come_in(kim, invite(page, "Kim"))
    links = kim.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(links.filter(visible=True)).to_have_text(["Panel", "Tokens", "Status", "People"])
    kim.get_by_label("Message", exact=True).fill("From Kim")
    kim.get_by_role("button", name="Show it").click()
    expect(kim.locator("#messages > li")).to_have_count(2)
    expect(kim.get_by_role("button", name="Delete: Not Kim")).to_have_count(0)
    kim.get_by_role("button", name="Delete: From Kim").click()
    kim.locator("#confirm-yes").click()
    expect(kim.locator("#messages .text")).to_have_text(["Not Kim's"])
    kim.get_by_role("link", name="Tokens").click()
    expect(kim.locator("#tokens > li")).to_have_count(1)
    expect(kim.get_by_role("radio")).to_have_count(3)
    kim.get_by_role("link", name="People").click()
    expect(kim.get_by_text("You are Kim (sender)")).to_be_visible()
    expect(kim.get_by_role("heading", level=2)).to_have_text(["Your password"])


def test_an_invitation_works_once(visit: Callable[..., Visitor], page: Page) -> None:
    link = invite(page, "Kim")
    come_in(visit().page, link)
    late = visit().page
    late.goto(link)
    expect(late.get_by_role("alert")).to_contain_text("This invitation was used")
    expect(late.get_by_role("button")).to_have_count(0)


def test_a_guest_sends_what_a_day_allows(visit: Callable[..., Visitor], page: Page) -> None:
    guest = visit().page
    guest.goto(let_in(page, "1 message"))
    guest.get_by_role("button", name="Show it").click()
    expect(guest.get_by_label("Message")).to_be_focused()
    expect(guest.locator("#text-problem")).to_have_text("Write something first.")
    guest.get_by_label("Message").fill("Hello")
    guest.get_by_role("button", name="Show it").click()
    expect(guest.get_by_text("That was all for today")).to_be_visible()
    expect(guest.get_by_role("button", name="Show it")).to_be_disabled()
    page.get_by_role("link", name="Panel").click()
    expect(page.locator("#messages > li")).to_contain_text("Grandma (guest)")


def test_a_role_that_changes_keeps_the_focus(visit: Callable[..., Visitor], page: Page) -> None:
    come_in(visit().page, invite(page, "Kim"))
    page.reload()
    role = page.get_by_label("Role of Kim")
    role.focus()
    role.select_option("viewer")
    expect(page.locator("#toast")).to_contain_text("Kim has the role viewer now")
    expect(role).to_be_focused()
    expect(role).to_have_value("viewer")


def test_the_password_is_changed(visitor: Visitor, page: Page) -> None:
    old, new = page.get_by_label("Password now"), page.get_by_label("New password")
    change = page.get_by_role("button", name="Change it")
    for given, chosen, wrong, sentence in (
        (visitor.demo.password, "short", new, "That is too short."),
        ("not it at all", PASSWORD, old, "That is not your password."),
    ):
        old.fill(given)
        new.fill(chosen)
        change.click()
        expect(wrong).to_be_focused()
        expect(wrong).to_have_accessible_description(re.compile(re.escape(sentence)))
    old.fill(visitor.demo.password)
    change.click()
    expect(page.locator("#toast")).to_have_text("It is changed.")
    page.get_by_role("link", name="Panel").click()
    page.get_by_role("button", name="Log out").click()
    visitor.log_in(PASSWORD)


@pytest.mark.parametrize("name", ["People", "Settings"])
def test_one_logs_out_on_pages_beside_the_panel(visitor: Visitor, name: str) -> None:
    page = visitor.log_in()
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert page.request.get(f"{visitor.url}api/v1/session").status == 401


@pytest.mark.parametrize("name", ["People", "Settings"])
def test_who_cannot_log_out_there_is_told_so(
    visit: Callable[..., Visitor], relay: Relay, name: str
) -> None:
    page = visit(url=f"http://127.0.0.1:{relay.port}/").log_in()
    page.get_by_role("link", name=name).click()
    log_out = page.get_by_role("button", name="Log out")
    expect(log_out).to_be_visible()
    relay.cut()
    log_out.click()
    expect(page.get_by_role("alert").filter(visible=True)).to_have_text(UNREACHABLE)


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_are_for_everybody(visit: Callable[..., Visitor], width: int) -> None:
    visitor = visit(viewport={"width": width, "height": 800})
    page = visitor.log_in()
    page.get_by_role("link", name="People").click()
    links = [invite(page, "Kim"), let_in(page, "5 messages")]
    page.get_by_role("button", name="Change it").click()
    for link in [None, *links]:
        if link is not None:
            page.goto(link)
            page.get_by_role("button").click()
        expect(page.locator("[aria-invalid=true]")).to_be_focused()
        assert findings(page) == []
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
