"""A body is unpacked in steps, so that a bomb costs no more memory than an answer."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from inkstand.errors import FetchError
from inkstand.fetching.bodies import Body

pytestmark = pytest.mark.unit
LIMIT = 200_000


def read(data: bytes, step: int, encoding: str = "gzip") -> bytes:
    """Return the body that comes in pieces of `step` bytes."""
    body = Body("a.example", encoding, LIMIT)
    for at in range(0, len(data), step):
        body.feed(data[at : at + step])
    return body.whole()


@pytest.mark.parametrize("step", [1, 7, 10**6])
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, LIMIT])
def test_it_is_the_same_in_any_pieces(size: int, step: int) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert read(gzip.compress(body), step) == body
    assert read(body, max(step, 1000), "Identity ") == body


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_nothing_is_an_empty_body(encoding: str) -> None:
    assert read(b"", 1, encoding) == b""


def test_a_bomb_costs_no_memory() -> None:
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    data = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    assert len(data) < LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="more than the 200000 bytes"):
            read(data, len(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * LIMIT


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "\udcff"])
def test_no_other_encoding_is_taken(encoding: str) -> None:
    with pytest.raises(FetchError, match="not asked for"):
        Body("a.example", encoding, LIMIT)
