"""Is a bridge, or a pigpiod, there and does it speak the protocol?"""

import socket

from pigpiod_bridge.wire import ANSWER_SIZE, Command, Request, decode_answer


def version(host: str, port: int, timeout: float) -> int:
    """Returns the protocol version that the server at ``host`` tells, asked over the network.

    Raises:
        OSError: nobody is there, or no whole answer came within ``timeout`` seconds a read.
        ValueError: the answer is not one of this protocol.
    """
    with socket.create_connection((host, port), timeout) as connection:
        connection.sendall(Request(Command.PIGPV).encode())
        with connection.makefile("rb") as stream:
            return _version_in(stream.read(ANSWER_SIZE))


def _version_in(answer: bytes) -> int:
    if len(answer) != ANSWER_SIZE:
        raise ValueError(f"the connection was closed after {len(answer)} bytes")
    command, p1, p2, result = decode_answer(answer)
    if (command, p1, p2) != (Command.PIGPV, 0, 0) or not 0 < result < 1 << 31:
        raise ValueError(f"this is no pigpiod: it answered {answer.hex()}")
    return result
