"""`inkstand tokens`: who else may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from inkstand.client import wording
from inkstand.client.terminal import note, now, say, say_json, server_of

if TYPE_CHECKING:
    import argparse


def list_all(options: argparse.Namespace) -> int:
    """Print tokens and sessions."""
    tokens = server_of(options).ask("GET", "/tokens").json()["tokens"]
    if options.json:
        say_json(tokens)
    else:
        say(*wording.token_lines(tokens, now().tzinfo))
    return 0


def create(options: argparse.Namespace) -> int:
    """Make a token; it alone goes to standard output, so that scripts can take it."""
    body = {"name": options.name, "scope": options.scope, "expires_in_days": options.days}
    token = server_of(options).ask("POST", "/tokens", body).json()
    if options.json:
        say_json(token)
        return 0
    note(f"token {token['id']} may {token['scope']}; it is shown this once:")
    say(token["token"])
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Make a token worthless from now on."""
    server_of(options).ask("DELETE", f"/tokens/{quote(options.id, safe='')}")
    say(f"token {options.id} is revoked")
    return 0
