"""When the certificate expires that people are shown."""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.clock import Clock

_LOG = logging.getLogger(__name__)
_TIMEOUT = 10.0
_AGAIN_AFTER = timedelta(hours=3)
_AGAIN_AFTER_FAILURE = timedelta(minutes=5)


class Certificate:
    """The certificate that a TLS server at `address` (host, port) has for `name`.

    `address` None: there is none to ask. `name` None: the one it shows to whom names nobody.
    """

    def __init__(self, address: tuple[str, int] | None, name: str | None, clock: Clock) -> None:
        self._address = address
        self._name = name
        self._clock = clock
        self._expires_at: datetime | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When it expires, in UTC; None while that is not known."""
        return self._expires_at

    async def run(self) -> None:
        """Ask every few hours until cancelled."""
        if self._address is None:
            await asyncio.get_running_loop().create_future()
            return
        while True:
            wait = await self._ask(self._address)
            await self._clock.sleep_until(self._clock.now() + wait)

    async def _ask(self, address: tuple[str, int]) -> timedelta:
        """Look at the certificate, and return how long to leave it alone."""
        try:
            data = await fetch(address, self._name)
            # Loads slowly on a Pi Zero, and takes its time there as well.
            self._expires_at = await asyncio.to_thread(expiry, data)
        except (OSError, ValueError) as error:
            _LOG.info("the certificate at %s:%d is not known: %s", *address, error or "no answer")
            self._expires_at = None
            return _AGAIN_AFTER_FAILURE
        return _AGAIN_AFTER


async def fetch(address: tuple[str, int], name: str | None) -> bytes:
    """Return the certificate in DER that the server at `address` has for `name`.

    Raises:
        OSError: it cannot be reached, or speaks no TLS.
    """
    async with asyncio.timeout(_TIMEOUT):
        _, writer = await asyncio.open_connection(
            *address, ssl=_curious(), server_hostname=name or ""
        )
    try:
        connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return connection.getpeercert(binary_form=True) or b""
    finally:
        # Not awaited: a peer that is gone would keep us waiting.
        writer.transport.abort()


def expiry(data: bytes) -> datetime:
    """Return the end of the validity of a certificate in DER, aware.

    Raises:
        ValueError: it is no certificate.
    """
    # 3 MB that few need; there are no types for it.
    from asn1crypto.x509 import Certificate as Parsed  # type: ignore[import-untyped]  # noqa: PLC0415

    end: datetime = Parsed.load(data).not_valid_after
    return end


def _curious() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent, and one that is not trusted, or has expired, is what we want to know about.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
