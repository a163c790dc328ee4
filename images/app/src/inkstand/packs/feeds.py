"""Feeds in RSS and Atom as plain data. Only for the process that draws packs."""

from __future__ import annotations

import calendar
import contextlib
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import feedparser

_MAX_ENTRIES = 50
_MAX_TEXT = 1000
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_UNSEEN = ("script", "style")
# Between what these stand around there is at least a blank.
_BLOCKS = ("br", "p", "div", "li", "td", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")


def read_feed(data: bytes, now: datetime) -> dict[str, Any]:
    """Return title and entries of a feed, each with title, summary, link, author and updated.

    Markup is stripped and entities are decoded; a time is ISO 8601 in the zone of `now`, or "".

    Raises:
        ValueError: it is no feed.
    """
    # Entities in entities grow to terabytes, and no feed needs its own.
    if _ENTITY.search(data):
        raise ValueError("it declares entities of its own")
    # As a file: feedparser takes bytes for the name of one first.
    read = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not read.get("version"):
        raise ValueError("it is neither RSS nor Atom")
    entries = [_entry(entry, now) for entry in read.entries[:_MAX_ENTRIES]]
    return {"title": plain(read.feed.get("title", "")), "entries": entries}


def _entry(entry: Any, now: datetime) -> dict[str, str]:
    # Past what feedparser makes of one that is not there, with a warning.
    published, updated = (dict.get(entry, f"{it}_parsed") for it in ("published", "updated"))
    return {
        "title": plain(entry.get("title", "")),
        "summary": plain(entry.get("summary", "")),
        "link": str(entry.get("link", ""))[:_MAX_TEXT],
        "author": plain(entry.get("author", "")),
        "updated": _time(published or updated, now),
    }


def _time(parsed: Any, now: datetime) -> str:
    if parsed is None:
        return ""
    try:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.astimezone(now.tzinfo).isoformat(timespec="seconds")


class _Reader(HTMLParser):
    """What is to be read of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - as HTMLParser has it
        """Note what begins here."""
        self.unseen += tag in _UNSEEN
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note what ends here."""
        self.unseen -= tag in _UNSEEN
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if self.unseen <= 0:
            self.pieces.append(data)

    def _separate(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append(" ")


def plain(html: str) -> str:
    """Return the text of `html` on one line, of at most 1,000 characters."""
    reader = _Reader()
    # What comes before a section of SGML, which HTMLParser gives up on, is kept.
    with contextlib.suppress(AssertionError):
        reader.feed(str(html)[: 20 * _MAX_TEXT])
        reader.close()
    return " ".join("".join(reader.pieces).split())[:_MAX_TEXT]
