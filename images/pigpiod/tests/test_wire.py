"""The codec."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigpiod_bridge.wire import (
    EXTENSION_LIMIT,
    Command,
    ProtocolError,
    Report,
    Request,
    RequestDecoder,
    decode_answer,
    encode_answer,
    first_word,
)

pytestmark = pytest.mark.unit

words = st.integers(0, 0xFFFF_FFFF)
requests = st.builds(Request, words, words, words, st.binary(max_size=40))


def decode(*chunks: bytes) -> list[Request]:
    decoder = RequestDecoder()
    found: list[Request] = []
    for chunk in chunks:
        decoder.feed(chunk)
        found += iter(decoder.take, None)
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def test_a_request_is_four_little_endian_words_and_an_extension() -> None:
    request = Request(Command.FN, 22, 1000, b"\x10\x27\x00\x00")
    assert request.encode().hex() == "6200000016000000e803000004000000" + ("10270000")


@given(st.lists(requests), st.lists(st.integers(0)))
def test_requests_survive_any_cutting_of_the_stream(sent: list[Request], places: list[int]) -> None:
    stream = b"".join(request.encode() for request in sent)
    assert decode(*cut(stream, places)) == sent


def test_an_incomplete_request_waits_for_its_rest() -> None:
    data = Request(Command.FN, 22, 1000, b"abcd").encode()
    assert decode(data[:-1]) == []
    assert decode(data[:-1], data[-1:]) == [Request(Command.FN, 22, 1000, b"abcd")]


def test_the_longest_extension_is_one_below_64_kib() -> None:
    longest = Request(200, extension=bytes(EXTENSION_LIMIT - 1))
    assert decode(longest.encode()) == [longest]


@pytest.mark.parametrize("length", [EXTENSION_LIMIT, 0xFFFF_FFFF])
def test_a_longer_extension_ends_the_stream_before_it_is_read(length: int) -> None:
    decoder = RequestDecoder()
    decoder.feed(Request(Command.TICK).encode()[:12] + length.to_bytes(4, "little"))
    with pytest.raises(ProtocolError, match=str(length)):
        decoder.take()


def test_requests_before_a_bad_one_are_still_answered() -> None:
    decoder = RequestDecoder()
    decoder.feed(Request(Command.PIGPV).encode() + b"\xff" * 16)
    assert decoder.take() == Request(Command.PIGPV)
    with pytest.raises(ProtocolError):
        decoder.take()


@given(requests, st.integers(-(1 << 31), (1 << 32) - 1))
def test_an_answer_echoes_the_request_and_holds_signed_and_unsigned_results(
    request: Request, result: int
) -> None:
    echoed = (request.command, request.p1, request.p2)
    assert decode_answer(encode_answer(request, result)) == (*echoed, result % (1 << 32))


def test_sequence_numbers_wrap_at_16_bits_and_ticks_at_32() -> None:
    report = Report.decode(Report((1 << 16) + 5, 0, (1 << 32) + 7, 1).encode())
    assert report == Report(5, 0, 7, 1)


@pytest.mark.parametrize(
    ("extension", "word"), [(b"", None), (b"abc", None), (b"\1\0\0\0", 1), (b"\1\0\0\0xyz", 1)]
)
def test_the_first_word_of_an_extension_needs_four_bytes(
    extension: bytes, word: int | None
) -> None:
    assert first_word(extension) == word


@given(st.binary(max_size=200))
def test_random_bytes_give_requests_or_a_protocol_error(data: bytes) -> None:
    decoder = RequestDecoder()
    decoder.feed(data)
    try:
        taken = list(iter(decoder.take, None))
    except ProtocolError:
        return
    assert sum(len(request.encode()) for request in taken) <= len(data)
