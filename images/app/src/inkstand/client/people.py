"""`inkstand people` and `inkstand password`: who may log in."""

from __future__ import annotations

import contextlib
import getpass
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from inkstand.client import wording
from inkstand.client.errors import AnswerError, MisusedError, NotLoggedInError
from inkstand.client.logins import Login
from inkstand.client.server import Server
from inkstand.client.terminal import login_of, logins, note, now, say, say_json, server_of

if TYPE_CHECKING:
    import argparse


def list_all(options: argparse.Namespace) -> int:
    """Print people, open invitations and links for guests."""
    server = server_of(options)
    people = server.ask("GET", "/people").json()
    invitations = server.ask("GET", "/invitations").json()
    guests = server.ask("GET", "/guests").json()
    if options.json:
        say_json({**people, **invitations, **guests})
    else:
        say(*wording.people_lines(**people, **invitations, **guests, zone=now().tzinfo))
    return 0


def invite(options: argparse.Namespace) -> int:
    """Make a link; it alone goes to standard output, so that scripts can take it."""
    body = {"role": options.role, "name": options.name}
    made = server_of(options).ask("POST", "/invitations", body).json()
    if options.json:
        say_json(made)
        return 0
    until = wording.date(made["expires_at"], now().tzinfo)
    note(f"good once until {until}, for a {made['role']}; it is shown this once:")
    say(made["url"])
    return 0


def guest(options: argparse.Namespace) -> int:
    """Make a link by which a guest may send; it alone goes to standard output."""
    body = {
        "name": options.name,
        "expires_in_days": options.days,
        "messages_a_day": options.a_day,
    }
    made = server_of(options).ask("POST", "/guests", body).json()
    if options.json:
        say_json(made)
        return 0
    note(f"good for {options.a_day} messages a day, {options.days} days; it is shown this once:")
    say(made["url"])
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Make an invitation, or a link for a guest, worthless."""
    server, number = server_of(options), quote(options.id, safe="")
    try:
        server.ask("DELETE", f"/invitations/{number}")
    except AnswerError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        server.ask("DELETE", f"/guests/{number}")
    say(f"{options.id} is revoked")
    return 0


def change_role(options: argparse.Namespace) -> int:
    """Give somebody another role."""
    path = f"/people/{quote(options.name, safe='')}"
    server_of(options).ask("PUT", path, {"role": options.role})
    say(f"{options.name} is {options.role} and has to log in again")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Remove somebody."""
    server_of(options).ask("DELETE", f"/people/{quote(options.name, safe='')}")
    say(f"{options.name} is removed")
    return 0


def password(options: argparse.Namespace) -> int:
    """Choose another password, and log in with it where that ended the login."""
    login = login_of(options)
    server = Server(login.url, login.token, login.ca)
    user = server.ask("GET", "/session").json()["user"]
    old, new = _passwords(user, from_stdin=options.stdin)
    server.ask("PUT", "/me/password", {"old": old, "new": new})
    with contextlib.suppress(NotLoggedInError):
        server.ask("GET", "/session")
        new = ""
    if new:
        body = {"username": user, "password": new, "transport": "token"}
        session = Server(login.url, None, login.ca).ask("POST", "/session", body).json()
        logins().save(Login(login.url, user, session["token"], login.ca))
    say(f"{user} has a new password at {login.url}; other sessions have ended")
    return 0


def _passwords(user: str, *, from_stdin: bool) -> tuple[str, str]:
    """Return the old and the new password."""
    if from_stdin:
        old, new = (sys.stdin.readline().rstrip("\r\n") for _ in range(2))
        return old, new
    if not sys.stdin.isatty():
        raise MisusedError("there is no terminal to ask for passwords; use --stdin")
    old = getpass.getpass(f"Password of {user} now: ")
    new = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != new:
        raise MisusedError("the two new passwords differ")
    return old, new
