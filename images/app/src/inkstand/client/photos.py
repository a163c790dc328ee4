"""Photos on their way: smaller, upright, and without what a camera noted, where Pillow is."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from inkstand.client.arguments import LARGEST_PICTURE, is_heic
from inkstand.client.errors import MisusedError
from inkstand.client.terminal import note

if TYPE_CHECKING:
    from PIL import Image

# Pixels, width and height; far more than any panel has.
_LARGE_ENOUGH = (2048, 2048)


def fitted(data: bytes, name: str) -> bytes:
    """Return a picture as it is sent: smaller if it has more pixels or bytes than are of use.

    Raises:
        MisusedError: a server would not take it, and here nothing can make it smaller.
    """
    is_too_large = len(data) > LARGEST_PICTURE
    if is_heic(data) and not _reads_heic():
        if is_too_large:
            raise MisusedError(_advice(data, name, "pillow-heif"))
        note(
            f"{name} is HEIC, which few servers take; to send it as JPEG: {_inject('pillow-heif')}"
        )
        return data
    try:
        smaller = _shrunk(data, must=is_too_large or is_heic(data))
    except ImportError:
        smaller = None
        if is_too_large:
            raise MisusedError(_advice(data, name, "Pillow")) from None
    except ValueError as error:
        smaller = None
        if is_too_large:
            raise MisusedError(f"{name} cannot be made smaller: {error}") from error
    if smaller is None:
        return data
    note(f"{name} has {_megabytes(data)} MB; sent as {_megabytes(smaller)} MB")
    return smaller


def _shrunk(data: bytes, *, must: bool) -> bytes | None:
    """Return a JPEG of at most _LARGE_ENOUGH, None if `data` is no larger and need not become one.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: it cannot be read.
    """
    from PIL import Image  # noqa: PLC0415 - the client works without

    try:
        with Image.open(io.BytesIO(data)) as image:
            if not must and max(image.size) <= max(_LARGE_ENOUGH):
                return None
            output = _as_jpeg(image)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error
    return output if must or len(output) < len(data) else None


def _as_jpeg(image: Image.Image) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415

    image.draft("RGB", _LARGE_ENOUGH)
    part = _without_limits(image)
    part.thumbnail(_LARGE_ENOUGH)
    ImageOps.exif_transpose(part, in_place=True)
    upright = (part.convert("RGB") if part.mode == "CMYK" else part).convert("RGBA")
    ground = Image.new("RGBA", upright.size, "white")
    output = io.BytesIO()
    Image.alpha_composite(ground, upright).convert("RGB").save(output, "JPEG", quality=92)
    return output.getvalue()


def _without_limits(image: Image.Image) -> Image.Image:
    """Return `image`, in another mode where Pillow would not scale or convert it well."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA") if image.mode in ("1", "P") else image


def _reads_heic() -> bool:
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener  # noqa: PLC0415

        register_heif_opener()
        return True
    return False


def _advice(data: bytes, name: str, package: str) -> str:
    return (
        f"{name} has {_megabytes(data)} MB, and at most 4 are taken; make it smaller, or run:"
        f" {_inject(package)}"
    )


def _inject(package: str) -> str:
    return f"pipx inject inkstand {package}"


def _megabytes(data: bytes) -> str:
    return f"{len(data) / 1024 / 1024:.1f}"
