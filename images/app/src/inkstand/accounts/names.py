"""What people are called: names that no two of them can be taken for each other by. Pure."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40  # characters
_OURS = ("inkstand", "owner")
# Shorter ones are in too many words.
_WORD = re.compile(r"\w{3,}")
# What has to be left of a password without names: the shortest that OWASP ASVS 5.0.0 takes.
_LEFT = 8
_SIGNS = " .,@+'\N{RIGHT SINGLE QUOTATION MARK}-_"
# Letters and marks that nobody sees.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean(name: str) -> str:
    """Return `name` as it is kept: in Unicode NFKC, with single spaces inside.

    Raises:
        ValueError: it is no name: too long, without a letter or digit at its beginning, or with
            signs that names do not have, such as slashes and what cannot be seen.
    """
    # Nothing becomes shorter than an eighteenth by NFKC; what is longer need not be looked at.
    text = " ".join(unicodedata.normalize("NFKC", name[: 20 * LONGEST]).split())
    if not 1 <= len(text) <= LONGEST or not text[0].isalnum() or not all(map(_is_fine, text)):
        raise ValueError(
            f"has to have 1 to {LONGEST} letters, digits, spaces or signs of {_SIGNS.strip()}, "
            "and begin with a letter or digit"
        )
    return text


def folded(name: str) -> str:
    """Return what is the same for names that differ in case or in how they are encoded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def is_obvious(password: str, *names: str) -> bool:
    """Tell whether `password` is little more than words of `names`, or of ours: tried first."""
    words = _WORD.findall(folded(" ".join((*names, *_OURS))))
    left = folded(password)
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    return len(left.strip()) < _LEFT


def _is_fine(sign: str) -> bool:
    seen = unicodedata.category(sign)[0] in "LMN" and not _UNSEEN.match(sign)
    return seen or sign in _SIGNS
