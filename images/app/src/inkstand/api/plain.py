"""Requests with nothing unusual about them, read from the bytes of one segment; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_END = b"\r\n\r\n"
_LONGEST_HEAD = 4096
_MOST_HEADS = 256
_FIRST = re.compile(rb"(GET|POST|PUT|DELETE) (/[!-~]*) HTTP/1\.1")
_HEADER = re.compile(rb"([A-Za-z-]+): ([ -~]*)")
_TOKEN = re.compile(rb"(?:[Bb]earer )?([\w.-]+)", re.ASCII)
_LENGTH = re.compile(rb"0|[1-9]\d{0,6}")
# Headers that change neither where a request ends nor what its answer is, for what is taken here.
_HARMLESS = frozenset(
    b"accept accept-encoding accept-language cache-control dnt pragma priority user-agent "
    b"sec-fetch-dest sec-fetch-mode sec-fetch-site x-forwarded-for x-forwarded-host "
    b"x-forwarded-port x-forwarded-proto x-forwarded-server x-real-ip".split()
)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the body: `token` and `media_type` as they were sent, "" if not."""

    method: str
    path: str
    token: str
    media_type: str
    length: int


class Plain(NamedTuple):
    """A whole request."""

    head: Head
    body: bytes


class Heads:
    """Reads requests, and remembers heads: a client sends the same one again and again."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head | None] = {}

    def read(self, data: bytes) -> Plain | None:
        """Return the request that `data` is; None if it is not exactly one, or not a plain one.

        Whatever is returned, a complete parser of HTTP would read in the same way.
        """
        end = data.find(_END, 0, _LONGEST_HEAD)
        if end < 0:
            return None
        head = self._head(data[:end])
        body = data[end + len(_END) :]
        return Plain(head, body) if head and len(body) == head.length else None

    def _head(self, text: bytes) -> Head | None:
        try:
            return self._known[text]
        except KeyError:
            if len(self._known) >= _MOST_HEADS:
                self._known.clear()
            head = self._known[text] = parse_head(text)
            return head


def parse_head(text: bytes) -> Head | None:
    """Return what the lines of a head say, None if one of them is anything but plain."""
    first, *lines = text.split(b"\r\n")
    request = _FIRST.fullmatch(first)
    headers = _headers(lines)
    if request is None or headers is None:
        return None
    token = _TOKEN.fullmatch(headers.pop(b"authorization", b""))
    length = _LENGTH.fullmatch(headers.pop(b"content-length", b"0"))
    media_type = headers.pop(b"content-type", b"").decode()
    alive = headers.pop(b"connection", b"keep-alive").lower() == b"keep-alive"
    headers.pop(b"host", None)
    if not (token and length and alive and headers.keys() <= _HARMLESS):
        return None
    return Head(
        request[1].decode(), request[2].decode(), token[1].decode(), media_type, int(length[0])
    )


def _headers(lines: list[bytes]) -> dict[bytes, bytes] | None:
    """Return headers by their names in lower case, None if one comes twice or is not plain."""
    found = [_HEADER.fullmatch(line) for line in lines]
    headers = {match[1].lower(): match[2].strip() for match in found if match}
    return headers if len(headers) == len(lines) else None
