"""Frames as PNG files: black is black, one pixel of the panel is one pixel of the picture."""

import io
import logging
from pathlib import Path

from epdfuse.bits import View
from epdfuse.panel import PanelSpec
from epdfuse.storage import replace_file

log = logging.getLogger(__name__)


def png(frame: bytes, spec: PanelSpec) -> bytes:
    """A frame in natural coding as a black and white PNG."""
    from PIL import Image  # noqa: PLC0415 - a driver of a real panel never loads it

    inverse = View.BE_INVERSE.translate(frame)
    image = Image.frombytes("1", (spec.width, spec.height), inverse)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def save(frame: bytes, spec: PanelSpec, path: Path) -> None:
    """Replace the picture at `path`; raises OSError."""
    replace_file(path, png(frame, spec))


def load(path: Path, spec: PanelSpec) -> bytes | None:
    """The frame of a picture; None when there is none, or one of another panel."""
    from PIL import Image  # noqa: PLC0415 - a driver of a real panel never loads it

    try:
        with Image.open(path) as image:
            fits = image.size == (spec.width, spec.height)
            return View.BE_INVERSE.translate(image.convert("1").tobytes()) if fits else None
    except FileNotFoundError:
        return None
    except (OSError, SyntaxError) as error:
        log.warning("%s is not used: %s", path, error)
        return None
