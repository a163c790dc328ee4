"""Several who look at the same time: two browsers and `inkstand watch`."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e
Visitor = Any

LISTEN = """async () => {
  const { EventStream } = await import("/assets/stream.js");
  const stream = new EventStream();
  window.heard = [];
  for (const type of ["message", "frame", "button", "screen"]) {
    stream.addEventListener(type, ({ detail }) => window.heard.push({
      type, state: detail.message?.state ?? null, etag: detail.etag ?? null,
    }));
  }
  const live = new Promise((resolve) => stream.addEventListener("hello", resolve));
  stream.start();
  await live;
}"""
TYPES = ("message", "frame", "button", "screen")


class Watcher:
    """`inkstand watch`: the events it prints."""

    def __init__(self, command: Any) -> None:
        self.command = command
        self.heard: list[dict[str, Any]] = []
        command.wait_for('"hello"')
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self.command.process.stdout:
            event = json.loads(line)
            if event["type"] in TYPES:
                message = event["data"].get("message") or {}
                self.heard.append(
                    {
                        "type": event["type"],
                        "state": message.get("state"),
                        "etag": event["data"].get("etag"),
                    }
                )

    def kill(self) -> None:
        self.command.process.kill()
        self._thread.join(60)


@pytest.fixture
def watch(
    demo: Any, start: Callable[..., Any], inkstand: Callable[..., Any], tmp_path: Path
) -> Callable[[], Watcher]:
    """Log in with the command line and watch."""
    home = {"XDG_CONFIG_HOME": str(tmp_path)}

    def run() -> Watcher:
        done = inkstand("login", demo.url, "--password-stdin", given=f"{demo.password}\n", **home)
        assert done.returncode == 0, done.stderr
        return Watcher(start("watch", "--json", **home))

    return run


def heard(page: Page) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = page.evaluate("window.heard")
    return events


def what(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(event["type"], event["state"], event["etag"]) for event in events]


def since_the_post(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what only those heard who came first: the clock may have had a new minute."""
    kinds = [event["type"] for event in events]
    return events[kinds.index("message") :]


def test_two_browsers_and_watch_see_the_same_and_one_that_goes_hurts_nobody(
    visit: Callable[..., Visitor],
    launch: Callable[[], Browser],
    watch: Callable[[], Watcher],
    eventually: Callable[..., None],
) -> None:
    ours, theirs = launch(), launch()
    first, second = visit(within=ours), visit(within=theirs)
    pages = [first.log_in(), second.log_in()]
    for page in pages:
        page.evaluate(LISTEN)
    watcher = watch()
    assert first.demo.send("For all").status_code == 201

    def all_have_seen() -> bool:
        views = [what(heard(page)) for page in pages] + [what(watcher.heard)]
        return all(("message", "shown", None) in view for view in views)

    eventually(all_have_seen)
    everything = [heard(page) for page in pages] + [list(watcher.heard)]
    seen = [since_the_post(events) for events in everything]
    for others in seen[1:]:
        count = min(len(seen[0]), len(others))
        assert what(others)[:count] == what(seen[0])[:count]
    for page in pages:
        expect(page.locator("#messages > li .state")).to_have_text("on the glass")

    # One browser is gone at once, without a word; so is the command line.
    theirs.close()
    watcher.kill()
    before = len(heard(pages[0]))
    first.demo.command.press_enter()
    eventually(lambda: ("message", "read", None) in what(heard(pages[0])[before:]))
    expect(pages[0].locator("#connection")).to_have_text("Live")
    expect(pages[0].locator("#messages > li .state")).to_have_text("read")
