"""The page for everybody: by keyboard, by screen reader, on a phone, in the dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any

VIEWS = ("#/", "#/tokens", "#/status")
CONTROLS = {"button", "link", "textbox", "combobox", "checkbox", "radio", "Date"}
# Text on one plain colour; the case and the glass are gradients and pictures.
FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.backgroundImage !== "none") return null;
      const colour = parse(style.backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return null;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility({ opacityProperty: true }) || element.disabled) continue;
    const behind = ground(element);
    if (!behind) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${text.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return faint;
}"""


def show(page: Page, view: str) -> None:
    """Open a view and wait for what it loads."""
    page.evaluate("(view) => { location.hash = view; }", view)
    content = {"#/": "#messages > li", "#/tokens": "#tokens > li", "#/status": "#status > *"}[view]
    page.locator(content).nth(0).wait_for()


def nameless(page: Page) -> list[str]:
    """Return the controls for which a screen reader would have no name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        str(node.get("backendDOMNodeId"))
        for node in nodes
        if not node.get("ignored")
        and node.get("role", {}).get("value") in CONTROLS
        and not node.get("name", {}).get("value", "").strip()
    ]


@pytest.fixture
def full(visitor: Visitor) -> Page:
    """A page with messages in several states."""
    page: Page = visitor.log_in()
    fill(visitor, page)
    return page


def fill(visitor: Visitor, page: Page) -> None:
    for text in ("Read", "Shown", "A word with no end: " + "donaudampfschiff" * 8):
        visitor.demo.send(text)
    expect(page.locator("#messages > li")).to_have_count(3)
    # A press before that is about the clock.
    expect(page.locator("#messages .tag.shown")).to_have_count(1)
    visitor.demo.command.press_enter()
    expect(page.locator(".tag.read")).to_have_count(1)


def test_all_controls_have_names_for_a_screen_reader(full: Page) -> None:
    for view in VIEWS:
        show(full, view)
        assert nameless(full) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(
    visit: Callable[..., Visitor], scheme: str
) -> None:
    visitor = visit(color_scheme=scheme)
    page = visitor.log_in()
    fill(visitor, page)
    for view in VIEWS:
        show(page, view)
        assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1280])
def test_nothing_is_wider_than_the_screen(visit: Callable[..., Visitor], width: int) -> None:
    visitor = visit(viewport={"width": width, "height": 700})
    page = visitor.log_in()
    fill(visitor, page)
    for view in VIEWS:
        show(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_can_be_done_with_the_keyboard(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page.get_by_label("User")).to_be_focused()
    keys = page.keyboard
    keys.type(visitor.demo.user)
    keys.press("Tab")
    keys.type(visitor.demo.password)
    keys.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    keys.type("No mouse")
    keys.press("Control+Enter")
    expect(page.locator("#messages .state")).to_have_text("on the glass")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    tab_to(page, "Mark as read: No mouse")
    keys.press("Enter")
    expect(page.locator("#messages .state")).to_have_text("read")
    tab_to(page, "Delete: No mouse")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("button", name="Delete: No mouse")).to_be_focused()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control called `name` has the focus."""
    wanted = page.get_by_role("button", name=name)
    for _ in range(40):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")


def test_what_happens_is_said_to_a_screen_reader(visitor: Visitor) -> None:
    page = visitor.log_in()
    expect(page.locator("#now")).to_have_attribute("aria-live", "polite")
    page.get_by_label("Message", exact=True).fill("Said")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    glass = page.get_by_role("img", name=re.compile("^On the e-paper panel: A message from .*Said"))
    expect(glass).to_be_visible()


def test_the_refresh_of_each_minute_is_not_spoken(visitor: Visitor) -> None:
    page = visitor.log_in()
    spoken = "(chip) => chip.closest('[aria-live], [role=status], [role=alert]')"
    assert page.locator("#refreshing").evaluate(spoken) is None


def test_every_view_has_a_title_of_its_own(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page).to_have_title("Log in · Inkstand")
    visitor.log_in()
    expect(page).to_have_title("Inkstand")
    for view in ("Tokens", "Status"):
        page.get_by_role("link", name=view).click()
        expect(page).to_have_title(f"{view} · Inkstand")


def test_the_pages_have_addresses_and_titles_that_get_the_focus(full: Page) -> None:
    full.get_by_role("link", name="Status").click()
    expect(full.get_by_role("heading", name="Status", exact=True)).to_be_focused()
    expect(full.get_by_role("link", name="Status")).to_have_attribute("aria-current", "page")
    full.reload()
    expect(full.get_by_role("heading", name="Status", exact=True)).to_be_visible()
    full.go_back()
    expect(full.locator("#messages")).to_be_visible()
