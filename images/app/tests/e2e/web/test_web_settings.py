"""The page of settings: screens, playlist and quiet hours, in a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings
from images.app.tests.e2e.web.test_web_for_all import FAINT, nameless

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page of settings, by the link that leads there."""
    page: Page = visitor.log_in()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("button", name="Add a screen")).to_be_visible()
    return page


def add_text(page: Page, text: str, name: str = "text") -> None:
    page.get_by_role("button", name="Add a screen").click()
    page.get_by_label("Shows", exact=True).select_option("text")
    page.get_by_label("Name in the playlist").fill(name)
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#screen-form")).to_be_hidden()


def settings(visitor: Visitor, page: Page) -> dict[str, Any]:
    """Return the values that the server has, by name."""
    answer = page.request.get(f"{visitor.demo.url}api/v1/settings").json()
    return {each["name"]: each["value"] for each in answer["settings"]}


def test_a_screen_is_chosen_changed_and_removed(visitor: Visitor, page: Page) -> None:
    add_text(page, "Milk")
    expect(page.locator("#screens b")).to_have_text(["text"])
    expect(page.get_by_role("img", name="How text looks now")).to_be_visible()
    page.get_by_role("button", name="Change text").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Milk")
    page.get_by_label("Text", exact=True).fill("Bread")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#screen-form")).to_be_hidden()
    (screen,) = settings(visitor, page)["screens"]
    assert screen["settings"] == {"text": "Bread"}
    page.get_by_role("button", name="Remove text").click()
    page.locator("#confirm-yes").click()
    expect(page.get_by_text("None is chosen")).to_be_visible()


def test_the_preview_follows_what_is_filled_in(page: Page) -> None:
    page.get_by_role("button", name="Add a screen").click()
    page.get_by_label("Shows", exact=True).select_option("text")
    sample = page.get_by_role("img", name="How text looks")
    expect(sample).to_be_visible()
    before = sample.get_attribute("src")
    page.get_by_label("Text", exact=True).fill("Milk")
    expect(sample).not_to_have_attribute("src", before or "")
    assert page.evaluate("document.getElementById('sample').naturalWidth") == 264


def test_what_is_missing_or_wrong_is_said_at_its_field(page: Page) -> None:
    page.get_by_role("button", name="Add a screen").click()
    page.get_by_label("Shows", exact=True).select_option("weather")
    latitude = page.get_by_label("Latitude")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(latitude).to_be_focused()
    expect(latitude).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#setting-latitude-problem")).to_have_text("This has to be filled in.")
    latitude.fill("north")
    page.get_by_label("Longitude").fill("18")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#setting-latitude-problem")).to_have_text("Latitude has to be a number.")
    expect(page.locator("#screen-problem")).to_be_empty()


def test_a_secret_that_was_filled_in_is_not_shown_and_stays(visitor: Visitor, page: Page) -> None:
    page.get_by_role("button", name="Add a screen").click()
    page.get_by_label("Shows", exact=True).select_option("calendar")
    page.get_by_label("Address", exact=True).fill("https://calendar.example/secret.ics")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#screens b")).to_have_text(["calendar"])
    page.get_by_role("button", name="Change calendar").click()
    expect(page.get_by_label("Address", exact=True)).to_have_value("")
    page.get_by_label("Title (optional)").fill("Ours")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#screen-form")).to_be_hidden()
    (screen,) = settings(visitor, page)["screens"]
    assert screen["settings"] == {"address": "(kept secret)", "title": "Ours"}


