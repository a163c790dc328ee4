"""`epdfuse show`: a picture onto the panel, through the mounted directory."""

import argparse
import errno
import re
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from epdfuse.storage import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

DEFAULT_MOUNTPOINT = Path("/run/epd/panel")

_ABOUT = "Show a picture on a mounted panel"
_EXAMPLES = """\
examples:
  epdfuse show clock.png                       full update
  epdfuse show --partial clock.png             only the pixels that differ
  epdfuse show --mountpoint /tmp/panel a.jpg

A picture of another size is scaled to fit and centred on white; greys are dithered. Every
format that Pillow reads will do. The command returns when the panel has finished."""

_REASONS = {
    errno.ENOENT: "no panel is mounted at {}; try: systemctl start epd-fuse",
    errno.ENOTDIR: "no panel is mounted at {}; try: systemctl start epd-fuse",
    errno.ENOTCONN: "the driver of {} has died; try: systemctl restart epd-fuse",
    errno.ECONNABORTED: "the driver of {} has died; try: systemctl restart epd-fuse",
    errno.EACCES: "this user may not use {}: it was mounted without --allow-other",
    errno.EINVAL: "another program changed the display of {} meanwhile; try again",
    errno.ECANCELED: "the driver of {} is stopping; try again when it has started",
}
_PANEL_LINE = re.compile(r"EPD \S+ (\d+)x(\d+) COG \d+")


class ShowError(Refusal):
    """The picture is not shown."""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the sub-command to a command line."""
    parser = add_parser(
        "show",
        help=_ABOUT,
        description=f"{_ABOUT}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("picture", type=Path, metavar="FILE", help="PNG, JPEG, …")
    parser.add_argument(
        "--mountpoint",
        type=Path,
        default=DEFAULT_MOUNTPOINT,
        metavar="DIR",
        help="where the panel is mounted (default: %(default)s)",
    )
    parser.add_argument(
        "--partial", action="store_true", help="drive only the pixels that differ: faster, ghosts"
    )
    parser.set_defaults(
        run=lambda options: run(options.picture, options.mountpoint, options.partial)
    )


def run(picture: Path, mountpoint: Path, partial: bool) -> None:
    """Show a picture and return when the panel has finished.

    Raises:
        ShowError: no panel is mounted, the picture cannot be read, or the panel failed.
    """
    with _explained(mountpoint):
        size = panel_size((mountpoint / "panel").read_text("ascii"))
    frame = _frame(picture, size)
    with _explained(mountpoint):
        _write(mountpoint / "LE" / "display_inverse", frame)
        _write(mountpoint / "command", b"P" if partial else b"U")


def panel_size(line: str) -> tuple[int, int]:
    """Width and height in pixels, out of the file `panel`.

    Raises:
        ShowError: it is something else.
    """
    match = _PANEL_LINE.match(line)
    if match is None:
        raise ShowError(f"the file panel says {line.strip()!r}, which is no panel")
    return int(match[1]), int(match[2])


def fitted(picture: "Image.Image", size: tuple[int, int]) -> "Image.Image":
    """Scale a picture to fit, centre it on white, and make it black and white."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only this command needs it

    upright = (ImageOps.exif_transpose(picture) or picture).convert("RGBA")
    paper = Image.new("RGBA", upright.size, "white")
    paper.alpha_composite(upright)
    grey = paper.convert("L")
    if grey.size != size:
        grey = ImageOps.pad(grey, size, color=255)
    return grey.convert("1")


def _frame(path: Path, size: tuple[int, int]) -> bytes:
    """Give the bytes for `LE/display_inverse`, which are those that Pillow has."""
    try:
        from PIL import Image  # noqa: PLC0415 - only this command needs it
    except ImportError as error:
        raise ShowError(f"{error}; try: apt install python3-pil") from error
    try:
        with Image.open(path) as picture:
            return fitted(picture, size).tobytes()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ShowError(f"cannot read the picture: {error}") from error


def _write(path: Path, content: bytes) -> None:
    """Write in one request, so that nobody else's frame gets in between."""
    with path.open("r+b" if path.name != "command" else "wb", buffering=0) as file:
        file.write(content)


@contextmanager
def _explained(mountpoint: Path) -> "Iterator[None]":
    try:
        yield
    except OSError as error:
        raise ShowError(_reason(error, mountpoint)) from error


def _reason(error: OSError, mountpoint: Path) -> str:
    if error.errno == errno.EIO:
        return f"the panel failed: {_panel_error(mountpoint)}; try: epdfuse doctor"
    unknown = f"{{}} does not work: {error}"
    return _REASONS.get(error.errno or 0, unknown).format(mountpoint)


def _panel_error(mountpoint: Path) -> str:
    try:
        return (mountpoint / "error").read_text("ascii").strip()
    except OSError as error:
        return f"and does not say why ({error})"
