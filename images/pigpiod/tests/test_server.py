"""Real sockets around a bridge whose time stands still until a test moves it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from pigpiod_bridge.clock import ManualClock
from pigpiod_bridge.server import Limits, Server
from pigpiod_bridge.simulated import SimulatedLines
from pigpiod_bridge.wire import ANSWER_SIZE, REPORT_SIZE, Command, Report, Request, decode_answer

pytestmark = pytest.mark.integration

BIT = 1 << 22
PATIENCE = 60

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[..., Awaitable[Streams]]


async def ask(streams: Streams, command: int, p1: int = 0, p2: int = 0) -> int:
    reader, writer = streams
    writer.write(Request(command, p1, p2).encode())
    answer = decode_answer(await asyncio.wait_for(reader.readexactly(ANSWER_SIZE), PATIENCE))
    assert answer[0] == command
    return answer[3]


async def next_report(streams: Streams) -> Report:
    data = await asyncio.wait_for(streams[0].readexactly(REPORT_SIZE), PATIENCE)
    return Report.decode(data)


async def open_stream(connect: Connect, mask: int = BIT, **options: object) -> Streams:
    """A report stream that was begun on its own connection."""
    streams = await connect(**options)
    assert await ask(streams, Command.NB, await ask(streams, Command.NOIB), mask) == 0
    return streams


async def closed(streams: Streams) -> bytes:
    """What comes until the server closes; a reset is a close."""
    try:
        return await asyncio.wait_for(streams[0].read(), PATIENCE)
    except ConnectionResetError:
        return b""


async def test_the_worked_example_byte_for_byte(
    connect: Connect, lines: SimulatedLines, clock: ManualClock
) -> None:
    one, two = await connect(), await connect()

    async def exchange(streams: Streams, sent: str, received: str) -> None:
        streams[1].write(bytes.fromhex(sent))
        expected = bytes.fromhex(received)
        got = await asyncio.wait_for(streams[0].readexactly(len(expected)), PATIENCE)
        assert got.hex() == expected.hex()

    for request in (
        "00000000 16000000 00000000 00000000",
        "02000000 16000000 02000000 00000000",
    ):
        await exchange(one, request, request)
    await exchange(
        one,
        "61000000 16000000 10270000 00000000",
        "61000000 16000000 10270000 00000000",
    )
    await exchange(
        two,
        "0a000000 00000000 00000000 00000000",
        "0a000000 00000000 00000000 ffffff0f",
    )
    await exchange(
        two,
        "63000000 00000000 00000000 00000000",
        "63000000 00000000 00000000 00000000",
    )
    await exchange(
        one,
        "13000000 00000000 00004000 00000000",
        "13000000 00000000 00004000 00000000",
    )
    clock.advance(113_456 - clock.now())
    lines.drive(22, 0)
    clock.advance(10_000)
    await exchange(two, "", "0000 0000 40e20100 ffffbf0f")
    clock.advance(230_000 - clock.now())
    lines.drive(22, None)
    clock.advance(10_000)
    await exchange(two, "", "0100 0000 80a90300 ffffff0f")


async def test_bytes_that_come_one_by_one_are_not_lost(connect: Connect) -> None:
    reader, writer = await connect()
    for byte in Request(Command.FN, 22, 1000, b"\0\0\0\0").encode() * 2:
        writer.write(bytes([byte]))
        await writer.drain()
    answers = await asyncio.wait_for(reader.readexactly(2 * ANSWER_SIZE), PATIENCE)
    assert decode_answer(answers[:16]) == decode_answer(answers[16:]) == (98, 22, 1000, 0)


async def test_pipelined_requests_are_answered_in_order(connect: Connect) -> None:
    reader, writer = await connect()
    requests = [Request(Command.READ, n % 60, n) for n in range(5_000)]
    writer.write(b"".join(request.encode() for request in requests))
    data = await asyncio.wait_for(reader.readexactly(5_000 * ANSWER_SIZE), PATIENCE)
    echoed = [decode_answer(data[n : n + 16])[1:3] for n in range(0, len(data), 16)]
    assert echoed == [(request.p1, request.p2) for request in requests]


async def test_a_half_closed_connection_still_gets_its_answers(connect: Connect) -> None:
    streams = await connect()
    streams[1].write(Request(Command.PIGPV).encode() * 3)
    streams[1].write_eof()
    assert len(await closed(streams)) == 3 * ANSWER_SIZE


async def test_a_command_with_a_long_extension_is_unknown_not_harmful(connect: Connect) -> None:
    streams = await connect()
    streams[1].write(Request(110, 5, 6, b"x" * 65_535).encode())
    answer = await asyncio.wait_for(streams[0].readexactly(ANSWER_SIZE), PATIENCE)
    assert decode_answer(answer) == (110, 5, 6, (1 << 32) - 88)
    assert await ask(streams, Command.PIGPV) == 79


async def test_an_extension_of_64_kib_closes_the_connection_after_earlier_answers(
    connect: Connect,
) -> None:
    streams = await connect()
    streams[1].write(Request(Command.PIGPV).encode() + bytes(12) + (65_536).to_bytes(4, "little"))
    assert len(await closed(streams)) == ANSWER_SIZE


async def test_a_request_cut_off_by_the_end_is_dropped(connect: Connect) -> None:
    streams = await connect()
    streams[1].write(Request(Command.FN, 22, 0, bytes(4)).encode()[:-1])
    streams[1].write_eof()
    assert await closed(streams) == b""


async def test_answers_come_between_reports(connect: Connect, lines: SimulatedLines) -> None:
    streams = await open_stream(connect)
    lines.drive(22, 0)
    assert (await next_report(streams)).seqno == 0
    assert await ask(streams, Command.READ, 22) == 0
    lines.drive(22, 1)
    assert (await next_report(streams)).seqno == 1


async def test_begin_on_another_connection(connect: Connect, lines: SimulatedLines) -> None:
    control, stream = await connect(), await connect()
    handle = await ask(stream, Command.NOIB)
    lines.drive(22, 0)
    assert await ask(control, Command.NB, handle, BIT) == 0
    lines.drive(22, 1)
    assert (await next_report(stream)).levels & BIT


async def test_a_handle_is_free_again_after_its_connection_is_gone(
    connect: Connect, server: Server
) -> None:
    control, stream = await connect(), await connect()
    assert await ask(stream, Command.NOIB) == 0
    stream[1].transport.abort()
    # The server learns of it soon; a handle that is still there can be begun.
    async with asyncio.timeout(PATIENCE):
        while await ask(control, Command.NB, 0, BIT) == 0:
            pass
    assert await ask(control, Command.NOIB) == 0


async def test_a_keep_alive_comes_after_a_minute_of_silence(
    connect: Connect, clock: ManualClock
) -> None:
    streams = await open_stream(connect)
    clock.advance(60_000_000)
    assert await next_report(streams) == Report(0, 0x40, 60_100_000, 0x0FFF_FFFF)


async def test_watchdogs_reach_every_stream_that_wants_the_line(
    connect: Connect, clock: ManualClock
) -> None:
    streams = [await open_stream(connect) for _ in range(3)]
    await ask(await connect(), Command.WDOG, 22, 20)
    clock.advance(20_000)
    assert {(await next_report(s)).flags for s in streams} == {0x36}


class TestTooManyConnections:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(connections=2)

    async def test_one_too_many_is_closed_and_there_is_room_again_later(
        self, connect: Connect, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, second = await connect(), await connect()
        assert await ask(first, Command.PIGPV) == await ask(second, Command.PIGPV) == 79
        for _ in range(3):
            assert await closed(await connect()) == b""
        assert await ask(first, Command.PIGPV) == 79
        assert [r.getMessage().split(": ")[1] for r in caplog.records] == [
            "refused, and all others until there is room"
        ]
        first[1].write_eof()
        assert await closed(first) == b""
        assert await ask(await connect(), Command.PIGPV) == 79


class TestSlowClients:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(output=8_192)

    @staticmethod
    def deaf_socket(server: Server) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.connect(server.address)
        sock.setblocking(False)
        return sock

    async def test_a_stream_that_is_not_read_is_dropped_and_the_others_lose_nothing(
        self,
        connect: Connect,
        server: Server,
        lines: SimulatedLines,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        quick, watcher = await open_stream(connect), await connect()
        deaf = await open_stream(connect, sock=self.deaf_socket(server), limit=1)
        flips = 0
        async with asyncio.timeout(60):
            while await ask(watcher, Command.NB, 1, BIT) == 0:  # handle 1 is the deaf one's
                for _ in range(100):
                    lines.drive(22, flips % 2)
                    flips += 1
                seqnos = [(await next_report(quick)).seqno for _ in range(100)]
                assert seqnos == [n % 65_536 for n in range(flips - 100, flips)]
        assert "it does not read its reports" in caplog.text
        assert len(await closed(deaf)) < flips * REPORT_SIZE

    async def test_a_client_that_reads_no_answers_is_no_longer_listened_to(
        self, connect: Connect, server: Server
    ) -> None:
        deaf = await connect(sock=self.deaf_socket(server), limit=1)
        assert await ask(deaf, Command.PIGPV) == 79
        connection = next(iter(server._connections))
        block = Request(Command.PIGPV).encode() * 4_096
        async with asyncio.timeout(PATIENCE):
            while connection._transport.is_reading():
                deaf[1].write(block)
                await asyncio.sleep(0)
        assert connection._transport.get_write_buffer_size() <= 8_192
        assert await ask(await connect(), Command.PIGPV) == 79


async def test_closing_the_server_ends_every_connection_at_once(
    connect: Connect, server: Server
) -> None:
    streams = [await open_stream(connect) for _ in range(3)]
    server.close()
    assert [await closed(s) for s in streams] == [b"", b"", b""]
