"""The owner's own packs on the page of settings, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings
from images.app.tests.e2e.web.test_web_for_all import FAINT, nameless

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any
NOTE = """\
[pack]
name = "note"
about = "A note"
[settings.words]
about = "What it says"
[layout]
kind = "text"
text = "{{ settings.words }}"
[example]
settings = {words = "Milk"}
"""


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page of settings."""
    page: Page = visitor.log_in()
    page.goto(f"{visitor.url}settings")
    expect(page.get_by_role("heading", name="Packs of your own")).to_be_visible()
    return page


def add(page: Page, toml: str = NOTE) -> None:
    page.get_by_label("Its text").fill(toml)
    page.get_by_role("button", name="Add the pack").click()


def test_a_pack_is_chosen_as_a_file_added_shown_and_removed(page: Page, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(NOTE)
    page.get_by_label("A file").set_input_files(tmp_path / "mine.toml")
    expect(page.get_by_label("Its text")).to_have_value(NOTE)
    page.get_by_role("button", name="Add the pack").click()
    expect(page.locator("#packs b")).to_have_text(["note"])
    page.get_by_role("button", name="Add a screen").click()
    page.get_by_label("Shows", exact=True).select_option("note")
    page.get_by_label("Words", exact=True).fill("Bread")
    expect(page.get_by_role("img", name="How note looks")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#screens b")).to_have_text(["note"])
    page.get_by_role("button", name="Remove the pack note").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#packs-problem")).to_contain_text("Note is shown by note")
    page.get_by_role("button", name="Remove note", exact=True).click()
    page.locator("#confirm-yes").click()
    expect(page.get_by_text("None is chosen")).to_be_visible()
    page.get_by_role("button", name="Remove the pack note").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#packs b")).to_have_count(0)


def test_what_is_wrong_is_said_by_line_and_what_was_written_stays(page: Page) -> None:
    wrong = NOTE.replace("kind", "knd").replace("about", "abot", 1)
    add(page, wrong)
    said = page.locator("#pack-problem")
    expect(said).to_contain_text("Line 3: pack.abot is not known; did you mean about?")
    expect(said).to_contain_text("line 6: layout needs kind")
    expect(page.get_by_label("Its text")).to_have_value(wrong)
    expect(page.locator("#packs b")).to_have_count(0)


def test_who_was_invited_is_not_offered_to_add_one(page: Page) -> None:
    session = page.request.get(f"{page.url[:-8]}api/v1/session").json()
    told = {**session, "role": "admin"}
    page.route("**/api/v1/session", lambda route: route.fulfill(json=told))
    page.reload()
    expect(page.get_by_role("button", name="Add a screen")).to_be_visible()
    expect(page.locator("#packs-part")).to_be_hidden()


def test_the_part_for_packs_is_for_everybody(visit: Callable[..., Visitor]) -> None:
    for width, scheme in ((320, "light"), (1280, "dark")):
        visitor = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = visitor.log_in()
        page.goto(f"{visitor.url}settings")
        add(page, NOTE.replace("kind", "knd"))
        expect(page.locator("#pack-problem")).to_contain_text("layout")
        add(page)
        expect(page.locator("#packs b")).to_have_text(["note"])
        button = page.get_by_role("button", name="Add the pack")
        expect(button).not_to_have_attribute("aria-busy", "true")
        assert nameless(page) == []
        assert page.evaluate(FAINT) == []
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
