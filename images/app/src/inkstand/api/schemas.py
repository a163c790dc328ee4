"""What clients send, as frozen dataclasses or an error; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from inkstand.errors import InvalidArgumentsError, MalformedRequestError, MessageTooLongError
from inkstand.rendering.text import is_blank


@dataclass(frozen=True, slots=True)
class Login:
    """Body of `POST /login`."""

    username: str
    password: str = field(repr=False)


def parse_login(body: bytes) -> Login:
    """Return the log-in that the JSON text `body` holds.

    Raises:
        InvalidArgumentsError: it is not an object with the strings `username` and `password`.
    """
    match _parse(body):
        case {"username": str(username), "password": str(password)}:
            return Login(username, password)
    raise InvalidArgumentsError("a log-in needs the strings username and password")


def parse_message(content_type: str, body: bytes, longest: int) -> str:
    """Return the text of the message that the JSON text `body` holds; any text but blank.

    Raises:
        MalformedRequestError: not application/json, no string `message`, or a blank one.
        MessageTooLongError: more than `longest` characters.
    """
    if content_type != "application/json":
        raise MalformedRequestError("messages are taken as application/json")
    match _parse(body):
        case {"message": str(text)} if not is_blank(text):
            return _limited(text, longest)
    raise MalformedRequestError("a message needs the string message, not blank")


def longest_body(longest_message: int) -> int:
    r"""Return the bytes a body may have: a character outside the BMP is twelve in JSON (\\u…)."""
    return 16_384 + 12 * longest_message


def _limited(text: str, longest: int) -> str:
    if len(text) > longest:
        raise MessageTooLongError(len(text), longest)
    return text


def _parse(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value
