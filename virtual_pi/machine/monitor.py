"""QEMU's monitor: the finger on the button, and the brake on the disk.

Protocol: QMP, a line of JSON a message; a greeting first, then `qmp_capabilities` has to be sent.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import IO, TYPE_CHECKING, Any

from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SOCKET = "qmp"
ANSWER_SECONDS = 10


@contextlib.contextmanager
def _connected(folder: Path) -> Iterator[IO[str]]:
    # The path of a socket may have 107 bytes at most; by way of the directory it is always shorter.
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(f"/proc/self/fd/{directory}/{SOCKET}")
            with connection.makefile("rw") as stream:
                yield stream
    finally:
        os.close(directory)


def answer_to(command: str, stream: IO[str], arguments: Mapping[str, object] | None = None) -> Any:
    """Send a command and give what it returns; events that come in between are skipped.

    Raises:
        ToolError: QEMU refuses, or hangs up.
    """
    asked = {"execute": command, **({"arguments": arguments} if arguments else {})}
    stream.write(json.dumps(asked) + "\n")
    stream.flush()
    line = ""
    for line in stream:
        answer = json.loads(line)
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            break
    raise ToolError(f"QEMU does not do {command}.", todo="Make the machine anew.", tail=line)


def command(folder: Path, name: str, **arguments: object) -> Any:
    """Give one command to the QEMU whose socket is in that directory.

    Raises:
        ToolError: it does not listen, or refuses.
    """
    try:
        with _connected(folder) as stream:
            stream.readline()
            answer_to("qmp_capabilities", stream)
            return answer_to(name, stream, arguments)
    except OSError as error:
        raise ToolError(
            f"QEMU's monitor does not answer: {error}.", todo="Start the machine."
        ) from None
