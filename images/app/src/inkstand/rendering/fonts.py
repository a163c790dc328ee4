"""Fonts and what stands in where one has no glyph.

The files are where Debian's packages fonts-dejavu-core, fonts-wqy-microhei, fonts-symbola,
fonts-droid-fallback and fonts-noto-* put them; those that are there are used, in this order.
"""

from __future__ import annotations

import functools
import logging
import mmap
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageFont

from inkstand.rendering.coverage import Coverage, read_coverage
from inkstand.rendering.text import JOINERS, clusters, is_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOG = logging.getLogger(__name__)
FONT_FOLDER = Path("/usr/share/fonts")
_FALLBACKS = (
    "truetype/wqy/wqy-microhei.ttc",
    "truetype/droid/DroidSansFallbackFull.ttf",
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "truetype/ancient-scripts/Symbola_hint.ttf",
    "truetype/noto/NotoSansHebrew-Regular.ttf",
    "truetype/noto/NotoSansArabic-Regular.ttf",
    "truetype/noto/NotoSansDevanagari-Regular.ttf",
    "truetype/noto/NotoSansThai-Regular.ttf",
    "truetype/noto/NotoSansSymbols2-Regular.ttf",
)
REGULAR = ("truetype/dejavu/DejaVuSans.ttf", *_FALLBACKS)
BOLD = ("truetype/dejavu/DejaVuSans-Bold.ttf", *_FALLBACKS)

_BOX = "\u25a1"
# A sender could otherwise fill the log with a line for each of a million characters.
_REPORTS = 200


@dataclass(frozen=True, eq=False)
class Face:
    """One font file (None: the font inside Pillow) and the characters it can draw."""

    path: Path | None
    coverage: Coverage

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the font with an em of `size` pixels."""
        return _load(self.path, size)


# Read from the font that Pillow 11 carries: ASCII, quotation marks, the ellipsis and few signs.
_BUILT_IN = Face(None, Coverage((0x20, 0x2018, 0x201C, 0x2026), (0x7E, 0x2019, 0x201D, 0x2026)))


@dataclass(frozen=True, eq=False)
class Family:
    """Faces in order of preference; the first is the one whose look and metrics count."""

    faces: tuple[Face, ...]

    def split(self, text: str) -> list[tuple[Face, str]]:
        """Return `text` in pieces with the face that draws each; boxes for what none can draw."""
        if text.isascii():
            return [(self.faces[0], text)] if text else []
        pieces: list[tuple[Face, str]] = []
        for cluster in clusters(text):
            _append(pieces, *_drawable(self, cluster))
        return pieces

    def face_for(self, characters: Iterable[str]) -> Face | None:
        """Return the first face that can draw all of `characters`."""
        needed = tuple(characters)
        fitting = (face for face in self.faces if all(it in face.coverage for it in needed))
        return next(fitting, None)


@functools.lru_cache(maxsize=4096)
def _drawable(family: Family, cluster: str) -> tuple[Face, str]:
    visible = [character for character in cluster if character not in JOINERS]
    face = family.face_for(visible) or family.face_for(visible[:1])
    return (face, cluster) if face else _substitute(family, cluster)


def _substitute(family: Family, cluster: str) -> tuple[Face, str]:
    """Return the letter without its accents where that is known, else a box."""
    plain = [it for it in unicodedata.normalize("NFKD", cluster) if not is_mark(it)]
    face = family.face_for(plain) if plain else None
    _report(cluster[0])
    return (face, "".join(plain)) if face else (family.faces[0], _BOX)


def _append(pieces: list[tuple[Face, str]], face: Face, text: str) -> None:
    if pieces and pieces[-1][0] is face:
        pieces[-1] = (face, pieces[-1][1] + text)
    else:
        pieces.append((face, text))


@functools.cache
def regular() -> Family:
    """Return the family for running text, looked for on disk once."""
    return find_family(FONT_FOLDER / name for name in REGULAR)


@functools.cache
def bold() -> Family:
    """Return the family for what has to stand out, looked for on disk once."""
    return find_family(FONT_FOLDER / name for name in BOLD)


def find_family(paths: Iterable[Path]) -> Family:
    """Return a family of the files among `paths` that exist and can be read.

    With none of them it is the font inside Pillow, which knows ASCII and little more.
    """
    faces = tuple(face for path in paths if path.is_file() and (face := _open(path)) is not None)
    if faces:
        return Family(faces)
    _LOG.warning("no font found below %s: using the one inside Pillow, ASCII only", FONT_FOLDER)
    return Family((_BUILT_IN,))


def _open(path: Path) -> Face | None:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return Face(path, read_coverage(data))
    except (OSError, ValueError) as error:
        _LOG.warning("cannot use the font %s: %s", path, error)
        return None


@functools.lru_cache(maxsize=32)
def _load(path: Path | None, size: int) -> ImageFont.FreeTypeFont:
    if path is not None:
        return ImageFont.truetype(path, size)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise OSError("this Pillow was built without FreeType")
    return font


_reported: set[str] = set()


def _report(character: str) -> None:
    if character in _reported or len(_reported) >= _REPORTS:
        return
    _reported.add(character)
    name = unicodedata.name(character, "no name")
    _LOG.warning("no font has U+%04X (%s); something else is drawn for it", ord(character), name)
