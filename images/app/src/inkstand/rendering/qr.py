"""Links as QR codes."""

from __future__ import annotations

from PIL import Image

# Modules of white around a code: ISO/IEC 18004:2015, 9.1.
_QUIET = 4


def draw_code(image: Image.Image, link: str, largest: int, smallest_dot: int = 1) -> int:
    """Draw a QR code of `link` above to the right, and return the width it takes.

    It is as large as whole pixels for its dots allow, at most `largest` pixels. A link that needs
    more dots than that, of `smallest_dot` pixels at least, is not drawn, and takes no width.
    """
    code = _code(link)
    scale = 0 if code is None else largest // (code.width + 2 * _QUIET)
    if code is None or scale < smallest_dot:
        return 0
    dots = code.resize((scale * code.width, scale * code.height), Image.Resampling.NEAREST)
    quiet = _QUIET * scale
    image.paste(dots, (image.width - quiet - dots.width, quiet))
    return dots.width + 2 * quiet


def _code(link: str) -> Image.Image | None:
    """Return the code, one pixel a dot, without white around it; None: the link is too long."""
    import segno  # noqa: PLC0415 - 2 MB that are needed for one screen only

    try:
        rows = segno.make_qr(link, error="l", boost_error=True).matrix
    except segno.DataOverflowError:
        return None
    code = Image.new("1", (len(rows), len(rows)))
    code.putdata([not dot for row in rows for dot in row])
    return code
