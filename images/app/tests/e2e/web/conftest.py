"""Debian's Chromium, the page of a demo in it, and a network that can be cut."""

from __future__ import annotations

import contextlib
import re
import select
import shutil
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

PATIENCE = 60.0
DESKTOP = {"width": 1280, "height": 900}
# As root, Chromium starts only without its sandbox; all it loads here is our own page.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
# What the browser itself reports when a server is not there, or says no as it should.
_EXPECTED = re.compile(r"Failed to load resource|net::ERR_|events: TypeError")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Its event loop must be gone before other tests start theirs: hence not for the session."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def launch(playwright: Playwright) -> Iterator[Callable[[], Browser]]:
    """Start a Chromium, a process of its own."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (Debian package chromium)")
    browsers = []

    def start() -> Browser:
        browsers.append(playwright.chromium.launch(executable_path=program, args=ARGUMENTS))
        return browsers[-1]

    yield start
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="module")
def browser(launch: Callable[[], Browser]) -> Browser:
    return launch()


class Visitor:
    """Somebody with a browser profile of their own in front of the page at `url`.

    `demo` is a Demo, or another server: url, user and password.
    """

    def __init__(self, demo: Any, context: BrowserContext, url: str) -> None:
        self.demo = demo
        self.context = context
        self.url = url
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))

    def open(self) -> Page:
        """Open the page."""
        self.page.goto(self.url, wait_until="domcontentloaded")
        return self.page

    def log_in(self, password: str | None = None) -> Page:
        """Open the page and log in; return it when it is live."""
        page = self.open()
        page.get_by_label("User").fill(self.demo.user)
        page.get_by_label("Password").fill(password or self.demo.password)
        page.get_by_role("button", name="Log in").click()
        page.locator("#connection", has_text="Live").wait_for()
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not _EXPECTED.search(text):
            self.complaints.append(text)


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make a visitor of the demo; its page must have had nothing to complain of in the end."""
    visitors: list[Visitor] = []

    def make(
        *,
        within: Browser | None = None,
        url: str | None = None,
        server: Any = None,
        **options: Any,
    ) -> Visitor:
        options = {"viewport": DESKTOP, "locale": "en-GB", **options}
        context = (within or browser).new_context(**options)
        server = server or request.getfixturevalue("demo")
        visitors.append(Visitor(server, context, url or server.url))
        return visitors[-1]

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        with contextlib.suppress(Exception):
            visitor.context.close()
    assert not complaints


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()


class Relay:
    """A network between browser and server: a TCP relay that can be cut and mended."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._cut = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.refused = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        """Break all connections, and every new one, until `mend`."""
        self._cut.set()
        self._break()

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(PATIENCE)
        self._listener.close()
        self._break()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _break(self) -> None:
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._cut.is_set():
                    self.refused += 1
                    near.close()
                else:
                    thread = threading.Thread(target=self._carry, args=[near], daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(self._target) as far:
            with self._lock:
                self._open |= {near, far}
            try:
                _copy_both_ways(near, far)
            finally:
                with self._lock:
                    self._open -= {near, far}


def _copy_both_ways(near: socket.socket, far: socket.socket) -> None:
    other = {near: far, far: near}
    while True:
        readable, _, _ = select.select([near, far], [], [])
        for end in readable:
            data = end.recv(65536)
            if not data:
                return
            other[end].sendall(data)


@pytest.fixture
def relay(demo: Any) -> Iterator[Relay]:
    """A relay to the demo."""
    relay = Relay(int(demo.url.rstrip("/").rpartition(":")[2]))
    yield relay
    relay.close()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until a condition holds."""

    def wait(condition: Callable[[], object], *, within: float = PATIENCE) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    return wait


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture with all greys, larger than any panel."""
    path = tmp_path / "greys.png"
    Image.linear_gradient("L").resize((800, 600)).save(path)
    return path
