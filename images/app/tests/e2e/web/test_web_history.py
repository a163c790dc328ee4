"""The queue under the glass, and a history that is searched and cleared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.fixture
def waiting(visitor: Visitor) -> Page:
    """A page with a message on the glass, and two that wait."""
    page: Page = visitor.log_in()
    for text in ("First", "Second", "Third"):
        visitor.demo.send(text)
    expect(page.locator("#messages .tag.shown")).to_have_count(1)
    expect(entries(page)).to_have_count(2)
    return page


def entries(page: Page) -> Locator:
    """Return what comes next, in order."""
    return page.locator("#queue .what")


def shown(page: Page) -> Locator:
    """Return the entries of the history."""
    return page.locator("#messages > li")


def test_the_queue_follows_what_happens(waiting: Page, visitor: Visitor) -> None:
    expect(entries(waiting)).to_have_text(["Second", "Third"])
    expect(waiting.locator("#queue-count")).to_have_text("2 waiting")
    waiting.get_by_role("button", name="Show now, in the queue: Third").click()
    expect(entries(waiting)).to_have_text(["First", "Second"])
    visitor.demo.command.press_enter()
    expect(entries(waiting)).to_have_text(["Second"])
    visitor.demo.command.press_enter()
    expect(waiting.locator("#queue-count")).to_have_text("nothing waits")


def test_what_waits_is_taken_back(waiting: Page) -> None:
    waiting.get_by_role("button", name="Take back, in the queue: Second").click()
    expect(waiting.locator("#confirm-question")).to_contain_text("Take back “Second”?")
    waiting.locator("#confirm-yes").click()
    expect(entries(waiting)).to_have_text(["Third"])
    expect(shown(waiting).filter(has_text="Second")).to_have_count(0)


def test_a_long_queue_shows_five_and_says_that_more_follow(visitor: Visitor) -> None:
    page = visitor.log_in()
    for number in range(8):
        visitor.demo.send(f"Number {number}")
    expect(page.locator("#queue-count")).to_have_text("7 waiting")
    expect(entries(page)).to_have_count(5)
    expect(page.locator("#queue-after")).to_contain_text("More follow")


def test_the_history_is_searched_while_somebody_types(waiting: Page, visitor: Visitor) -> None:
    search = waiting.get_by_label("Search texts and senders")
    search.press_sequentially("sec")
    expect(shown(waiting)).to_have_count(1)
    visitor.demo.send("Not what is sought")
    visitor.demo.send("A second one")
    expect(shown(waiting)).to_have_count(2)
    search.fill("nobody wrote this")
    expect(waiting.locator("#history-empty")).to_have_text("Nothing with these words.")
    search.fill("")
    expect(shown(waiting)).to_have_count(5)


def test_a_search_finds_what_is_further_back_than_the_page_shows(visitor: Visitor) -> None:
    for number in range(25):
        visitor.demo.send(f"Number {number:02}")
    page = visitor.log_in()
    expect(shown(page)).to_have_count(20)
    page.get_by_label("Search texts and senders").fill("number 02")
    expect(shown(page)).to_have_count(1)
    expect(shown(page)).to_contain_text("Number 02")


def test_several_messages_are_deleted_after_one_question(waiting: Page) -> None:
    waiting.get_by_role("button", name="Select", exact=True).click()
    delete = waiting.locator("#delete-selected")
    expect(delete).to_be_disabled()
    waiting.get_by_label("Select: Second").check()
    waiting.get_by_label("Select: Third").check()
    expect(waiting.locator("#selected")).to_have_text("2 selected")
    delete.click()
    expect(waiting.locator("#confirm-question")).to_have_text("Delete these 2 messages for good?")
    waiting.locator("#confirm-yes").click()
    expect(shown(waiting)).to_have_count(1)
    expect(waiting.locator("#toast")).to_have_text("2 deleted.")
    expect(waiting.locator("#selection")).to_be_hidden()


def test_a_selection_stays_while_messages_change(waiting: Page, visitor: Visitor) -> None:
    waiting.get_by_role("button", name="Select", exact=True).click()
    waiting.get_by_label("Select: First").check()
    visitor.demo.command.press_enter()
    expect(waiting.locator("#messages .tag.read")).to_have_count(1)
    expect(waiting.get_by_label("Select: First")).to_be_checked()
    waiting.get_by_role("button", name="Select all shown").click()
    expect(waiting.locator("#selected")).to_have_text("3 selected")
    waiting.get_by_role("button", name="Done").click()
    expect(waiting.locator("#messages .tick:visible")).to_have_count(0)


def test_what_was_deleted_elsewhere_does_not_stop_the_rest(waiting: Page) -> None:
    waiting.get_by_role("button", name="Select", exact=True).click()
    waiting.get_by_role("button", name="Select all shown").click()
    gone = re.compile("/api/v1/messages/2$")
    waiting.route(gone, lambda route: route.fulfill(status=404, json={"code": "not-found"}))
    waiting.locator("#delete-selected").click()
    waiting.locator("#confirm-yes").click()
    expect(waiting.locator("#toast")).to_have_text("3 deleted.")


def test_a_long_text_is_cut_until_somebody_wants_all_of_it(visitor: Visitor) -> None:
    page = visitor.log_in()
    visitor.demo.send("One word after the other. " * 40)
    entry = shown(page).first
    entry.get_by_role("button", name="All of it").wait_for()
    expect(entry.locator(".state")).to_have_text("on the glass")
    cut = entry.locator(".text").bounding_box()
    entry.get_by_role("button", name="All of it").click()
    whole = entry.locator(".text").bounding_box()
    assert cut is not None
    assert whole is not None
    assert whole["height"] > 2 * cut["height"]
    visitor.demo.command.press_enter()
    expect(entry.locator(".text")).to_have_class(re.compile("whole"))
    expect(entry.get_by_role("button", name="Less")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_options_and_queue_are_folded_where_there_is_little_room(
    visit: Callable[..., Visitor], width: int
) -> None:
    page = visit(viewport={"width": width, "height": 740}).log_in()
    for folded in ("#options", "#up-next"):
        assert page.locator(folded).evaluate("(it) => it.open") is (width == 1280)


def test_a_phone_shows_glass_text_and_button_at_once(visit: Callable[..., Visitor]) -> None:
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True).log_in()
    message, bar = page.locator("#message").bounding_box(), page.locator(".send").bounding_box()
    assert message is not None
    assert bar is not None
    assert message["y"] + message["height"] <= bar["y"]
    expect(page.locator("#glass")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Show it")).to_be_in_viewport(ratio=1)
