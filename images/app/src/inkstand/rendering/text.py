"""Text from anybody, made safe to lay out."""

from __future__ import annotations

import itertools
import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What programs send to a terminal, as a whole: control sequences and strings of ECMA-48 (5.4, 5.6)
# and escape sequences of ECMA-35 (13). A string that nobody ends is none; only its start goes.
_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|\x1b[\\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Characters that are never seen by themselves: soft hyphen, directional embeddings and isolates,
# byte order mark, variation selectors, skin tones, tags. Directional marks and joiners stay, since
# they change how their neighbours look, and so does the space without width: a line may end there.
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
# Letters without a shape: the blank Braille cell and the Hangul fillers.
_INVISIBLE = "\u2800\u3164\uffa0"
# Blanks that a line may end at, as so many plain ones.
_TAB, _IDEOGRAPHIC = "    ", "  "
_NO_WIDTH = "\u200b"
# No font of ours has a keycap as wide as its key: 1 in one becomes 1 in a circle, # becomes #.
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_BLANK_LINES = re.compile("\n{3,}")
# Hebrew with cantillation and Burmese have six.
_MARKS_ON_ONE = 8
_JOINERS = "\u200c\u200d"
_SPACES = " \n" + _NO_WIDTH
_REPLACEMENT = "\ufffd"


def without_sequences(text: str) -> str:
    """Return `text` without the sequences that colour it, or more, on a terminal."""
    return _SEQUENCES.sub("", text)


def is_blank(text: str) -> bool:
    """Return whether nothing of `text` can be seen."""
    return not clean(text).strip(_INVISIBLE + _SPACES)


def clean(text: str) -> str:
    """Return `text` in Unicode NFC with only what can be drawn, lines ended by a newline.

    Control sequences and characters, and characters that are never seen, go; lone surrogates
    become U+FFFD. At most one blank line stays between two lines, and at most eight marks and
    joiners on one letter.
    Takes time proportional to the length, for any text.
    """
    text = _LINE_ENDS.sub("\n", without_sequences(text))
    text = text.replace("\t", _TAB).replace("\u3000", _IDEOGRAPHIC)
    text = _SURROGATES.sub(_REPLACEMENT, _CONTROLS.sub("", text))
    text = text if text.isascii() else _compose(text)
    text = "\n".join(line.rstrip(" " + _NO_WIDTH) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _compose(text: str) -> str:
    # Marks are limited first: sorting them, which NFC does, takes quadratic time.
    text = _KEYCAP.sub(lambda match: match[1].translate(_CIRCLED), text)
    return unicodedata.normalize("NFC", _limit_marks(_UNSEEN.sub("", text)))


def _limit_marks(text: str) -> str:
    kept: list[str] = []
    for clinging, run in itertools.groupby(text, clings):
        letters = "".join(run)
        kept.append(letters[: _room_for_marks(kept)] if clinging else letters)
    return "".join(kept)


def _room_for_marks(before: list[str]) -> int:
    return _MARKS_ON_ONE if before and before[-1][-1] not in _SPACES else 0


def is_mark(character: str) -> bool:
    """Return whether `character` is drawn onto the one before it."""
    return character > "\u02ff" and unicodedata.category(character)[0] == "M"


def clings(character: str) -> bool:
    """Return whether `character` is nothing by itself: a mark or a joiner."""
    return character in _JOINERS or is_mark(character)
