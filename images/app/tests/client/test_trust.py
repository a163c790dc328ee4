"""A server with a CA of its own: offered on a terminal with its fingerprint, kept, and held to."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.client.errors import UntrustedError
from inkstand.client.trust import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

URL = "https://mac.example.com"
QUESTION = "(yes/no) "


@pytest.fixture
def server(front: Any, app: Any, authority: Any) -> Any:
    """The app behind TLS, which hands out the CA that signed for it."""
    server = front(app.port, authority.certificate("127.0.0.1"))
    server.ca = authority.ca.read_bytes()
    return server


@pytest.fixture
def log_in(terminal: Callable[..., Any], inkstand: Any) -> Callable[[str], Any]:
    """Begin to log in on a terminal."""
    return lambda url: terminal(
        inkstand.line(("login", url, "--user", "john")), inkstand.environment
    )


def openssl_says(ca: Path) -> str:
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(ca)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def kept(inkstand: Any) -> list[dict[str, Any]]:
    logins: list[dict[str, Any]] = json.loads(inkstand.logins.read_text())["logins"]
    return logins


def test_who_says_yes_is_asked_once(
    log_in: Callable[[str], Any], inkstand: Any, server: Any, authority: Any, password: str
) -> None:
    begun = log_in(server.url)
    begun.see(QUESTION)
    assert "  Throw-away CA\r\n  valid from 20" in begun.seen
    shown = begun.seen.partition("SHA-256 fingerprint ")[2].partition("\r\n")[0]
    assert shown.replace(" ", ":") == openssl_says(authority.ca).strip().partition("=")[2]
    begun.type("yes\n")
    begun.see("Password of john")
    begun.type(f"{password}\n")
    assert begun.end() == 0
    assert f"logged in at {server.url} as john" in begun.seen
    assert inkstand("send", "Hello").returncode == 0
    again = log_in(server.url)
    again.see("Password of john")
    assert QUESTION not in again.seen


@pytest.mark.parametrize("answer", ["no", "", "y"])
def test_without_a_yes_nothing_is_kept(
    log_in: Callable[[str], Any], inkstand: Any, server: Any, answer: str
) -> None:
    begun = log_in(server.url)
    begun.see(QUESTION)
    begun.type(f"{answer}\n")
    assert begun.end() == 4
    assert "the CA is not kept, and nothing was sent" in begun.seen
    assert not inkstand.logins.exists()


def test_one_that_did_not_sign_is_not_offered(
    log_in: Callable[[str], Any], server: Any, other_authority: Any
) -> None:
    server.ca = other_authority.ca.read_bytes()
    begun = log_in(server.url)
    assert begun.end() == 4
    assert QUESTION not in begun.seen
    assert "hands out a CA that did not sign its certificate" in begun.seen


def test_a_certificate_for_another_name_is_not_made_good_by_it(
    log_in: Callable[[str], Any], front: Any, app: Any, authority: Any
) -> None:
    server = front(app.port, authority.certificate("other.example.com"))
    server.ca = authority.ca.read_bytes()
    begun = log_in(server.url)
    assert begun.end() == 4
    assert QUESTION not in begun.seen
    assert "is for another name than 127.0.0.1" in begun.seen


def test_a_server_that_hands_out_none_is_named(
    log_in: Callable[[str], Any], front: Any, app: Any, authority: Any
) -> None:
    server = front(app.port, authority.certificate("127.0.0.1"))
    begun = log_in(server.url)
    assert begun.end() == 4
    assert f"run: inkstand login {server.url} --ca FILE" in begun.seen


def test_a_script_gives_the_fingerprint(
    inkstand: Any, server: Any, authority: Any, password: str
) -> None:
    arguments = ("login", server.url, "--user", "john", "--password-stdin", "--ca-fingerprint")
    wrong = inkstand(*arguments, "AB" * 32, given=password)
    assert (wrong.returncode, wrong.stdout) == (4, "")
    assert "has another fingerprint" in wrong.stderr
    assert not inkstand.logins.exists()
    # The whole line that openssl prints, as it is copied.
    result = inkstand(*arguments, openssl_says(authority.ca), given=password)
    assert (result.returncode, result.stderr) == (0, "")
    assert [each["ca"] for each in kept(inkstand)] == [authority.ca.read_text()]


@pytest.fixture
def changed(server: Any, inkstand: Any, authority: Any, other_authority: Any, password: str) -> Any:
    """A server that somebody is logged in at, and that has another CA since then."""
    arguments = ("login", server.url, "--user", "john", "--password-stdin")
    first = inkstand(*arguments, "--ca", str(authority.ca), given=password)
    assert (first.returncode, first.stderr) == (0, "")
    server.context = other_authority.certificate("127.0.0.1")
    server.ca = other_authority.ca.read_bytes()
    return server


def test_one_that_changed_is_refused(
    changed: Any, log_in: Callable[[str], Any], inkstand: Any
) -> None:
    sentence = "is not signed by the CA that was given for it: somebody may be in between"
    sent = inkstand("send", "Hello")
    assert (sent.returncode, sent.stdout) == (4, "")
    assert sentence in sent.stderr
    begun = log_in(changed.url)
    assert begun.end() == 4
    assert sentence in begun.seen
    assert QUESTION not in begun.seen


def test_one_that_changed_is_taken_by_its_fingerprint(
    changed: Any, inkstand: Any, other_authority: Any, password: str
) -> None:
    arguments = ("--user", "john", "--password-stdin", "--ca-fingerprint")
    fingerprint = openssl_says(other_authority.ca)
    again = inkstand("login", changed.url, *arguments, fingerprint, given=password)
    assert (again.returncode, again.stderr) == (0, "")
    assert inkstand("send", "Hello").returncode == 0


@pytest.mark.parametrize("text", ["AB", "AB" * 33, "XY" * 32, ""])
def test_what_is_no_fingerprint_is_refused(inkstand: Any, text: str) -> None:
    result = inkstand("login", URL, "--password-stdin", "--ca-fingerprint", text, given="pw\n")
    assert result.returncode == 2
    assert f"{text!r} is no SHA-256 fingerprint; on the Pi run: sudo openssl" in result.stderr


@pytest.mark.parametrize("pem", ["", "hello", "\N{EURO SIGN}", "two", "leaf"])
def test_what_is_not_one_certificate_of_a_ca_is_refused(
    authority: Any, other_authority: Any, pem: str
) -> None:
    if pem == "two":
        pem = authority.ca.read_text() + other_authority.ca.read_text()
    elif pem == "leaf":
        authority.certificate("127.0.0.1")
        pem = (authority.folder / "127.0.0.1-2.crt").read_text()
    with pytest.raises(UntrustedError, match="is not the certificate of one CA"):
        parse(pem, URL)
