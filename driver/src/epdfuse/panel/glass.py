"""What is on the glass, and remembering it across restarts, crashes and boots."""

import json
import logging
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from epdfuse.storage import forget_file, keep_file, replace_file

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

    Nobody knows what became of the glass while the machine was off.

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
    """Remembers one panel's picture: in memory at each update, on the disk at the end.

    The record in memory is renamed while a command draws, so a process that dies in the middle
    leaves a record that says so. That on the disk would wear an SD card: it is written once
    nothing draws any more, and removed before the next drawing, so a power cut leaves none that
    is older than the glass.

    Args:
        running: directory of the record for a driver that is started anew, best in memory.
        lasting: directory of the record for the next boot; it may be the same one.
        panel: what panel it is.
    """

    def __init__(self, running: Path, lasting: Path, panel: str) -> None:
        self._settled = running / "glass"
        self._drawing = running / "glass.drawing"
        self._kept = lasting / "glass"
        self._panel = panel
        self._boot = _BOOT_ID.read_text("ascii").strip()

    def load(self) -> Glass | None:
        """The last known picture, or None."""
        settled = self._read(self._settled)
        if settled:
            return settled
        former = self._read(self._drawing) or self._read(self._kept)
        return former.doubtful() if former else None

    def begin(self) -> None:
        """Note that drawing begins."""
        try:
            if self._settled.exists():
                self._settled.replace(self._drawing)
            forget_file(self._kept)
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

    def keep(self, glass: Glass) -> None:
        """Remember for the next boot what is on the glass; nothing is drawn any more.

        A disk that refuses is only logged, as in `settle`.
        """
        if not glass.certain:
            return
        try:
            keep_file(self._kept, encode(glass, self._panel, self._boot))
        except OSError as error:
            log.warning("cannot keep what is on the glass for the next boot: %s", error)

    def _read(self, path: Path) -> Glass | None:
        try:
            return decode(path.read_bytes(), self._panel, self._boot)
        except FileNotFoundError:
            return None
        except (OSError, GlassRecordError) as error:
            log.warning("%s is not used: %s", path, error)
            return None
