"""The page at every width: nothing leaves its card, and a pixel of the panel is a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any
WIDTHS = [360, 768, 900, 1024, 1280, 1920]
# What sticks out of the card, case or entry it is in; half a pixel is rounding.
OUTSIDE = """() => {
  const within = (it, card) => it.left >= card.left - 0.5 && it.right <= card.right + 0.5;
  const outside = (card) => Array.from(card.querySelectorAll("*"))
    .filter((it) => it.checkVisibility() && !it.closest(".unseen"))
    .filter((it) => !within(it.getBoundingClientRect(), card.getBoundingClientRect()))
    .map((it) => `${it.tagName} ${it.id} ${it.className}`);
  const cards = document.querySelectorAll(".card, .case, .message, .token");
  return Array.from(cards).flatMap(outside);
}"""
# How many pixels of the screen show one of the panel, across and down.
SCALE = """(image) => {
  const { width, height } = image.getBoundingClientRect();
  const [across, down] = [width / image.naturalWidth, height / image.naturalHeight];
  return [across, down].map((each) => each * devicePixelRatio);
}"""


def fill(page: Page, visitor: Visitor) -> None:
    """Send what is long, and open all that the form has."""
    visitor.demo.send("A word with no end: " + "donaudampfschiff" * 8)
    expect(page.locator("#messages > li")).to_have_count(1)
    page.get_by_label("Message", exact=True).fill("while you wait")
    page.locator("#options").evaluate("(options) => { options.open = true; }")
    page.get_by_label("Expires", exact=True).select_option("at a time of my choice …")
    expect(page.get_by_role("img", name="Preview of the panel")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_leaves_its_card(visit: Callable[..., Visitor], width: int) -> None:
    visitor = visit(viewport={"width": width, "height": 900})
    page = visitor.log_in()
    fill(page, visitor)
    assert page.evaluate(OUTSIDE) == []
    page.get_by_role("button", name="Picture", exact=True).click()
    assert page.evaluate(OUTSIDE) == []
    for view, content in (("tokens", "#tokens > li"), ("status", "#status > *")):
        page.evaluate("(view) => { location.hash = `#/${view}`; }", view)
        page.locator(content).nth(0).wait_for()
        assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize("dots", [1, 1.25, 2, 2.625])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_pixel_of_the_panel_is_whole_on_the_screen(
    visit: Callable[..., Visitor], width: int, dots: float
) -> None:
    visitor = visit(viewport={"width": width, "height": 900}, device_scale_factor=dots)
    page = visitor.log_in()
    fill(page, visitor)
    for picture in ("#glass", "#preview"):
        across, down = page.locator(picture).evaluate(SCALE)
        assert round(across) >= 1
        assert across == pytest.approx(round(across), abs=0.01)
        assert down == pytest.approx(across, abs=0.01)


def test_where_not_even_one_pixel_has_room_all_are_shown(visit: Callable[..., Visitor]) -> None:
    visitor = visit(viewport={"width": 280, "height": 700})
    page = visitor.log_in()
    fill(page, visitor)
    assert page.evaluate(OUTSIDE) == []


def test_what_sends_is_in_sight_on_a_phone(visit: Callable[..., Visitor]) -> None:
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True).log_in()
    expect(page.get_by_role("button", name="Show it")).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Message", exact=True)).to_be_in_viewport()
