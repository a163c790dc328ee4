"""Servers that answer as they are told, and names that lead to them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from pathlib import Path

MORNING = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
NAME = "weather.example"
# Stands in the query and in a header of what is asked for, and nowhere in what people read.
SECRET = "53cr3t"
HEADERS = {"X-Key": SECRET}
PATIENCE = 60


@dataclass
class Asked:
    """A request as it came: its target and its headers, with names in lower case."""

    target: str
    headers: dict[str, str]


@dataclass
class Server:
    """Answers each request with the next of `answers`, and the last one again and again.

    An answer is bytes, or a function that writes. Afterwards the connection is closed.
    """

    port: int = 0
    scheme: str = "http"
    answers: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: dict[asyncio.Task[Any], asyncio.StreamWriter] = field(default_factory=dict)

    def url(self, path: str = "/data", host: str = NAME) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}?key={SECRET}"

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open[asyncio.create_task(self._serve(reader, writer))] = writer

    async def close(self) -> None:
        """End what is still being answered."""
        for task, writer in self.open.items():
            writer.transport.abort()
            await asyncio.wait_for(task, PATIENCE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await _head(reader)).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
            lowered = {name.lower(): value for name, value in headers.items()}
            self.asked.append(Asked(head[0].split(" ")[1], lowered))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Return the head of a request, or the first piece of a handshake of TLS."""
    if (first := await reader.readexactly(1)) == b"\x16":
        return first + await reader.read(100)
    return first + await reader.readuntil(b"\r\n\r\n")


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return an answer; `Content_Length` and the like are names of headers."""
    lines = [f"HTTP/1.1 {status} As It Is"]
    given = {} if "Transfer_Encoding" in headers else {"Content-Length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def to(url: str, status: int = 302) -> bytes:
    """Return a redirect."""
    return http(status, Location=url)


@dataclass(frozen=True)
class Certificate:
    """A certificate for NAME that signed itself."""

    context: ssl.SSLContext
    pem: Path


@dataclass
class Names:
    """A resolver: what a name leads to, each time the next of its answers, and the last again."""

    known: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.known.get(host, [["127.0.0.1"]])
        return answers.pop(0) if len(answers) > 1 else answers[0]
