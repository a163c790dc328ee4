"""The certificate authority that people are asked to trust, and how they recognise it."""

from __future__ import annotations

import asyncio
import http.client
import logging
import urllib.parse
from datetime import timedelta
from typing import TYPE_CHECKING

from inkstand.fingerprint import fingerprint_of

if TYPE_CHECKING:
    from inkstand.clock import Clock

_LOG = logging.getLogger(__name__)
_TIMEOUT = 10.0
_MOST_BYTES = 65_536
_AGAIN_AFTER = timedelta(hours=3)
# Somebody compares it right after the first deployment; later there is no hurry.
_AGAIN_SOON, _AGAIN_AT_LAST = timedelta(seconds=10), timedelta(minutes=5)


class Authority:
    """The certificate authority whose certificate, in PEM, is at the http address `url`.

    `url` empty: there is none of our own.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._fingerprint: str | None = None
        self._certificate: str | None = None
        self._failures = 0

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of its certificate, as `fingerprint_of` writes it; None while it is not known."""
        return self._fingerprint

    @property
    def certificate(self) -> str | None:
        """Its certificate in PEM; None while it is not known."""
        return self._certificate

    async def run(self) -> None:
        """Ask every few hours until cancelled."""
        if not self._url:
            await asyncio.get_running_loop().create_future()
            return
        while True:
            wait = await self._ask()
            await self._clock.sleep_until(self._clock.now() + wait)

    async def _ask(self) -> timedelta:
        """Look at the certificate, and return how long to leave it alone."""
        try:
            text = await asyncio.to_thread(_fetch, self._url)
            self._know(text)
            self._failures = 0
        except (OSError, http.client.HTTPException, ValueError) as error:
            _LOG.info("the certificate authority at %s is not known: %s", self._url, error)
            self._know("")
            self._failures += 1
            return min(_AGAIN_SOON * self._failures, _AGAIN_AT_LAST)
        return _AGAIN_AFTER

    def _know(self, text: str) -> None:
        self._fingerprint = fingerprint_of(text) if text else None
        self._certificate = text or None


def _fetch(url: str) -> str:
    """Return what is at `url`, empty when it is elsewhere: nobody hands out an authority there."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        content = answer.read(_MOST_BYTES)
    finally:
        connection.close()
    return content.decode("ascii") if answer.status == http.client.OK else ""
