"""The web page, as its user meets it: Debian's Chromium in front of `inkstand demo`."""

from __future__ import annotations

import io
import random
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.e2e
Visitor = Any
Relay = Any
CUT_FOR = 10.0
BACK_WITHIN = 15_000

PIXELS = """() => {
  const image = document.getElementById("glass");
  if (!image.complete || !image.naturalWidth) return [];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return Array.from(data).filter((_, index) => index % 4 === 0);
}"""


def message(page: Page, text: str) -> Locator:
    """Return the message with `text` in the history."""
    return page.locator("#messages > li", has_text=text)


def state(page: Page, text: str) -> Locator:
    """Return what the history calls the state of that message."""
    return message(page, text).locator(".state")


def send(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Show it").click()


def now(page: Page) -> Locator:
    """Return the line that says what is on the glass."""
    return page.locator("#now")


def make_token(page: Page, name: str) -> str:
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_label("The new token")).to_be_visible()
    return page.get_by_label("The new token").input_value()


def glass_of(demo: Any) -> list[int]:
    """Return the pixels that the server says are on the glass, 0 or 255."""
    return list(Image.open(io.BytesIO(demo.glass())).convert("L").tobytes())


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_panel(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_label("User").fill(visitor.demo.user)
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("That user and password do not belong together.")
    expect(page.locator("#view-home")).to_be_hidden()
    page.get_by_label("Password").fill(visitor.demo.password)
    page.get_by_label("Password").press("Enter")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(now(page)).to_have_text("The clock")


def test_who_is_logged_in_stays_so_and_no_script_can_read_the_session(visitor: Visitor) -> None:
    page = visitor.log_in()
    assert page.evaluate("document.cookie") == ""
    page.reload()
    expect(page.locator("#connection")).to_have_text("Live")


def test_a_session_that_is_worth_nothing_any_more_leads_to_the_log_in(visitor: Visitor) -> None:
    cookie = {"name": "inkstand", "value": "a.b.c", "url": visitor.url}
    visitor.context.add_cookies([cookie])
    page = visitor.log_in()
    expect(now(page)).to_have_text("The clock")


def test_who_guesses_is_told_to_wait(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_label("User").fill(visitor.demo.user)
    problem = page.locator("#login-problem")
    for number in range(20):
        page.get_by_label("Password").fill(f"guess {number}")
        with page.expect_response("**/api/v1/session") as answer:
            page.get_by_role("button", name="Log in").click()
        if answer.value.status == 429:
            break
    expect(problem).to_have_text(re.compile(r"Too many attempts\. Try again in \d+ seconds\."))


def test_after_logging_out_nothing_of_the_panel_is_left(visitor: Visitor) -> None:
    page = visitor.log_in()
    send(page, "Private")
    expect(state(page, "Private")).to_have_text("on the glass")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert "Private" not in page.content()
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_session_that_ended_elsewhere_leads_back_to_the_log_in(
    visit: Callable[..., Visitor],
) -> None:
    one, other = visit(), visit()
    page = one.log_in()
    page.goto(f"{one.url}#/tokens")
    other.log_in()
    page.reload()
    buttons = page.get_by_role("button", name=re.compile("^Revoke"))
    buttons.first.wait_for()
    for left in reversed(range(buttons.count())):
        buttons.first.click()
        page.locator("#confirm-yes").click()
        # The button of what is being revoked does nothing until the list is read again.
        expect(buttons).to_have_count(left)
    expect(other.page.get_by_role("alert")).to_have_text("You were logged out. Log in again.")
    expect(other.page.get_by_label("Password")).to_be_visible()


def test_a_message_comes_live_onto_the_picture_and_the_button_makes_it_read(
    visitor: Visitor, eventually: Callable[..., None]
) -> None:
    page = visitor.log_in()
    eventually(lambda: page.evaluate(PIXELS) == glass_of(visitor.demo))
    clock = page.evaluate(PIXELS)
    send(page, "Hello World!")
    expect(state(page, "Hello World!")).to_have_text("on the glass")
    expect(now(page)).to_contain_text("A message from owner")
    eventually(lambda: page.evaluate(PIXELS) == glass_of(visitor.demo))
    assert page.evaluate(PIXELS) != clock
    expect(page.get_by_label("Message", exact=True)).to_have_value("")

    page.get_by_role("button", name="Press the button").click()
    expect(state(page, "Hello World!")).to_have_text("read")
    expect(now(page)).to_have_text("The clock")

    message(page, "Hello World!").get_by_role("button", name="Show again").click()
    expect(state(page, "Hello World!")).to_have_text("on the glass")
    expect(now(page)).to_contain_text("A message from owner")
    page.locator("#mark-read").click()
    expect(state(page, "Hello World!")).to_have_text("read")


def test_a_long_message_says_which_page_of_it_is_on_the_glass(visitor: Visitor) -> None:
    page = visitor.log_in()
    send(page, "One word after the other. " * 40)
    expect(now(page)).to_contain_text("page 1 of ")
    page.get_by_role("button", name="Press the button").click()
    expect(now(page)).to_contain_text("page 2 of ")
    page.get_by_role("button", name="Mark as read").nth(0).click()
    expect(now(page)).to_have_text("The clock")


def test_messages_wait_for_their_turn_and_an_urgent_one_does_not(visitor: Visitor) -> None:
    page = visitor.log_in()
    send(page, "First")
    expect(state(page, "First")).to_have_text("on the glass")
    send(page, "Second")
    expect(state(page, "Second")).to_have_text("waiting")
    page.get_by_label("Urgent").check()
    send(page, "Third")
    expect(state(page, "Third")).to_have_text("on the glass")
    expect(state(page, "First")).to_have_text("waiting")
    expect(message(page, "Third")).to_contain_text("urgent")
    expect(page.get_by_label("Urgent")).not_to_be_checked()


def test_a_time_on_the_glass_and_an_end_can_be_chosen(visitor: Visitor) -> None:
    page = visitor.log_in()
    page.get_by_label("Stays on the glass").select_option("for 15 minutes")
    page.get_by_label("Expires", exact=True).select_option("at a time of my choice …")
    page.get_by_label("Expires at").fill("2020-01-01T12:00")
    send(page, "Soup")
    expect(page.locator("#expires-at-problem")).to_contain_text("Choose a later time")
    page.get_by_label("Expires at").fill("2099-01-01T12:00")
    page.get_by_role("button", name="Show it").click()
    expect(message(page, "Soup")).to_contain_text("for 15 minutes")
    expect(message(page, "Soup")).to_contain_text(re.compile(r"expires in [\d,]+ days"))


def test_the_preview_follows_what_is_typed_and_turns_pages(visitor: Visitor) -> None:
    page = visitor.log_in()
    page.get_by_label("Message", exact=True).press_sequentially("Good morning")
    preview = page.get_by_role("img", name="Preview of the panel, page 1 of 1")
    expect(preview).to_be_visible()
    assert preview.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [264, 176]
    page.get_by_label("Message", exact=True).fill("One word after the other. " * 40)
    expect(page.locator("#page-number")).to_contain_text("Page 1 of ")
    page.get_by_role("button", name="Next page of the preview").click()
    expect(page.locator("#page-number")).to_contain_text("Page 2 of ")
    page.get_by_label("Message", exact=True).fill("")
    expect(page.locator("#pager")).to_be_hidden()
    expect(page.locator("#messages > li")).to_have_count(0)


def test_control_and_enter_send_and_nothing_is_sent_empty(visitor: Visitor) -> None:
    page = visitor.log_in()
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#compose-problem")).to_have_text("Write something first.")
    page.get_by_label("Message", exact=True).fill("From the keyboard")
    page.get_by_label("Message", exact=True).press("Control+Enter")
    expect(state(page, "From the keyboard")).to_have_text("on the glass")


def test_what_was_written_outlives_a_reload(visitor: Visitor) -> None:
    page = visitor.log_in()
    page.get_by_label("Message", exact=True).fill("Half a sent")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a sent")


def test_what_the_server_refuses_is_told_and_not_lost(visitor: Visitor) -> None:
    page = visitor.log_in()
    send(page, "x" * 2001)
    expect(page.locator("#compose-problem")).to_contain_text("2000")
    assert len(page.get_by_label("Message", exact=True).input_value()) == 2001


def test_a_picture_is_previewed_sent_and_drawn(
    visitor: Visitor, photo: Path, eventually: Callable[..., None]
) -> None:
    page = visitor.log_in()
    page.get_by_role("button", name="Picture", exact=True).click()
    page.locator("#file").set_input_files(photo)
    expect(page.get_by_role("img", name="Preview of the panel, page 1 of 1")).to_be_visible()
    with page.expect_response(re.compile("/preview.*framing=fill.*tone=threshold")) as answer:
        page.get_by_role("radio", name="Fill").check()
        page.get_by_role("radio", name="Black or white").check()
    assert answer.value.status == 200
    page.get_by_role("button", name="Show it").click()
    expect(state(page, "greys.png")).to_have_text("on the glass")
    expect(now(page)).to_contain_text("A picture from owner")
    thumb = message(page, "greys.png").get_by_role("img")
    thumb.scroll_into_view_if_needed()
    expect(thumb).to_have_js_property("naturalWidth", 264)
    eventually(lambda: page.evaluate(PIXELS) == glass_of(visitor.demo))
    pixels = page.evaluate(PIXELS)
    assert 0.3 < pixels.count(0) / len(pixels) < 0.7


def test_a_picture_can_be_dropped_and_one_of_another_kind_is_converted(visitor: Visitor) -> None:
    """Dropped as a BMP, which the server does not take; the browser makes a JPEG of it."""
    page = visitor.log_in()
    data = io.BytesIO()
    Image.linear_gradient("L").save(data, "BMP")
    drop = """([bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], "old.bmp", { type: "image/bmp" }));
      const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
      document.getElementById("compose").dispatchEvent(new DragEvent("drop", options));
    }"""
    page.evaluate(drop, [list(data.getvalue())])
    expect(page.get_by_role("img", name="Preview of the panel, page 1 of 1")).to_be_visible()
    page.get_by_role("button", name="Show it").click()
    expect(state(page, "old.bmp")).to_have_text("on the glass")


def test_a_file_that_is_no_picture_is_refused_in_words(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.log_in()
    page.get_by_role("button", name="Picture", exact=True).click()
    fake = tmp_path / "notes.gif"
    fake.write_text("not a picture")
    page.locator("#file").set_input_files(fake)
    expect(page.locator("#compose-problem")).to_contain_text("not a picture")


DROP = """([selector, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
  const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
  // What nobody prevents, the browser opens instead of the page.
  return ["dragover", "drop"].map((type) =>
    !document.querySelector(selector).dispatchEvent(new DragEvent(type, options)));
}"""


def test_a_picture_that_is_dropped_beside_the_form_is_taken_too(
    visitor: Visitor, photo: Path
) -> None:
    page = visitor.log_in()
    assert page.evaluate(DROP, ["h1", list(photo.read_bytes())]) == [True, True]
    expect(page.get_by_role("img", name="Preview of the panel, page 1 of 1")).to_be_visible()
    page.get_by_role("link", name="Status").click()
    assert page.evaluate(DROP, ["h1", list(photo.read_bytes())]) == [True, True]


def test_the_keyboard_chooses_a_picture_and_sends_it(visitor: Visitor, photo: Path) -> None:
    page = visitor.log_in()
    page.get_by_role("button", name="Picture", exact=True).click()
    page.keyboard.press("Tab")
    chooser = page.locator("#file")
    expect(chooser).to_be_focused()
    expect(chooser).to_have_css("opacity", "0")
    assert chooser.bounding_box()["width"] > 200
    chooser.set_input_files(photo)
    expect(page.get_by_role("img", name="Preview of the panel, page 1 of 1")).to_be_visible()
    page.get_by_role("radio", name="Fill").press("Control+Enter")
    expect(state(page, "greys.png")).to_have_text("on the glass")


def preview_is(page: Page, shade: int, eventually: Callable[..., None]) -> None:
    """Return when the preview is there and has this shade alone."""
    pixels = PIXELS.replace('"glass"', '"preview"')
    eventually(lambda: set(page.evaluate(pixels)) == {shade})


def test_what_is_transparent_in_a_large_picture_is_white(
    visitor: Visitor, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    path, side = tmp_path / "clear.png", 1400
    picture = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    picture.putalpha(0)
    picture.save(path)
    assert path.stat().st_size > 4_000_000
    page = visitor.log_in()
    page.get_by_role("button", name="Picture", exact=True).click()
    page.locator("#file").set_input_files(path)
    preview_is(page, 255, eventually)


def test_a_picture_of_too_many_pixels_is_made_smaller_whatever_its_length(
    visitor: Visitor, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (6000, 5000)).save(path, progressive=True)
    assert path.stat().st_size < 4_000_000
    page = visitor.log_in()
    page.get_by_role("button", name="Picture", exact=True).click()
    page.locator("#file").set_input_files(path)
    page.get_by_role("radio", name="Fill").check()
    preview_is(page, 0, eventually)


def test_who_sends_is_told_how_long_it_takes(visitor: Visitor) -> None:
    page = visitor.log_in()
    send(page, "One")
    expect(page.locator("#sent")).to_have_text("Sent. It comes onto the glass now.")
    expect(state(page, "One")).to_have_text("on the glass")
    for text, told in (
        ("Two", "Next in line."),
        ("Three", "Second in line."),
        ("Four", "Third in line."),
    ):
        send(page, text)
        expect(page.locator("#sent")).to_have_text(f"Sent. {told}")
    page.get_by_label("Urgent").check()
    send(page, "Five")
    expect(page.locator("#sent")).to_have_text("Sent. It comes onto the glass now.")
    toast, form = page.locator("#toast").bounding_box(), page.locator("#compose").bounding_box()
    assert toast["x"] + toast["width"] <= form["x"]


def test_times_have_a_date_and_are_as_on_the_glass(visit: Callable[..., Visitor]) -> None:
    """Two messages that were read, one of them yesterday, for a reader who is used to 4:10 AM."""
    page = visit(locale="en-US", timezone_id="UTC").log_in()
    today = datetime.now(UTC).replace(hour=4, minute=10, second=0)
    yesterday = today - timedelta(days=1)
    send(page, "First")
    expect(state(page, "First")).to_have_text("on the glass")
    send(page, "Second")
    expect(state(page, "Second")).to_have_text("waiting")

    def older(route: Any) -> None:
        answer = route.fetch()
        history = answer.json()
        for message, at in zip(history["messages"], (today, yesterday), strict=True):
            message |= {"at": at.isoformat(), "shown_at": at.isoformat()}
        route.fulfill(response=answer, json=history)

    page.route("**/api/v1/messages?*", older)
    page.reload()
    times = message(page, "Second").locator("time")
    expect(times).to_have_text(["04:10", "04:10"])
    # The day of a message is what the group is called that it is in.
    expect(message(page, "First")).to_have_attribute("data-day", "Yesterday")
    expect(message(page, "First").locator("time")).to_have_text(
        ["04:10", f"{yesterday:%b} {yesterday.day}, 04:10"]
    )


def test_what_is_left_until_the_end_of_a_message_counts_down(visitor: Visitor) -> None:
    page = visitor.log_in()
    ends = datetime.now(UTC) + timedelta(seconds=63)
    body = {"text": "Soon over", "expires_at": ends.isoformat()}
    headers = {"Authorization": f"Bearer {visitor.demo.token}"}
    requests.post(f"{visitor.demo.url}api/v1/messages", json=body, headers=headers, timeout=60)
    expect(message(page, "Soon over")).to_contain_text("expires in 1 minute")
    expect(message(page, "Soon over")).to_contain_text(re.compile("expires in 5[0-9] seconds"))


def test_a_draft_outlives_the_session_for_its_author_alone(visitor: Visitor) -> None:
    def end_the_session() -> None:
        visitor.context.clear_cookies()
        page.reload()
        page.get_by_label("Password").wait_for()

    page = visitor.log_in()
    # The preview would find out by itself that the session is over.
    with page.expect_response("**/api/v1/preview*"):
        page.get_by_label("Message", exact=True).fill("Half a sent")
    visitor.context.clear_cookies()
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("alert")).to_have_text("You were logged out. Log in again.")
    log_in_again(visitor)
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a sent")
    end_the_session()
    log_in_again(visitor)
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a sent")
    page.evaluate("sessionStorage.setItem('draft-author', 'somebody else')")
    end_the_session()
    log_in_again(visitor)
    expect(page.get_by_label("Message", exact=True)).to_have_value("")


def log_in_again(visitor: Visitor) -> None:
    visitor.page.get_by_label("User").fill(visitor.demo.user)
    visitor.page.get_by_label("Password").fill(visitor.demo.password)
    visitor.page.get_by_role("button", name="Log in").click()
    visitor.page.locator("#connection", has_text="Live").wait_for()


def test_who_types_another_address_finds_the_way_to_the_panel(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.url}nope")
    expect(page).to_have_title(re.compile("^Nothing here"))
    page.get_by_role("link", name="Go to the panel").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(f"{visitor.url}login")
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_history_has_pages_a_filter_and_forgets_what_is_deleted(visitor: Visitor) -> None:
    page = visitor.log_in()
    for number in range(25):
        assert visitor.demo.send(f"Number {number:02}").status_code == 201
    expect(message(page, "Number 24")).to_be_visible()
    page.reload()
    expect(page.locator("#messages > li")).to_have_count(20)
    page.get_by_role("button", name="Show older ones").click()
    expect(page.locator("#messages > li")).to_have_count(25)
    expect(page.get_by_role("button", name="Show older ones")).to_be_hidden()

    delete = message(page, "Number 07").get_by_role("button", name="Delete")
    delete.click()
    page.get_by_role("button", name="Keep it").click()
    expect(delete).not_to_have_attribute("aria-busy", "true")
    delete.click()
    page.locator("#confirm-yes").click()
    expect(message(page, "Number 07")).to_have_count(0)
    page.get_by_label("Show", exact=True).select_option("deleted")
    expect(page.locator("#messages > li")).to_have_count(1)
    expect(page.locator("#messages > li")).to_contain_text("Text and picture are gone.")


def test_what_happens_while_the_history_is_loaded_is_not_lost(visitor: Visitor) -> None:
    """The answer was made before the message, and arrives after its event."""
    page = visitor.log_in()
    send(page, "Before")
    expect(state(page, "Before")).to_have_text("on the glass")
    held: list[Any] = []
    page.route("**/api/v1/messages?*", lambda route: held.append((route, route.fetch())))
    with page.expect_request("**/api/v1/messages?*"):
        page.reload()
    expect(page.locator("#connection")).to_have_text("Live")
    assert visitor.demo.send("Meanwhile").status_code == 201
    expect(message(page, "Meanwhile")).to_be_visible()
    for route, answer in held:
        route.fulfill(response=answer)
    expect(message(page, "Before")).to_be_visible()
    expect(message(page, "Meanwhile")).to_be_visible()


def test_a_token_is_made_shown_once_used_revoked_and_refused(visitor: Visitor) -> None:
    page = visitor.log_in()
    token = make_token(page, "Kitchen")
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{visitor.demo.url}api/v1/messages"
    answer = requests.post(address, json={"text": "Tea is ready"}, headers=headers, timeout=60)
    assert answer.status_code == 201
    listed = page.locator("#tokens > li", has_text="Kitchen")
    expect(listed).to_contain_text("post")

    page.reload()
    expect(listed).to_be_visible()
    assert token not in page.content()
    expect(listed).to_contain_text("last used")
    listed.get_by_role("button", name="Revoke").click()
    page.locator("#confirm-yes").click()
    expect(listed).to_have_count(0)
    answer = requests.post(address, json={"text": "Too late"}, headers=headers, timeout=60)
    assert answer.status_code == 401
    page.get_by_role("link", name="Panel").click()
    expect(message(page, "Tea is ready")).to_be_visible()
    expect(message(page, "Too late")).to_have_count(0)


def test_the_new_token_can_be_copied(visit: Callable[..., Visitor]) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.log_in()
    token = make_token(page, "Copied")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#toast")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.get_by_role("button", name="I have it").click()
    assert token not in page.content()
    expect(page.get_by_label("The new token")).to_have_value("")


def test_the_status_is_shown(visitor: Visitor) -> None:
    page = visitor.log_in()
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#status")).to_contain_text(re.compile("ok, 264 . 176 pixels"))
    expect(page.locator("#status")).to_contain_text("Running since")


def test_the_status_screen_can_be_put_on_the_glass_and_left_again(visitor: Visitor) -> None:
    page = visitor.log_in()
    expect(now(page)).to_have_text("The clock")
    page.get_by_role("button", name="Status screen").click()
    expect(now(page)).to_have_text("The status screen")
    page.get_by_role("button", name="Leave the status screen").click()
    expect(now(page)).to_have_text("The clock")


def test_a_look_at_the_status_screen_reads_no_message(visitor: Visitor) -> None:
    page = visitor.log_in()
    send(page, "Unread")
    expect(state(page, "Unread")).to_have_text("on the glass")
    page.get_by_role("button", name="Status screen").click()
    expect(now(page)).to_have_text("The status screen")
    expect(state(page, "Unread")).to_have_text("waiting")
    page.get_by_role("button", name="Leave the status screen").click()
    expect(now(page)).to_contain_text("A message from owner")
    expect(state(page, "Unread")).to_have_text("on the glass")


def test_a_network_that_is_cut_for_ten_seconds_is_told_and_the_page_recovers(
    visit: Callable[..., Visitor], relay: Relay, eventually: Callable[..., None]
) -> None:
    visitor = visit(url=f"http://127.0.0.1:{relay.port}/")
    page = visitor.log_in()
    relay.cut()
    since = time.monotonic()
    banner = page.locator("#offline")
    expect(banner).to_contain_text("Offline.")
    expect(page.locator("#connection")).to_have_text("Offline")
    assert page.title().startswith("Offline")
    assert visitor.demo.send("Written meanwhile").status_code == 201
    # It really was away for that long, and the page went on trying.
    eventually(lambda: time.monotonic() > since + CUT_FOR and relay.refused > 2)
    expect(banner).to_be_visible()

    relay.mend()
    expect(page.locator("#connection")).to_have_text("Live", timeout=BACK_WITHIN)
    expect(banner).to_be_hidden()
    expect(state(page, "Written meanwhile")).to_have_text("on the glass")
    expect(now(page)).to_contain_text("A message from owner")
    eventually(lambda: page.evaluate(PIXELS) == glass_of(visitor.demo))


def test_a_browser_that_knows_it_is_offline_says_so_and_comes_back_by_itself(
    visitor: Visitor,
) -> None:
    page = visitor.log_in()
    visitor.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    visitor.context.set_offline(False)
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#offline")).to_be_hidden()


def test_what_is_sent_while_offline_is_kept_and_sent_once(
    visit: Callable[..., Visitor], relay: Relay
) -> None:
    page = visit(url=f"http://127.0.0.1:{relay.port}/").log_in()
    relay.cut()
    expect(page.locator("#offline")).to_be_visible()
    send(page, "Patience")
    expect(page.locator("#compose-problem")).to_contain_text("cannot be reached")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Patience")
    expect(page.get_by_role("button", name="Try now")).to_be_visible()
    relay.mend()
    # The page also tries by itself, and the button goes when that was faster.
    page.locator("#retry").dispatch_event("click")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#compose-problem")).to_be_hidden()
    page.get_by_role("button", name="Show it").click()
    expect(message(page, "Patience")).to_have_count(1)
