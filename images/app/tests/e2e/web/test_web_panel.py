"""The page in front of the real driver, whose simulated panel can fail."""

from __future__ import annotations

import http.server
import re
import subprocess
import threading
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.fixture
def serve(
    start: Callable[..., Any], driver: Any, password: str, password_hash: str
) -> Callable[..., SimpleNamespace]:
    """Run Inkstand as it runs on a Pi, with the driver's panel and what settings are given."""

    def run(**settings: str) -> SimpleNamespace:
        running = start("serve", **{f"INKSTAND_{key}": it for key, it in (base | settings).items()})
        url = running.wait_for(r"serving (http://\S+/)")[1]
        return SimpleNamespace(url=url, user="owner", password=password)

    base = {
        "LISTEN_PORT": "0",
        "BUTTON": "none",
        "PANEL_DIRECTORY": str(driver.directory),
        "PASSWORD_HASH": password_hash,
        "TOKEN_SECRET": "0123456789abcdef" * 2,
    }
    return run


@pytest.fixture
def served(serve: Callable[..., SimpleNamespace]) -> SimpleNamespace:
    """Inkstand as it runs on a Pi, with the driver's panel."""
    return serve()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def handed_out(tmp_path: Path) -> Iterator[str]:
    """Where the certificate of an authority is handed out, as the proxy does."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=CA"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "ca.pem")]
    subprocess.run([*command, *files], check=True, capture_output=True)
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ca.pem"
        server.shutdown()
        thread.join()


def test_a_panel_that_fails_is_told_and_so_is_its_return(
    visit: Callable[..., Visitor], served: SimpleNamespace, driver: Any
) -> None:
    page = visit(server=served).log_in()
    expect(page.locator("#now")).to_have_text("The clock")
    expect(page.locator("#age")).to_have_text(re.compile("^Drawn .* · full refresh"))
    driver.fail("broken")
    page.get_by_label("Message", exact=True).fill("Unseen")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#panel-down")).to_contain_text("Out of order:")
    expect(page.locator("#messages .state")).to_have_text("waiting")
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#status .bad")).not_to_have_count(0)
    page.get_by_role("link", name="Panel").click()

    driver.fail("ok")
    driver.kill()
    driver.restart()
    expect(page.locator("#panel-down")).to_be_hidden()
    expect(page.locator("#messages .state")).to_have_text("on the glass")


def test_the_knob_is_the_button_where_no_button_is_too(
    visit: Callable[..., Visitor], served: SimpleNamespace
) -> None:
    page = visit(server=served).log_in()
    page.get_by_label("Message", exact=True).fill("Hello")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#messages .state")).to_have_text("on the glass")
    page.get_by_role("button", name="Press the button").click()
    expect(page.locator("#messages .state")).to_have_text("read")


def test_behind_https_the_session_is_in_a_cookie_for_this_host_alone(
    visit: Callable[..., Visitor], served: SimpleNamespace
) -> None:
    visitor = visit(server=served, extra_http_headers={"X-Forwarded-Proto": "https"})
    visitor.log_in()
    cookies = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    cookie = cookies["__Host-inkstand"]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")


def test_how_long_the_glass_takes_is_told_when_something_is_sent(
    visit: Callable[..., Visitor], driver: Any, serve: Callable[..., SimpleNamespace]
) -> None:
    driver.timing = "real"
    driver.stop()
    driver.start()
    page = visit(server=serve()).log_in()
    expect(page.locator("#age")).to_contain_text("full refresh")
    page.get_by_label("Message", exact=True).fill("Hello")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#sent")).to_have_text(
        re.compile(r"^Sent\. On the glass in about [34] s\.$")
    )


def test_our_own_certificate_authority_is_offered_and_curl_told_of_it(
    visit: Callable[..., Visitor],
    serve: Callable[..., SimpleNamespace],
    handed_out: str,
    tmp_path: Path,
) -> None:
    page = visit(server=serve(AUTHORITY_URL=handed_out)).log_in()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name").fill("Script")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("How to use it with curl").click()
    expect(page.locator("#token-curl")).to_contain_text("curl --cacert ca.pem -H")
    command = [
        "openssl",
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        str(tmp_path / "ca.pem"),
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    shown = page.locator("#token-ca-fingerprint").inner_text()
    assert shown.replace(" ", ":") == said.partition("=")[2]
    with page.expect_download() as download:
        page.locator("#token-ca").get_by_role("link", name="ca.pem").click()
    assert download.value.path().read_bytes() == (tmp_path / "ca.pem").read_bytes()
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#status")).to_contain_text(shown)


def test_where_there_is_no_authority_of_our_own_none_is_offered(
    visit: Callable[..., Visitor], served: SimpleNamespace
) -> None:
    page = visit(server=served).log_in()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("Name").fill("Script")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("How to use it with curl").click()
    expect(page.locator("#token-curl")).to_contain_text("curl -H")
    expect(page.locator("#token-ca")).to_be_hidden()
