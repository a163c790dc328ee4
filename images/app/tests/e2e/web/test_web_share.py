"""What is shared with the installed page, as the browser hands it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any

# A form that is sent as a share target is: a navigation with a POST of several parts.
SHARE = """async ({ text, grey }) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: "/share", enctype: "multipart/form-data" });
  for (const [name, value] of Object.entries({ title: text, text, url: "" })) {
    form.append(Object.assign(document.createElement("input"), { name, value }));
  }
  if (grey) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 200 });
    canvas.getContext("2d").fillRect(0, 0, 150, 200);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const chosen = new DataTransfer();
    chosen.items.add(new File([blob], "beach.png", { type: "image/png" }));
    const input = Object.assign(document.createElement("input"), { type: "file", name: "picture" });
    input.files = chosen.files;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""


def share(page: Page, text: str = "", *, picture: bool = False) -> None:
    with page.expect_navigation(url="**/"):
        page.evaluate(SHARE, {"text": text, "grey": picture})


def test_a_text_that_is_shared_is_in_the_form_and_sent_by_nobody_else(visitor: Visitor) -> None:
    page = visitor.log_in()
    share(page, "https://example.org/ & more")
    message = page.get_by_label("Message", exact=True)
    expect(message).to_have_value("https://example.org/ & more")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#messages > li")).to_have_count(0)
    page.reload()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(message).to_have_value("https://example.org/ & more")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#messages .text")).to_have_text("https://example.org/ & more")


def test_a_picture_that_is_shared_is_previewed_and_can_be_shown(visitor: Visitor) -> None:
    page = visitor.log_in()
    share(page, picture=True)
    expect(page.locator("#file-name")).to_have_text("beach.png")
    expect(page.get_by_role("img", name="Preview of the panel, page 1 of 1")).to_be_visible()
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#messages .text")).to_have_text("beach.png")


def test_what_is_shared_waits_for_who_has_to_log_in(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_label("User").wait_for()
    share(page, "Later", picture=True)
    expect(page.locator("#toast")).to_contain_text("log in, then share it once more")
    page.get_by_label("User").fill(visitor.demo.user)
    page.get_by_label("Password").fill(visitor.demo.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Later")


def test_the_browser_finds_nothing_wrong_with_the_manifest(visitor: Visitor) -> None:
    page = visitor.open()
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
    trouble = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A browser that keeps nothing installs nothing.
    assert [it["errorId"] for it in trouble if it["errorId"] != "in-incognito"] == []


@pytest.mark.parametrize("path", ["api/docs", "trust"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_without_a_script_fit_the_screen(visit: Any, path: str, width: int) -> None:
    visitor = visit(viewport={"width": width, "height": 700})
    page = visitor.page
    page.goto(visitor.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_leads_to_the_documentation_and_the_certificate(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("link", name="API").click()
    expect(page.get_by_role("heading", name="API", exact=True)).to_be_visible()
    page.get_by_role("link", name="GET /queue").click()
    expect(page.locator("section:target h3")).to_have_text("GET /api/v1/queue")
    page.get_by_role("link", name="Go to the panel").click()
    page.get_by_role("link", name="Certificate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to install")
