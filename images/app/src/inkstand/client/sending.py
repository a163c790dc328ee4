"""`inkstand send`: a message or a picture, once, however often it takes to get it through."""

from __future__ import annotations

import getpass
import os
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from inkstand.client import arguments, photos, wording
from inkstand.client.errors import EndedError, MisusedError, UnreachableError, WaitedTooLongError
from inkstand.client.following import SILENCE, Following, Opened
from inkstand.client.sse import Event
from inkstand.client.terminal import (
    Progress,
    alarm,
    end_at_once,
    note,
    now,
    read_bytes,
    read_text,
    say,
    say_json,
    server_of,
)
from inkstand.media_types import BYTES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from inkstand.client.following import Lost
    from inkstand.client.server import Server

_T = TypeVar("_T")
_PAUSES = (0.5, 1.0, 2.0, 4.0)
_ENDS = ("read", "expired", "deleted")
# How a text looks: names of options and of the API.
_LOOK = ("align", "size", "bold", "monospace", "qr")
_WIFI_PASSWORD = "INKSTAND_WIFI_PASSWORD"  # noqa: S105 - its name
_STANDARD_INPUT = ["-"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask a server for; `path` is below /api/v1, `body` bytes or JSON."""

    path: str
    body: object
    headers: dict[str, str] = field(default_factory=dict)


def send(options: argparse.Namespace) -> int:
    """Send what the options say, and wait if they say so."""
    if options.wait and options.repeat:
        raise MisusedError("what repeats is never done; leave out --wait or --repeat")
    if options.group and options.image:
        raise MisusedError("a group takes texts alone; leave out --image or --group")
    if options.group and options.wait:
        raise MisusedError("nobody waits for all of a group; leave out --wait or --group")
    server, request = server_of(options, progress=Progress()), _request(options)
    headers = {**request.headers, "Idempotency-Key": options.key or uuid.uuid4().hex}
    message = persistently(
        lambda: server.ask("POST", request.path, request.body, headers).json(), time.sleep
    )
    if options.wait:
        note(f"sent as message {message['id']}, waiting until it is {options.wait}")
        message = _wait(options, server, message["id"])
    _report(options, message)
    return 0


def persistently(ask: Callable[[], _T], sleep: Callable[[float], None]) -> _T:
    """Return what `ask` returns; try again a few times while the server is not there.

    Raises:
        ClientError: it was of no use.
    """
    for pause in _PAUSES:
        try:
            return ask()
        except UnreachableError as error:
            note(f"{error} (trying again in {pause:g} s)")
            sleep(pause)
    return ask()


def reached(message: dict[str, Any], wanted: str) -> bool:
    """Tell whether the message is or was "shown" or "read".

    Raises:
        EndedError: it ended, and never will be.
    """
    if message["state"] == wanted or (wanted == "shown" and message.get("shown_at")):
        return True
    if message["state"] in _ENDS:
        raise EndedError(f"message {message['id']} is {message['state']}, and was not {wanted}")
    return False


def _request(options: argparse.Namespace) -> Request:
    if options.wifi is not None:
        return _wifi(options)
    return _picture(options) if options.image else _text(options)


def _place(options: argparse.Namespace) -> str:
    """Return where texts are sent."""
    return f"/groups/{quote(options.group, safe='')}/messages" if options.group else "/messages"


def _wifi(options: argparse.Namespace) -> Request:
    if options.text or options.image:
        raise MisusedError("--wifi makes its own text; leave out TEXT and --image")
    password = os.environ.get(_WIFI_PASSWORD)
    if password is None:
        password = getpass.getpass(f"Password of {options.wifi}: ")
    text = arguments.wifi(options.wifi, password)
    return Request(
        _place(options), {"text": text, **_look(options), "qr": True, **_extras(options)}
    )


def _text(options: argparse.Namespace) -> Request:
    text = " ".join(options.text)
    if options.text == _STANDARD_INPUT:
        text = read_text(Path("-")).rstrip("\n")
    if options.escapes:
        text = arguments.unescaped(text)
    elif r"\n" in text and "\n" not in text:
        note(r"the text has \n in it, and is sent like that; with -e it is a new line")
    if not text.strip():
        raise MisusedError(
            "there is nothing to send; give a text, - for standard input, or --image"
        )
    return Request(_place(options), {"text": text, **_look(options), **_extras(options)})


def _look(options: argparse.Namespace) -> dict[str, str | bool]:
    """Return what is asked for of how a text looks, as the API takes it."""
    return {name: getattr(options, name) for name in _LOOK if getattr(options, name)}


def _picture(options: argparse.Namespace) -> Request:
    if look := _look(options):
        raise MisusedError(f"--{next(iter(look))} is for texts, not for --image")
    if options.text == _STANDARD_INPUT:
        raise MisusedError("a picture from standard input is sent with: --image -")
    data = read_bytes(options.image)
    arguments.check_picture(data, str(options.image))
    data = photos.fitted(data, str(options.image))
    query = {"framing": options.framing, "tone": options.tone, **_extras(options)}
    if name := " ".join(options.text) or options.image.name.strip("-"):
        query["name"] = name
    headers = {"Content-Type": BYTES}
    return Request(f"/images?{urlencode(query)}", data, headers)


def _extras(options: argparse.Namespace) -> dict[str, str | int]:
    show_at = arguments.moment(options.at, now()) if options.at else None
    # What is sent ahead has its time from when it comes.
    begin = show_at.astimezone() if show_at else now()
    return arguments.extras(
        urgent=options.urgent,
        show_for=options.show_for,
        expires_at=arguments.moment(options.expires, begin) if options.expires else None,
        show_at=show_at,
        repeat=options.repeat,
    )


def _wait(options: argparse.Namespace, server: Server, number: int) -> dict[str, Any]:
    end_at_once()
    following = Following(server_of(options, timeout=SILENCE), patient=True)
    late = WaitedTooLongError(
        f"message {number} is not {options.wait} after {options.timeout} s; it stays where it is"
    )
    with alarm(options.timeout, late):
        for happening in following.happenings():
            for message in _news(server, number, happening):
                if reached(message, options.wait):
                    return message
    raise late


def _news(
    server: Server, number: int, happening: Event | Opened | Lost
) -> Iterator[dict[str, Any]]:
    """Yield the message when `happening` says how it is, or that it may have changed unseen."""
    match happening:
        case Opened():
            yield persistently(lambda: server.ask("GET", f"/messages/{number}").json(), time.sleep)
        case Event(type="message", data={"message": {"id": int(other)} as message}):
            if other == number:
                yield message


def _report(options: argparse.Namespace, message: dict[str, Any]) -> None:
    if options.json:
        say_json(message)
    elif options.group:
        say(f"sent to all of {options.group}")
    elif message.get("upcoming"):
        say(f"message {message['id']} comes {wording.coming(message['upcoming'][0])}")
    else:
        say(f"message {message['id']} is {options.wait or message['state']}")
