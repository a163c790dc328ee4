"""The body of an answer, put together piece by piece, and never larger than it may be."""

from __future__ import annotations

import zlib

from inkstand.errors import FetchError

_GZIP = 16 + zlib.MAX_WBITS
# What is taken out of compressed data at a time.
_STEP = 65_536


class Body:
    """The body that `host` sends, of at most `max_bytes` before and after decompression.

    `encoding` is what the answer says in Content-Encoding; only gzip is asked for.

    Raises:
        FetchError: it is another.
    """

    def __init__(self, host: str, encoding: str, max_bytes: int) -> None:
        self._host = host
        self._max_bytes = max_bytes
        self._received = 0
        self._body = bytearray()
        self._gzip = _decompressor(host, encoding)

    def feed(self, data: bytes) -> None:
        """Take what came next.

        Raises:
            FetchError: that is too much, or damaged.
        """
        self._received += len(data)
        self._check(self._received)
        if self._gzip is None:
            self._body += data
            return
        try:
            self._decompress(self._gzip, data)
        except zlib.error:
            raise self._damaged() from None

    def whole(self) -> bytes:
        """Return all of it, when nothing more comes.

        Raises:
            FetchError: its end is missing.
        """
        if self._gzip is not None and self._received and not self._gzip.eof:
            raise self._damaged()
        return bytes(self._body)

    def _decompress(self, gzip: zlib._Decompress, data: bytes) -> None:
        # A kilobyte may be a megabyte, and what comes in one read a hundred of them.
        more = True
        while more:
            piece = gzip.decompress(data, _STEP)
            self._body += piece
            self._check(len(self._body))
            data = gzip.unconsumed_tail
            more = bool(data) or len(piece) == _STEP
        if gzip.unused_data:
            raise self._damaged()

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            raise too_large(self._host, self._max_bytes)

    def _damaged(self) -> FetchError:
        return FetchError(f"{self._host} sent damaged gzip data")


def too_large(host: str, max_bytes: int) -> FetchError:
    """Return the error that says so."""
    return FetchError(f"{host} sent more than the {max_bytes} bytes that are taken")


def _decompressor(host: str, encoding: str) -> zlib._Decompress | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(_GZIP)
    raise FetchError(f"{host} answered in an encoding that was not asked for")
