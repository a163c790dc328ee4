"""What is there: `inkstand history`, `later`, `panel`, `status`; and what to do with a message."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from inkstand.client import wording
from inkstand.client.arguments import moment, stamp
from inkstand.client.errors import MisusedError
from inkstand.client.terminal import STANDARD, note, now, say, say_json, server_of, write_bytes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from inkstand.client.server import Server

_LARGEST_PAGE = 200


def history(options: argparse.Namespace) -> int:
    """Print messages, newest first."""
    messages = list(itertools.islice(_messages(server_of(options), options), options.limit))
    return _say(messages, options, _line)


def queue(options: argparse.Namespace) -> int:
    """Print what is on the glass and what comes next."""
    messages = server_of(options).ask("GET", "/queue").json()["messages"]
    return _say(messages, options, _line)


def later(options: argparse.Namespace) -> int:
    """Print the messages that come later, the next one first."""
    messages = server_of(options).ask("GET", "/messages/scheduled").json()["messages"]
    return _say(messages, options, wording.scheduled_lines)


def skip(options: argparse.Namespace) -> int:
    """Let a message that comes again not come the next time, or the one that is named."""
    server, path = server_of(options), f"/messages/{options.id}"
    if options.when is not None:
        at = stamp(moment(options.when, now()))
    else:
        message = server.ask("GET", path).json()
        if not message.get("upcoming"):
            raise MisusedError(f"message {options.id} is {message['state']}, and does not come")
        at = message["upcoming"][0]
    left = server.ask("POST", f"{path}/skip", {"at": at}).json().get("upcoming")
    following = wording.coming(left[0]) if left else "no more"
    say(f"message {options.id} comes {following}")
    return 0


def panel(options: argparse.Namespace) -> int:
    """Print how the panel is, or write what is on the glass into a file."""
    server = server_of(options)
    if options.output is not None:
        write_bytes(options.output, server.ask("GET", "/panel.png").body)
        if options.output != STANDARD:
            note(f"wrote what is on the glass to {options.output}")
        return 0
    return _tell(options, server.ask("GET", "/panel").json(), wording.panel_lines)


def status(options: argparse.Namespace) -> int:
    """Print how everything is."""
    return _tell(options, server_of(options).ask("GET", "/status").json(), wording.status_lines)


def neighbours(options: argparse.Namespace) -> int:
    """Print the other appliances of the broker, and what is on them."""
    told = server_of(options).ask("GET", "/neighbours").json()
    if not (told["neighbours"] or options.json):
        note("there are no other appliances, or no broker")
    return _tell(options, told, wording.neighbour_lines)


def show(options: argparse.Namespace) -> int:
    """Show a message again at once."""
    message = server_of(options).ask("POST", f"/messages/{options.id}/show").json()
    say(f"message {message['id']} is {message['state']}")
    return 0


def acknowledge(options: argparse.Namespace) -> int:
    """Take a message off the glass, as the button does."""
    message = server_of(options).ask("POST", f"/messages/{options.id}/acknowledge").json()
    say(f"message {message['id']} is {message['state']}")
    return 0


def delete(options: argparse.Namespace) -> int:
    """Take a message back."""
    server_of(options).ask("DELETE", f"/messages/{options.id}")
    say(f"message {options.id} is deleted")
    return 0


def _messages(server: Server, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    query = {"limit": str(min(options.limit, _LARGEST_PAGE))}
    if options.state:
        query["state"] = options.state
    if options.search:
        query["q"] = options.search
    while True:
        page = server.ask("GET", f"/messages?{urlencode(query)}").json()
        yield from page["messages"]
        if page["next"] is None:
            return
        query["before"] = page["next"]


def _line(message: dict[str, Any]) -> list[str]:
    return [wording.message_line(message, now().tzinfo)]


def _say(
    messages: list[dict[str, Any]],
    options: argparse.Namespace,
    lines: Callable[[dict[str, Any]], list[str]],
) -> int:
    if options.json:
        say_json(messages)
        return 0
    for message in messages:
        say(*lines(message))
    if not messages:
        note("there are no such messages")
    return 0


def _tell(options: argparse.Namespace, value: Any, lines: Any) -> int:
    if options.json:
        say_json(value)
    else:
        say(*lines(value, now().tzinfo))
    return 0
