"""Pango, which knows how every script is written: the few of its functions that we need.

By ctypes, since PangoFT2 draws letters hinted for one bit a pixel, and no binding has it together
with a choice of fonts of its own. Lengths in and out are pixels. May be used from any thread.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNITS = 1024  # Pango's, a pixel
_DOTS_PER_INCH = 72.0  # so that a point is a pixel
_WRAP_WORD, _WRAP_CHAR, _WRAP_WORD_CHAR = 0, 1, 2
_ELLIPSIZE_END = 3
_ONE_LINE_A_PARAGRAPH = -1
_DIRECTION_RTL = 1
_GREY_MODE, _GREYS = 2, 256
_WEIGHT_BOLD = 700

# Up to this size letters of one bit a pixel leave as much white within words as between them.
_LARGEST_CROWDED = 13
# In memory at once. Each size of each script has faces of its own; all of them take 20 MB.
_MAX_FONTS = 12
# Between the ink of two lines that are higher than others.
_GAP = 1
_SPACE, _WIDE_SPACE = " ", "\u2002"

# On a Mac they come from Homebrew, into whose folder only an Intel one looks by itself.
_HOMEBREW = "/opt/homebrew/lib/" if Path("/opt/homebrew").is_dir() else ""
_LIBRARY = _HOMEBREW + "lib{}.{}.dylib" if sys.platform == "darwin" else "lib{}.so.{}"

_Pointer = ctypes.c_void_p
_Int = ctypes.c_int
_Bytes = ctypes.c_char_p
_FUNCTIONS: dict[tuple[str, int], dict[str, tuple[Any, ...]]] = {
    # library and its version: function: what it returns, what it takes
    ("gobject-2.0", 0): {"g_object_unref": (None, _Pointer)},
    ("fontconfig", 1): {
        "FcConfigCreate": (_Pointer,),
        "FcConfigParseAndLoadFromMemory": (_Int, _Pointer, _Bytes, _Int),
        "FcConfigBuildFonts": (_Int, _Pointer),
        "FcConfigSetCurrent": (_Int, _Pointer),
        "FcInitLoadConfigAndFonts": (_Pointer,),
    },
    ("pangoft2-1.0", 0): {
        "pango_ft2_font_map_new": (_Pointer,),
        "pango_ft2_font_map_set_resolution": (None, _Pointer, ctypes.c_double, ctypes.c_double),
        "pango_fc_font_map_set_config": (None, _Pointer, _Pointer),
        "pango_fc_font_map_cache_clear": (None, _Pointer),
        "pango_ft2_render_layout_line": (None, _Pointer, _Pointer, _Int, _Int),
    },
    ("pango-1.0", 0): {
        "pango_font_map_create_context": (_Pointer, _Pointer),
        "pango_context_set_language": (None, _Pointer, _Pointer),
        "pango_language_from_string": (_Pointer, _Bytes),
        "pango_font_description_new": (_Pointer,),
        "pango_font_description_free": (None, _Pointer),
        "pango_font_description_set_family": (None, _Pointer, _Bytes),
        "pango_font_description_set_weight": (None, _Pointer, _Int),
        "pango_font_description_set_absolute_size": (None, _Pointer, ctypes.c_double),
        "pango_attr_list_new": (_Pointer,),
        "pango_attr_list_insert": (None, _Pointer, _Pointer),
        "pango_attr_insert_hyphens_new": (_Pointer, _Int),
        "pango_context_set_base_dir": (None, _Pointer, _Int),
        "pango_layout_set_auto_dir": (None, _Pointer, _Int),
        "pango_layout_set_attributes": (None, _Pointer, _Pointer),
        "pango_layout_new": (_Pointer, _Pointer),
        "pango_layout_set_font_description": (None, _Pointer, _Pointer),
        "pango_layout_set_text": (None, _Pointer, _Bytes, _Int),
        "pango_layout_set_width": (None, _Pointer, _Int),
        "pango_layout_set_wrap": (None, _Pointer, _Int),
        "pango_layout_set_ellipsize": (None, _Pointer, _Int),
        "pango_layout_set_height": (None, _Pointer, _Int),
        "pango_layout_get_lines_readonly": (_Pointer, _Pointer),
        "pango_layout_get_unknown_glyphs_count": (_Int, _Pointer),
        "pango_layout_line_get_start_index": (_Int, _Pointer),
        "pango_layout_line_get_length": (_Int, _Pointer),
        "pango_layout_line_get_resolved_direction": (_Int, _Pointer),
        "pango_layout_line_get_pixel_extents": (None, _Pointer, _Pointer, _Pointer),
    },
}


class _Bitmap(ctypes.Structure):
    """FT_Bitmap."""

    _fields_ = (
        ("rows", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("pitch", ctypes.c_int),
        ("buffer", _Pointer),
        ("greys", ctypes.c_ushort),
        ("mode", ctypes.c_ubyte),
        ("palette_mode", ctypes.c_ubyte),
        ("palette", _Pointer),
    )


class _Rectangle(ctypes.Structure):
    """PangoRectangle."""

    _fields_ = (("x", _Int), ("y", _Int), ("width", _Int), ("height", _Int))


class _List(ctypes.Structure):
    """GSList."""

    _fields_ = (("data", _Pointer), ("next", _Pointer))


# Pango's objects are not for two threads at once, and each layout shares fonts with all others.
LOCK = threading.RLock()


@functools.cache
def _library() -> Any:
    """Return an object with all our functions of all libraries.

    Raises:
        TextError: a library is not installed.
    """
    functions = {}
    for (name, version), wanted in _FUNCTIONS.items():
        library = _open(_LIBRARY.format(name, version))
        for function, (returns, *takes) in wanted.items():
            functions[function] = getattr(library, function)
            functions[function].restype = returns
            functions[function].argtypes = takes
    return type("Library", (), {name: staticmethod(it) for name, it in functions.items()})


def _open(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise TextError(
            f"text needs Pango 1.50 or newer: {error};"
            " apt-get install libpangoft2-1.0-0, or on a Mac: brew install pango"
        ) from error


@dataclass(frozen=True)
class Font:
    """Families in order of preference, joined by commas, with an em of `size` pixels.

    `language` is that of letters which look otherwise in another. `rtl` is the direction of all
    paragraphs; with None it is that of the first letter of each. With `monospace` a line may end
    after any letter, not only between words.
    """

    families: str
    size: int
    bold: bool = False
    language: str = "en"
    rtl: bool | None = None
    monospace: bool = False


@dataclass(frozen=True, eq=False)
class Line:
    """One line; lengths are pixels.

    `text` is in the order it is read, and has an ellipsis in place of what did not fit. A line is
    as high as one in the first of the fonts, or as its ink needs. `ascent` is from the top of the
    line to its baseline, `ink_ascent` from its highest ink. `lacks_letters` says that something in
    the text that was laid out with it can be drawn by no font.
    """

    text: str
    rtl: bool
    width: int
    height: int
    ascent: int
    ink_ascent: int
    lacks_letters: bool
    pointer: int = field(repr=False)
    # The line lives as long as its layout does, and until that is asked for something when other
    # fonts were given back in the meantime: Pango makes other lines then, and frees this one.
    owner: _Layout = field(repr=False)


class FontMap:
    """Fonts as a fontconfig configuration, its XML, lists them; None is that of the machine.

    Raises:
        TextError: Pango is not installed.
    """

    def __init__(self, configuration: str | None) -> None:
        self._call = _library()
        self._contexts: dict[tuple[str, bool | None], int] = {}
        self._struts: dict[Font, tuple[int, int]] = {}
        # Where an address or a token is broken must be no hyphen that somebody would copy.
        self._attributes = self._call.pango_attr_list_new()
        no_hyphens = self._call.pango_attr_insert_hyphens_new(False)
        self._call.pango_attr_list_insert(self._attributes, no_hyphens)
        with LOCK:
            # First of all: Pango loads the configuration of the machine when it finds none.
            config = self._read(configuration)
            self._call.FcConfigSetCurrent(config)
            self._map = self._call.pango_ft2_font_map_new()
            self._call.pango_fc_font_map_set_config(self._map, config)
            self._call.pango_ft2_font_map_set_resolution(self._map, _DOTS_PER_INCH, _DOTS_PER_INCH)

    def lay_out(self, text: str, font: Font, width: int | None, *, break_words: bool) -> list[Line]:
        """Return `text` in lines of at most `width` pixels, or one line a paragraph without it.

        A word that is wider than that makes a wider line, unless words may be broken.
        """
        with LOCK:
            layout = self._layout(text, font)
            if width is not None:
                self._call.pango_layout_set_width(layout.pointer, max(0, width) * _UNITS)
            words = _WRAP_WORD_CHAR if break_words else _WRAP_WORD
            wrap = _WRAP_CHAR if font.monospace else words
            self._call.pango_layout_set_wrap(layout.pointer, wrap)
            return list(self._lines(layout, font))

    def shorten(self, text: str, font: Font, width: int) -> Line:
        """Return the beginning of one paragraph as a line of at most `width` pixels."""
        with LOCK:
            layout = self._layout(text, font)
            self._call.pango_layout_set_width(layout.pointer, max(0, width) * _UNITS)
            self._call.pango_layout_set_height(layout.pointer, _ONE_LINE_A_PARAGRAPH)
            self._call.pango_layout_set_ellipsize(layout.pointer, _ELLIPSIZE_END)
            return next(self._lines(layout, font))

    def clear(self) -> None:
        """Give back the memory of all fonts; lines that are laid out keep theirs."""
        with LOCK:
            self._call.pango_fc_font_map_cache_clear(self._map)
            self._struts.clear()

    def _read(self, configuration: str | None) -> int:
        if configuration is None:
            return int(self._call.FcInitLoadConfigAndFonts())
        config = int(self._call.FcConfigCreate())
        if not (
            self._call.FcConfigParseAndLoadFromMemory(config, configuration.encode(), True)
            and self._call.FcConfigBuildFonts(config)
        ):
            raise TextError("fontconfig does not take our list of fonts")
        return config

    def _context(self, font: Font) -> int:
        key = font.language, font.rtl
        if key not in self._contexts:
            context = self._call.pango_font_map_create_context(self._map)
            tag = self._call.pango_language_from_string(font.language.encode())
            self._call.pango_context_set_language(context, tag)
            self._call.pango_context_set_base_dir(context, int(font.rtl or False))
            self._contexts[key] = context
        return self._contexts[key]

    def _layout(self, text: str, font: Font) -> _Layout:
        if font.size <= _LARGEST_CROWDED:
            text = text.replace(_SPACE, _WIDE_SPACE)
        layout = _Layout(self._call.pango_layout_new(self._context(font)), text.encode())
        weakref.finalize(layout, _release, layout.pointer).atexit = False
        description = self._call.pango_font_description_new()
        self._call.pango_font_description_set_family(description, font.families.encode())
        self._call.pango_font_description_set_absolute_size(description, font.size * _UNITS)
        if font.bold:
            self._call.pango_font_description_set_weight(description, _WEIGHT_BOLD)
        self._call.pango_layout_set_font_description(layout.pointer, description)
        self._call.pango_font_description_free(description)
        self._call.pango_layout_set_auto_dir(layout.pointer, font.rtl is None)
        self._call.pango_layout_set_attributes(layout.pointer, self._attributes)
        self._call.pango_layout_set_text(layout.pointer, layout.text, len(layout.text))
        return layout

    def _strut(self, font: Font) -> tuple[int, int]:
        """Return what a line takes above and below its baseline, whatever is on it."""
        if font not in self._struts:
            if len(self._struts) >= _MAX_FONTS:
                self.clear()
            layout = self._layout("", font)
            (pointer,) = self._pointers(layout)
            _, logical = self._extents(pointer)
            self._struts[font] = -logical.y, logical.y + logical.height
        return self._struts[font]

    def _lines(self, layout: _Layout, font: Font) -> Iterator[Line]:
        strut = self._strut(font)
        unknown = bool(self._call.pango_layout_get_unknown_glyphs_count(layout.pointer))
        for pointer in self._pointers(layout):
            yield self._line(pointer, layout, strut, unknown)

    def _pointers(self, layout: _Layout) -> Iterator[int]:
        following = self._call.pango_layout_get_lines_readonly(layout.pointer)
        while following:
            item = _List.from_address(following)
            yield item.data
            following = item.next

    def _line(self, pointer: int, layout: _Layout, strut: tuple[int, int], unknown: bool) -> Line:
        start = self._call.pango_layout_line_get_start_index(pointer)
        length = self._call.pango_layout_line_get_length(pointer)
        direction = self._call.pango_layout_line_get_resolved_direction(pointer)
        ink, logical = self._extents(pointer)
        # Not what its fonts ask for: some take twice the room that their letters do.
        ascent = max(strut[0], -ink.y + _GAP)
        descent = max(strut[1], ink.y + ink.height + _GAP)
        return Line(
            text=layout.text[start : start + length].decode().replace(_WIDE_SPACE, _SPACE),
            rtl=direction == _DIRECTION_RTL,
            width=logical.width,
            height=ascent + descent,
            ascent=ascent,
            ink_ascent=-ink.y,
            lacks_letters=unknown,
            pointer=pointer,
            owner=layout,
        )

    def _extents(self, line: int) -> tuple[_Rectangle, _Rectangle]:
        ink, logical = _Rectangle(), _Rectangle()
        self._call.pango_layout_line_get_pixel_extents(
            line, ctypes.byref(ink), ctypes.byref(logical)
        )
        return ink, logical


@dataclass(eq=False)
class _Layout:
    """A PangoLayout, and its text in UTF-8, into which its lines point."""

    pointer: int
    text: bytes


def _release(pointer: int) -> None:
    with LOCK:
        _library().g_object_unref(pointer)


def draw(lines: Iterable[tuple[Line, int, int]], size: tuple[int, int]) -> bytes:
    """Return a picture of one byte a pixel, rows from the top, more than 127 where ink is.

    `lines` come with where their left ends on the baseline are; what is outside is cut off.
    """
    width, height = size
    pixels = bytearray(width * height)
    with LOCK:
        bitmap = _Bitmap(height, width, width, 0, _GREYS, _GREY_MODE)
        buffer = (ctypes.c_char * len(pixels)).from_buffer(pixels)
        bitmap.buffer = ctypes.addressof(buffer)
        for line, x, y in lines:
            _library().pango_ft2_render_layout_line(
                ctypes.byref(bitmap),
                line.pointer,
                x,
                y,
            )
    return bytes(pixels)
