"""`inkstand packs add` and `remove`, and the packs of the owner's own that a server has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from inkstand.client.errors import ClientError, NotAllowedError, NotLoggedInError
from inkstand.client.terminal import note, read_bytes, say, server_of
from inkstand.client.wording import printable
from inkstand.media_types import PLAIN_TEXT

if TYPE_CHECKING:
    import argparse

    from inkstand.client.server import Server

# Seconds: a Pi Zero takes its time to check a pack and to draw it.
TIMEOUT = 120.0
_TO_LIST = 5.0
_TEXT = {"Content-Type": PLAIN_TEXT}


def add(options: argparse.Namespace) -> int:
    """Add a pack, or replace the one of its name."""
    toml = read_bytes(Path(options.file))
    say(f"{put(server_of(options, timeout=TIMEOUT), toml)} is added")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Remove a pack of the owner's own."""
    server_of(options).ask("DELETE", _path(options.name))
    say(f"{options.name} is removed")
    return 0


def list_own(options: argparse.Namespace) -> int:
    """Print those of the owner's own that a server has; who is not logged in has none."""
    try:
        told = _own(server_of(options, timeout=_TO_LIST))
    except ClientError as error:
        if options.server:
            raise
        if not isinstance(error, NotLoggedInError):
            note(f"packs of your own are not listed: {error}")
        return 0
    for each in told:
        wrong = f"; {each['problem'].splitlines()[0]}" if each["problem"] else ""
        say(f"{each['name']:12} {printable(each['about'])} (own{printable(wrong)})")
    return 0


def put(server: Server, toml: bytes) -> str:
    """Add a pack to a server, and return its name; says what is to be filled in again.

    Raises:
        ClientError: the server refuses it.
    """
    told = server.ask("POST", "/packs", toml, _TEXT).json()
    if told["forgotten"]:
        note(
            f"the pack asks other servers now: fill in again the secrets of "
            f"{', '.join(told['forgotten'])}, and whether it may ask your own network"
        )
    return str(told["name"])


def texts(server: Server) -> dict[str, str]:
    """Return the packs of the owner's own that a server has, TOML by name.

    Raises:
        ClientError: it does not tell.
    """
    try:
        return {
            each["name"]: server.ask("GET", _path(each["name"])).body.decode()
            for each in _own(server)
        }
    except NotAllowedError:
        note("packs of the owner's own are left out: the owner alone can read them")
        return {}


def _own(server: Server) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = server.ask("GET", "/packs").json()["packs"]
    # A server of before knows none.
    return [each for each in told if each.get("own")]


def _path(name: str) -> str:
    return f"/packs/{quote(name, safe='')}"
