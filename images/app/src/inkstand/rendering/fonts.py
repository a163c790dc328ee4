"""Our fonts, and no others, in a fixed order: what is drawn does not depend on the machine.

The files are where Debian's packages put them (docs/adr/0029 has the list); those that are there
are used. Where there is none of them, a Mac say, the fonts of the machine are.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from dataclasses import dataclass
from html import escape
from pathlib import Path

from inkstand.rendering.pango import LOCK, Font, FontMap, Line

_LOG = logging.getLogger(__name__)
FONT_FOLDER = Path("/usr/share/fonts")
# Where the image keeps what fontconfig read of the files; else below the user's own cache.
_CACHE = "/var/cache/fontconfig"
FILES = (
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/dejavu/DejaVuSans-Bold.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
    "truetype/dejavu/DejaVuSansMono-Bold.ttf",
)
# Families and their files, in order of preference, for what DejaVu Sans lacks.
FALLBACKS = {
    "Lohit Devanagari": "truetype/lohit-devanagari/Lohit-Devanagari.ttf",
    "Lohit Bengali": "truetype/lohit-bengali/Lohit-Bengali.ttf",
    "Lohit Tamil": "truetype/lohit-tamil/Lohit-Tamil.ttf",
    "Waree": "truetype/tlwg/Waree.ttf",
    "Padauk": "truetype/padauk/Padauk-Regular.ttf",
    "WenQuanYi Micro Hei": "truetype/wqy/wqy-microhei.ttc",
    "IPAexGothic": "opentype/ipaexfont-gothic/ipaexg.ttf",
    "Symbola": "truetype/ancient-scripts/Symbola_hint.ttf",
    # Coarse, but with a shape for every character there is.
    "Unifont": "opentype/unifont/unifont.otf",
    "Unifont Upper": "opentype/unifont/unifont_upper.otf",
}
_MONOSPACE = "DejaVu Sans Mono"
_LATIN, _CHINESE, _JAPANESE = "DejaVu Sans", "WenQuanYi Micro Hei", "IPAexGothic"
_EMOJI = ("Symbola", "DejaVu Sans", "Unifont", "Unifont Upper")
# Hiragana and Katakana, also of half width: nobody but Japanese writes them.
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
# A sender could otherwise fill the log with a line for each of a million characters.
_REPORTS = 200
_ANY_SIZE = 16


@dataclass(frozen=True, slots=True)
class Family:
    """The fonts of one weight; DejaVu Sans gives the look and the height of a line.

    With `monospace` all letters of DejaVu Sans Mono are as wide as each other, and a line that has
    to be broken is at any letter.
    """

    bold: bool = False
    monospace: bool = False

    def line_height(self, size: int) -> int:
        """Return the pixels from one baseline to the next, without letters of other fonts."""
        return self.line("", size).height

    def line(self, text: str, size: int) -> Line:
        """Return `text` without newlines as one line, with an em of `size` pixels."""
        return self.lines(text, size, None, break_words=False)[0]

    def lines(self, text: str, size: int, width: int | None, *, break_words: bool) -> list[Line]:
        """Return `text` in lines of at most `width` pixels, see lay_out()."""
        return lay_out(text, self.font(text, size), width, break_words=break_words)

    def font(self, text: str, size: int) -> Font:
        """Return what all of `text` is drawn with, at an em of `size` pixels."""
        language = _language(text)
        families = _families(language)
        if self.monospace:
            families = (_MONOSPACE, *families)
        return Font(",".join(families), size, self.bold, language, monospace=self.monospace)


def lay_out(text: str, font: Font, width: int | None, *, break_words: bool) -> list[Line]:
    """Return `text` in lines of at most `width` pixels, see FontMap.lay_out().

    Characters that no font has are logged.
    """
    lines = font_map().lay_out(text, font, width, break_words=break_words)
    if lines[0].lacks_letters:
        _report(text)
    return lines


def forget(text: str) -> None:
    """Give back the memory of fonts that `text`, which is drawn, needed and few others will.

    A line of it that is kept keeps its own.
    """
    if not text.isascii() and any(map(_is_rare, set(text))):
        font_map().clear()


def _is_rare(character: str) -> bool:
    """Return whether other fonts than DejaVu Sans draw it: they are larger, and needed less."""
    return (
        "\u0700" <= character <= "\u1dff"
        or "\u2e80" <= character <= "\ud7ff"
        or character >= "\uf900"
    )


def _language(text: str) -> str:
    """Return the language whose shapes of Chinese characters the whole text gets."""
    return "ja" if _KANA.search(text) else "en"


@functools.cache
def _families(language: str) -> tuple[str, ...]:
    families = [_LATIN, *FALLBACKS]
    if language == "ja":
        families.remove(_JAPANESE)
        families.insert(families.index(_CHINESE), _JAPANESE)
    return tuple(families)


# For running text, and for what has to stand out.
REGULAR, BOLD = Family(), Family(bold=True)


def font_map() -> FontMap:
    """Return our fonts, looked for on disk once; may be called from any thread.

    Raises:
        TextError: Pango is not installed.
    """
    # Two threads that draw first at once would each make them.
    with LOCK:
        return _font_map()


@functools.cache
def _font_map() -> FontMap:
    names = (*FILES, *FALLBACKS.values())
    files = [path for path in map(FONT_FOLDER.joinpath, names) if path.is_file()]
    if not files:
        _LOG.warning(
            "no font found below %s: using those of this machine; on Debian:"
            " apt-get install fonts-dejavu-core",
            FONT_FOLDER,
        )
        return FontMap(None)
    return FontMap(configuration(files))


def configuration(files: list[Path]) -> str:
    """Return a fontconfig configuration of `files` alone, with letters for one bit a pixel."""
    folders = dict.fromkeys(path.parent for path in files)
    emoji = "".join(f"<string>{name}</string>" for name in _EMOJI)
    return f"""<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
{"".join(f"<dir>{escape(str(folder))}</dir>" for folder in folders)}
<cachedir>{_CACHE}</cachedir><cachedir prefix="xdg">fontconfig</cachedir>
<selectfont>
<rejectfont><glob>*</glob></rejectfont>
<acceptfont>{"".join(f"<glob>{escape(str(path))}</glob>" for path in files)}</acceptfont>
</selectfont>
<match target="pattern"><test name="family"><string>emoji</string></test>
<edit name="family" mode="assign" binding="strong">{emoji}</edit></match>
<match target="font">
<edit name="antialias" mode="assign"><bool>false</bool></edit>
<edit name="autohint" mode="assign"><bool>false</bool></edit>
<edit name="hinting" mode="assign"><bool>true</bool></edit>
<edit name="hintstyle" mode="assign"><const>hintfull</const></edit>
</match>
</fontconfig>"""


_reported: set[str] = set()


def _report(text: str) -> None:
    """Log, once each, the characters of `text` that no font has."""
    for character in sorted(set(text) - _reported):
        if len(_reported) < _REPORTS and _is_unknown(character):
            _reported.add(character)
            name = unicodedata.name(character, "no name")
            _LOG.warning("no font has U+%04X (%s); a box is drawn for it", ord(character), name)


@functools.lru_cache(maxsize=4096)
def _is_unknown(character: str) -> bool:
    font = REGULAR.font(character, _ANY_SIZE)
    return font_map().lay_out(character, font, None, break_words=False)[0].lacks_letters
