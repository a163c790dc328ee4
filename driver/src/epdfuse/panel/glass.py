"""What is on the glass, and remembering it across restarts, crashes and power cuts."""

import json
import logging
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from epdfuse.storage import replace_file

log = logging.getLogger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Glass:
    """The picture on the glass.

    `certain` is false while that may not be the whole truth: before the first command, and
    after an update that was interrupted. The next update then drives every pixel.
    """

    frame: bytes
    certain: bool
    drawn_ns: int
    """When it was drawn, in nanoseconds since the epoch; 0 when nobody knows."""

    def doubtful(self) -> "Glass":
        """The same picture, no longer certain."""
        return replace(self, certain=False)


class GlassRecordError(ValueError):
    """A remembered picture is damaged or belongs to another panel."""


def encode(glass: Glass, panel: str, boot: str) -> bytes:
    """A line of JSON that describes the frame, then the frame."""
    header = {
        "panel": panel,
        "boot": boot,
        "drawn_ns": glass.drawn_ns,
        "crc32": zlib.crc32(glass.frame),
    }
    return json.dumps(header).encode() + b"\n" + glass.frame


def decode(record: bytes, panel: str, boot: str) -> Glass:
    """The opposite of `encode`; certain only if it was drawn since the machine started.

    Records are not forced to the disk one by one (that would wear an SD card), so after a
    power cut the newest one can be missing.

    Raises:
        GlassRecordError: damaged, or of another panel.
    """
    head, _, frame = record.partition(b"\n")
    header = _header(head)
    if header.get("panel") != panel:
        raise GlassRecordError(f"it belongs to another panel ({header.get('panel')})")
    if header.get("crc32") != zlib.crc32(frame):
        raise GlassRecordError("its checksum is wrong")
    return Glass(frame, header.get("boot") == boot, int(header.get("drawn_ns", 0)))


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError as error:
        raise GlassRecordError("it has no header") from error
    if not isinstance(header, dict):
        raise GlassRecordError("it has no header")
    return header


class GlassStore:
    """Remembers one panel's picture in a directory.

    The record is renamed while a command draws, so a process that dies in the middle leaves
    a record that says so, and nothing needs to be written before drawing begins.
    """

    def __init__(self, directory: Path, panel: str) -> None:
        self._settled = directory / "glass"
        self._drawing = directory / "glass.drawing"
        self._panel = panel
        self._boot = _BOOT_ID.read_text("ascii").strip()

    def load(self) -> Glass | None:
        """The last known picture, or None."""
        settled = self._read(self._settled)
        if settled:
            return settled
        interrupted = self._read(self._drawing)
        return interrupted.doubtful() if interrupted else None

    def begin(self) -> None:
        """Note that drawing begins."""
        try:
            self._settled.replace(self._drawing)
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("cannot note that drawing begins: %s", error)

    def settle(self, glass: Glass) -> None:
        """Remember a picture that was drawn.

        A disk that refuses (full, read-only) costs the memory, not the picture: the log
        says so, and a driver that starts later begins with a full update.
        """
        try:
            replace_file(self._drawing, encode(glass, self._panel, self._boot))
            self._drawing.replace(self._settled)
        except OSError as error:
            log.warning("cannot remember what is on the glass: %s", error)

    def _read(self, path: Path) -> Glass | None:
        try:
            return decode(path.read_bytes(), self._panel, self._boot)
        except FileNotFoundError:
            return None
        except GlassRecordError as error:
            log.warning("%s is not used: %s", path, error)
            return None
