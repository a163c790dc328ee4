"""One client of the torture test: a program of its own that uses a mount in every way it can.

Run as `torture_client.py HOME NUMBER SECONDS`; prints one line of JSON with what it saw. It
knows nothing of the driver but the contract of the directory.
"""

import errno
import json
import os
import random
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

SIZE = 5808
RECORD = 16
WHITE = bytes(SIZE)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_INVERTED = bytes(range(255, -1, -1))
VIEWS = {
    "{}": bytes(range(256)),
    "{}_inverse": _INVERTED,
    "BE/{}": bytes(range(256)),
    "LE/{}": _REVERSED,
    "LE/{}_inverse": _REVERSED.translate(_INVERTED),
}
ERROR_TEXTS = {"OK\n", "Undefined\n", "Panel broken\n"}
GONE = {errno.ENOTCONN, errno.ECONNABORTED, errno.ENOENT, errno.ECANCELED, errno.EIO, errno.ENODEV}
"""What may happen while the driver is killed, or the panel healed."""


def frame_of(client: int, number: int) -> bytes:
    """A frame that nobody else writes, and that shows when it is mixed with another one."""
    record = struct.pack(">III", 0xE9DF05E, client, number)
    return (record + struct.pack(">I", zlib.crc32(record))) * (SIZE // RECORD)


def is_whole(frame: bytes) -> bool:
    """Whether a frame is white or as one client wrote it."""
    if frame == WHITE:
        return True
    record = frame[:RECORD]
    genuine = record[12:] == struct.pack(">I", zlib.crc32(record[:12]))
    return genuine and frame == record * (SIZE // RECORD)


class Client:
    """Does something at random, again and again, and notes what must not be."""

    def __init__(self, home: Path, number: int) -> None:
        self._panel = home / "panel"
        self._life = home / "life"
        self._number = number
        self._random = random.Random(number * 7919 + int(time.time()))
        self._drawn = 0
        self._held: int | None = None
        self.counts: Counter[str] = Counter()
        self.findings: list[str] = []
        self.longest = 0.0

    def run(self, seconds: float) -> None:
        """Go on for so long."""
        actions: list[Callable[[str], None]] = [
            self._show,
            self._show,
            self._read_current,
            self._read_current,
            self._read_held,
            self._read_error,
            self._cut,
            self._append,
            self._too_long,
            self._numbers,
        ]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._act(self._random.choice(actions))
            time.sleep(self._random.random() / 20)  # as clients do; the machine has other work

    def _act(self, action: Callable[[str], None]) -> None:
        began, life = time.monotonic(), self._life.read_text()
        try:
            action(life)
            self.counts[action.__name__.strip("_")] += 1
        except OSError as error:
            self._failed(action, error, life)
        self.longest = max(self.longest, time.monotonic() - began)

    def _failed(self, action: Callable[[str], None], error: OSError, life: str) -> None:
        name = errno.errorcode[error.errno or 0]
        self.counts[name] += 1
        if error.errno in {errno.EINVAL, errno.EFBIG} or not self._same(life):
            expected = {errno.EINVAL, errno.EFBIG} | GONE
        else:
            expected = {errno.EIO} if life.endswith("broken") else set()
        if error.errno not in expected:
            self.findings.append(f"{action.__name__}: {name} in {life}")

    def _same(self, life: str) -> bool:
        """Whether the driver and its panel were the same all the time."""
        return not life.endswith("changing") and self._life.read_text() == life

    def _expect(self, truth: bool, what: str) -> None:
        if not truth:
            self.findings.append(what)

    def _show(self, life: str) -> None:
        self._drawn += 1
        view = self._random.choice(list(VIEWS))
        frame = frame_of(self._number, self._drawn).translate(VIEWS[view])
        self._write(view.format("display"), frame, 0)
        if self._random.random() < 0.5:  # the others use the display meanwhile
            self._read_current(life)
        letter = self._random.choice("UPPFC")
        self._write("command", letter.encode(), 0)
        self._expect(
            not (self._same(life) and life.endswith("broken")), f"{letter} worked in {life}"
        )

    def _read_current(self, _life: str) -> None:
        view = self._random.choice(list(VIEWS))
        frame = self._read(view.format("current")).translate(VIEWS[view])
        self._expect(is_whole(frame), f"torn: {frame[:40].hex()} … {frame[-16:].hex()}")

    def _read_held(self, _life: str) -> None:
        """Read a file that was opened long ago, perhaps from an earlier driver."""
        if self._held is None:
            self._held = os.open(self._panel / "current", os.O_RDONLY)
        try:
            frame = os.pread(self._held, SIZE, 0)
        except OSError:
            os.close(self._held)
            self._held = None
            return
        self._expect(is_whole(frame), "torn, in a file that was open")

    def _read_error(self, life: str) -> None:
        text = self._read("error").decode()
        self._expect(text in ERROR_TEXTS, f"error says {text!r}")
        if self._same(life):
            right = "Panel broken\n" if life.endswith("broken") else "OK\n"
            self._expect(text == right, f"error says {text!r} in {life}")

    def _cut(self, _life: str) -> None:
        """Odd lengths, so nothing but a new frame makes the display whole again."""
        os.truncate(self._panel / "display", self._random.randrange(1, SIZE // 2, 2))

    def _append(self, _life: str) -> None:
        self._write("LE/display", b"\x55" * RECORD, None)

    def _too_long(self, _life: str) -> None:
        self._write("display", b"\xaa" * (SIZE + 1), 0)
        self.findings.append("a frame that is too long was taken")

    def _numbers(self, _life: str) -> None:
        celsius = self._random.randrange(-99, 100)
        self._write("temperature", b"%d\n" % celsius, 0)
        self._write("pu_stagetime", b"%d\n" % self._random.randrange(0, 5000), 0)
        time_ms = int(self._read("pu_stagetime"))
        self._expect(50 <= time_ms <= 2000, f"pu_stagetime is {time_ms}")
        self._expect(-99 <= int(self._read("temperature")) <= 99, "temperature")

    def _read(self, name: str) -> bytes:
        return (self._panel / name).read_bytes()

    def _write(self, name: str, data: bytes, offset: int | None) -> None:
        """Write once; nothing that is missing is created."""
        file = os.open(self._panel / name, os.O_WRONLY | (os.O_APPEND if offset is None else 0))
        try:
            os.write(file, data)
        finally:
            os.close(file)


def main(home: str, number: str, seconds: str) -> None:
    """Run one client and print what it saw."""
    client = Client(Path(home), int(number))
    client.run(float(seconds))
    seen = {"counts": client.counts, "findings": client.findings, "longest": client.longest}
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
