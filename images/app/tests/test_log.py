"""What the log says, and what it keeps for itself."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from inkstand.log import RedactingFormatter

pytestmark = pytest.mark.unit
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvd25lciJ9.c2lnbmF0dXJl"


def line_of(message: str, error: Exception | None = None) -> str:
    record = logging.LogRecord(
        "aiohttp.server",
        logging.ERROR,
        "",
        0,
        message,
        (),
        (type(error), error, None) if error else None,
    )
    return RedactingFormatter("%(asctime)s %(levelname)s %(message)s").format(record)


def logged(level: str, code: str) -> str:
    """Return what a program logs that logs from `level` on and runs `code`."""
    code = f"from inkstand.log import log_to_stderr as f; f({level!r}); import logging; {code}"
    source = Path(__file__).parents[1] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stderr


def test_every_line_says_when_in_utc() -> None:
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ERROR Hello$", line_of("Hello"))


@pytest.mark.parametrize(
    "said",
    [
        f"bad header: b'Authorization: Bearer {TOKEN}\\r\\nX: 1'",
        f"Authorization: {TOKEN}",
        "Authorization: Bearer opaque-and-secret",
        "b'cookie: __Host-inkstand=opaque-and-secret; other=1\\r\\nHost: mac'",
        f"GET /?token={TOKEN} HTTP/1.1",
    ],
)
def test_what_opens_a_door_is_taken_out(said: str) -> None:
    for line in (line_of(said), line_of("Error", ValueError(said))):
        assert TOKEN not in line
        assert "secret" not in line
        assert "[redacted]" in line


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2K"])
def test_nobody_writes_an_entry_by_what_they_send(break_: str) -> None:
    forged = f"GET /{break_}2026-11-29T20:00:00.000Z INFO owner logged in"
    for text in (line_of(forged), line_of("Error", ValueError(forged))):
        lines = re.split(r"[\n\r\x0b\x85\u2028]+", text)
        assert [line for line in lines[1:] if not line.startswith("  ")] == []
        assert "\x1b" not in text


def test_what_stands_beside_it_stays() -> None:
    line = line_of(f"b'GET / HTTP/1.1\\r\\nAuthorization: Bearer {TOKEN}\\r\\nHost: mac\\x00'")
    assert "GET / HTTP/1.1" in line
    assert "Host: mac\\x00" in line


def test_the_program_logs_so() -> None:
    code = f"logging.getLogger('x').info('Authorization: Bearer {TOKEN}')"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z INFO x: Authorization: \[redacted\]\n", logged("info", code)
    )


def test_the_pieces_of_picture_files_are_not_logged() -> None:
    code = "[logging.getLogger(it).debug(it) for it in ('PIL.PngImagePlugin', 'inkstand.x')]"
    assert re.fullmatch(r"\S+ DEBUG inkstand.x: inkstand.x\n", logged("debug", code))
