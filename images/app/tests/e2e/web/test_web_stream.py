"""The page's reader of events, alone in a browser: pieces of text in, events out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.e2e
Visitor = Any

PARSE = """async (pieces) => {
  const { Parser } = await import("/assets/stream.js");
  const events = [];
  const parser = new Parser((event) => events.push(event));
  for (const piece of pieces) parser.feed(piece);
  return events;
}"""


@pytest.mark.parametrize(
    "pieces",
    [
        ["id: a-1\nevent: frame\ndata: {}\n\n"],
        ["id: a", "-1\neve", "nt: frame\nda", "ta: {}\n", "\n"],
        ["retry: 2000\n\n: ping\n\nid:a-1\r\nevent:frame\r\ndata:{}\r\n\r\n"],
        ["id: a-1\nevent: frame\ndata: {}\n\nid: a-2\nevent: half"],
    ],
    ids=["whole", "in pieces", "with what is no event", "with a half one behind"],
)
def test_events_are_read_whatever_pieces_they_come_in(visitor: Visitor, pieces: list[str]) -> None:
    events = visitor.open().evaluate(PARSE, pieces)
    assert events == [{"id": "a-1", "type": "frame", "data": "{}"}]


def test_a_connection_that_is_silent_is_taken_for_dead(
    visitor: Visitor, eventually: Callable[..., None]
) -> None:
    """The network swallows everything and says nothing: only the missing pings tell."""
    page = visitor.page
    page.clock.install()
    visitor.log_in()
    hold(page)
    page.clock.fast_forward(21_000)
    expect(page.locator("#connection")).to_have_text("Live")

    def is_dead_after_the_silence() -> bool:
        page.clock.fast_forward(31_000)
        return bool(page.locator("#offline").is_visible())

    # Again, since a ping of the server may come in the midst of it, and start the silence anew.
    eventually(is_dead_after_the_silence)


def hold(page: Page) -> None:
    """Leave every further request for events without an answer."""

    def never(_route: Route) -> None:
        pass

    page.route("**/api/v1/events", never)


def test_a_tab_that_nobody_sees_rests_and_goes_on_when_it_is_seen(
    visitor: Visitor, eventually: Callable[..., None]
) -> None:
    page = visitor.page
    page.clock.install()
    visitor.log_in()
    set_hidden(page, hidden=True)
    page.clock.fast_forward(301_000)
    eventually(lambda: page.evaluate("document.body.dataset.connection") == "paused")
    assert visitor.demo.send("While nobody looked").status_code == 201
    set_hidden(page, hidden=False)
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#messages > li")).to_contain_text("While nobody looked")


@pytest.mark.parametrize("kind", ["json", "blob"])
def test_an_answer_whose_body_does_not_come_is_told_as_one_that_did_not(
    visitor: Visitor, kind: str
) -> None:
    page = visitor.open()
    told = page.evaluate(
        """async (kind) => {
          const { content } = await import("/assets/api.js");
          const late = () => Promise.reject(new DOMException("signal timed out", "TimeoutError"));
          return content({ [kind]: late }, kind).catch((error) => error.sentence ?? error.message);
        }""",
        kind,
    )
    assert told.startswith("The server cannot be reached.")


def set_hidden(page: Page, *, hidden: bool) -> None:
    change = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(change, hidden)
