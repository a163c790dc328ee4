"""`inkstand login` and `inkstand logout`."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from inkstand.client import trust
from inkstand.client.errors import (
    ClientError,
    MisusedError,
    NotLoggedInError,
    UnknownSignerError,
    UntrustedError,
)
from inkstand.client.logins import Login, origin
from inkstand.client.server import Server
from inkstand.client.terminal import login_of, logins, note, read_text, say

if TYPE_CHECKING:
    import argparse


def log_in(options: argparse.Namespace) -> int:
    """Ask for a password, change it for a token, and keep that."""
    url = origin(options.url)
    ca = _ca(options, url)
    login = _with_token(url, ca) if options.token_stdin else _fresh(options, url, ca)
    logins().save(login)
    say(f"logged in at {url} as {login.user}")
    return 0


def log_out(options: argparse.Namespace) -> int:
    """Make the token worthless at the server, and forget it here."""
    login = login_of(options)
    try:
        Server(login.url, login.token, login.ca).ask("DELETE", "/session")
    except NotLoggedInError:
        note(f"{login.url} had forgotten this login already")
    except ClientError as error:
        note(f"{error}; the token is forgotten here, and good there until it expires")
    logins().remove(login.url)
    say(f"logged out at {login.url}")
    return 0


def _fresh(options: argparse.Namespace, url: str, ca: str | None) -> Login:
    server = Server(url, None, ca)
    password = _password(options, url)
    body = {"username": options.user, "password": password, "transport": "token"}
    session = server.ask("POST", "/session", body).json()
    return Login(url, session["user"], session["token"], ca)


def _with_token(url: str, ca: str | None) -> Login:
    token = _first_line("token")
    session = Server(url, token, ca).ask("GET", "/session").json()
    return Login(url, session["user"], token, ca)


def _ca(options: argparse.Namespace, url: str) -> str | None:
    if options.ca is not None:
        return read_text(options.ca)
    if options.ca_fingerprint is not None:
        return trust.with_fingerprint(url, options.ca_fingerprint).pem
    known = next((login.ca for login in logins().all() if login.url == url), None)
    return _agreed(url, known) if sys.stdin.isatty() else known


def _agreed(url: str, known: str | None) -> str | None:
    """Return the CA of a server, which the user is asked about when none is known for it."""
    try:
        Server(url, ca=known).meet()
    except UnknownSignerError:
        if known is not None:
            raise
        authority = trust.handed_out(url)
    else:
        return known
    print(trust.question(url, authority), file=sys.stderr, end="", flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UntrustedError("the CA is not kept, and nothing was sent")
    return authority.pem


def _password(options: argparse.Namespace, url: str) -> str:
    if options.password_stdin:
        return _first_line("password")
    if not sys.stdin.isatty():
        raise MisusedError("there is no terminal to ask for the password; use --password-stdin")
    return getpass.getpass(f"Password of {options.user} at {url}: ")


def _first_line(what: str) -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise MisusedError(f"the {what} on standard input is empty")
    return line