def test_playlist_and_quiet_hours_are_saved_and_shown_again(visitor: Visitor, page: Page) -> None:
    add_text(page, "Milk", "shopping")
    page.get_by_role("button", name="Add an entry").click()
    page.get_by_role("button", name="Add an entry").click()
    second = page.get_by_role("group", name="Entry 2")
    second.get_by_label("Screen").select_option("shopping")
    second.get_by_label("Minutes").fill("5")
    second.get_by_label("Days").fill("mon-fri")
    page.get_by_role("button", name="Move entry 2 up").click()
    page.get_by_role("button", name="Save the playlist").click()
    expect(page.locator("#toast")).to_have_text("Saved.")
    page.get_by_role("button", name="Add hours").click()
    page.get_by_label("Meanwhile").select_option("blank")
    page.get_by_role("button", name="Save the quiet hours").click()
    page.reload()
    expect(page.get_by_label("Meanwhile")).to_have_value("blank")
    expect(page.locator("#quiet").get_by_label("From")).to_have_value("22:30")
    days = page.get_by_role("group", name="Entry 1").get_by_label("Days").nth(0)
    expect(days).to_have_value("mon,tue,wed,thu,fri")
    kept = settings(visitor, page)
    assert [entry["screen"] for entry in kept["playlist"]] == ["shopping", "clock"]
    assert kept["quiet_hours"] == [{"days": "daily", "from": "22:30", "to": "07:00"}]


def test_what_is_wrong_with_an_entry_stands_there(page: Page) -> None:
    page.get_by_role("button", name="Add an entry").click()
    entry = page.locator("#playlist > *")
    entry.get_by_label("Days").fill("someday")
    page.get_by_role("button", name="Save the playlist").click()
    expect(entry.get_by_label("Days")).to_have_attribute("aria-invalid", "true")
    expect(entry.locator(".problem")).to_contain_text("Days must be daily, a day such as mon")
    expect(page.locator("#playlist-problem")).to_be_empty()


def test_a_screen_that_is_removed_goes_out_of_the_playlist(visitor: Visitor, page: Page) -> None:
    add_text(page, "Milk")
    page.get_by_role("button", name="Add an entry").click()
    page.locator("#playlist").get_by_label("Screen").select_option("text")
    page.get_by_role("button", name="Save the playlist").click()
    expect(page.locator("#toast")).to_have_text("Saved.")
    page.get_by_role("button", name="Remove text").click()
    page.locator("#confirm-yes").click()
    expect(page.locator("#playlist > *")).to_have_count(0)
    assert settings(visitor, page)["playlist"] == []


def test_what_is_provisioned_cannot_be_changed_and_says_where_it_can(page: Page) -> None:
    said = json.loads(page.request.get(f"{page.url[:-8]}api/v1/settings").body())
    for each in said["settings"]:
        each["provisioned"] = True
    said["internet"] = False
    page.route("**/api/v1/settings", lambda route: route.fulfill(json=said))
    page.reload()
    expect(page.get_by_text("by app_playlist in host_vars")).to_be_visible()
    expect(page.get_by_text("has no way to the internet")).to_be_visible()
    expect(page.get_by_role("button", name="Add a screen")).to_be_hidden()
    for name in ("Save the playlist", "Save the quiet hours"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()


def test_who_is_not_logged_in_is_sent_to_log_in(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    page = visitor.open()
    page.goto(f"{visitor.url}settings")
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    expect(page.locator("#inside")).to_be_hidden()


def test_the_page_is_for_everybody(visit: Callable[..., Visitor]) -> None:
    for width, scheme in ((320, "light"), (768, "dark"), (1280, "light")):
        visitor = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = visitor.log_in()
        page.goto(f"{visitor.url}settings")
        page.get_by_role("button", name="Add a screen").click()
        page.get_by_label("Shows", exact=True).select_option("weather")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Add an entry").click()
        page.get_by_role("button", name="Add hours").click()
        expect(page.get_by_role("img", name="How weather looks")).to_be_visible()
        assert nameless(page) == []
        assert page.evaluate(FAINT) == []
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_window_that_becomes_narrower_takes_the_form_with_it(
    page: Page, eventually: Callable[..., None]
) -> None:
    page.get_by_role("button", name="Add a screen").click()
    expect(page.locator("#sample-frame")).to_have_attribute("data-state", "shown")
    page.set_viewport_size({"width": 360, "height": 800})
    eventually(lambda: page.evaluate("document.documentElement.scrollWidth") <= 360)
