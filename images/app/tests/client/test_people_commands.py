"""`inkstand people` and `inkstand password`, against the real app."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkstand.accounts.model import Visitor

pytestmark = pytest.mark.integration
PASSWORD = "four words and more"


def come(app: Any, url: str, name: str) -> None:
    """Accept an invitation, as the page does."""
    accept = app.system.accounts.invitations.accept
    app.do(accept(url.rpartition("#")[2], name, PASSWORD, Visitor("127.0.0.1")))


def test_people_are_invited_listed_changed_and_removed(at_home: Any, app: Any) -> None:
    made = at_home("people", "invite", "Anna", "--role", "viewer")
    assert made.stdout.startswith(f"{app.url}/invite#")
    assert "good once until" in made.stderr
    listed = at_home("people").stdout.splitlines()
    assert [line.split()[:3] for line in listed if line] == [
        ["NAME", "ROLE", "SINCE"],
        ["john", "owner", "-"],
        ["LINK", "FOR", "A"],
        [listed[-1].split()[0], "viewer", "Anna"],
    ]
    come(app, made.stdout.strip(), "Anna")
    assert at_home("people", "role", "Anna", "sender").returncode == 0
    told = json.loads(at_home("people", "list", "--json").stdout)
    assert [(it["name"], it["role"]) for it in told["people"]] == [
        ("john", "owner"),
        ("Anna", "sender"),
    ]
    assert at_home("people", "remove", "Anna").stdout == "Anna is removed\n"
    gone = at_home("people", "remove", "Anna")
    assert (gone.returncode, "nobody of that name" in gone.stderr) == (1, True)


def test_an_invitation_is_revoked(at_home: Any, app: Any) -> None:
    made = json.loads(at_home("people", "invite", "--json").stdout)
    assert (made["role"], made["name"]) == ("sender", None)
    assert at_home("people", "revoke", made["id"]).returncode == 0
    assert app.system.accounts.invitations.all() == ()


def test_a_guest_gets_a_link_that_is_listed_and_revoked(at_home: Any, app: Any) -> None:
    made = at_home("people", "guest", "May", "--days", "2", "--a-day", "3")
    assert made.stdout.startswith(f"{app.url}/guest#")
    assert "3 messages a day, 2 days" in made.stderr
    (line,) = (it for it in at_home("people").stdout.splitlines() if "guest" in it)
    assert line.split()[1:3] == ["guest", "May"]
    assert at_home("people", "revoke", line.split()[0]).returncode == 0
    assert app.system.accounts.guests.all() == ()
    assert at_home("people", "revoke", line.split()[0]).returncode == 1


def test_with_another_password_the_login_goes_on(at_home: Any, app: Any, password: str) -> None:
    before = at_home.logins.read_text()
    result = at_home("password", "--stdin", given=f"{password}\na new password\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert at_home.logins.read_text() != before
    assert "a new password" not in at_home.logins.read_text()
    assert at_home("send", "Hello").returncode == 0
    wrong = at_home("password", "--stdin", given=f"{password}\nanother password\n")
    assert wrong.returncode == 3
    assert "not your password" in wrong.stderr
    short = at_home("password", "--stdin", given="a new password\nshort\n")
    assert (short.returncode, "12 characters" in short.stderr) == (1, True)


def test_a_token_with_a_name_stays(at_home: Any, app: Any, password: str) -> None:
    token = at_home("tokens", "create", "all", "--scope", "admin").stdout
    assert at_home("login", app.url, "--token-stdin", given=token).returncode == 0
    before = at_home.logins.read_text()
    given = f"{password}\na new password\n"
    assert at_home("password", "--stdin", given=given).returncode == 0
    assert at_home.logins.read_text() == before
    assert at_home("send", "Hello").returncode == 0
