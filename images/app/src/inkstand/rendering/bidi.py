"""The order in which mixed left-to-right and right-to-left text is seen.

The Unicode Bidirectional Algorithm (UAX #9) without explicit embeddings and bracket pairs: rules
P2-P3, W1-W7, N1-N2, I1-I2, L1-L2. It is here, and not left to libraqm, because one line may need
several fonts and libraqm orders only what is drawn with one.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

# Hebrew and Arabic with all they hold, and the right-to-left mark: the test for "nothing to do".
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_STRONG = frozenset(("L", "R", "AL"))
_NUMBERS = frozenset(("EN", "AN"))
_DIRECTIONAL = _STRONG | _NUMBERS
_SPACES = frozenset(("WS", "B", "S", "BN"))


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbours that are read in one direction; `text` is in the order it is read."""

    text: str
    rtl: bool


def is_rtl(paragraph: str) -> bool:
    """Return whether the first character with a direction goes from right to left (P2, P3)."""
    if not _RIGHT_TO_LEFT.search(paragraph):
        return False
    kinds = map(unicodedata.bidirectional, paragraph)
    return next((kind for kind in kinds if kind in _STRONG), "L") != "L"


def visual_runs(line: str, *, rtl: bool) -> list[Run]:
    """Return the runs of one line, leftmost first; `rtl` is the direction of its paragraph."""
    if not rtl and not _RIGHT_TO_LEFT.search(line):
        return [Run(line, rtl=False)] if line else []
    levels = embedding_levels(line, rtl=rtl)
    return [
        Run("".join(line[index] for index in indices), rtl=bool(level % 2))
        for level, indices in _reordered(_level_runs(levels))
    ]


def embedding_levels(line: str, *, rtl: bool) -> list[int]:
    """Return the level of each character: even is left to right, odd is right to left."""
    kinds = [unicodedata.bidirectional(character) or "L" for character in line]
    base = "R" if rtl else "L"
    spaces = [kind in _SPACES for kind in kinds]
    for rule in (_marks, _numbers, _separators, _terminators, _latin_numbers, _neutrals):
        rule(kinds, base)
    levels = [_level(kind, int(rtl)) for kind in kinds]
    _reset_trailing_spaces(levels, spaces, int(rtl))
    return levels


def _marks(kinds: list[str], base: str) -> None:
    """W1: a mark is what it stands on."""
    before = base
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[index] = before
        before = kinds[index]


def _numbers(kinds: list[str], base: str) -> None:
    """W2, W3: digits after an Arabic letter are Arabic; the letter is right to left."""
    strong = base
    for index, kind in enumerate(kinds):
        strong = kind if kind in _STRONG else strong
        if kind == "EN" and strong == "AL":
            kinds[index] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]


def _separators(kinds: list[str], _base: str) -> None:
    """W4: one separator between two numbers of a kind is part of the number."""
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        joins = kind == "CS" or (kind == "ES" and before == "EN")
        if joins and before == after and before in _NUMBERS:
            kinds[index] = before


def _terminators(kinds: list[str], _base: str) -> None:
    """W5, W6: signs such as % beside a number belong to it; other separators are neutral."""
    start = 0
    for kind, group in itertools.groupby(list(kinds)):
        end = start + len(list(group))
        if kind == "ET" and "EN" in (*kinds[max(0, start - 1) : start], *kinds[end : end + 1]):
            kinds[start:end] = ["EN"] * (end - start)
        start = end
    kinds[:] = ["ON" if kind in {"ES", "ET", "CS"} else kind for kind in kinds]


def _latin_numbers(kinds: list[str], base: str) -> None:
    """W7: digits in left-to-right text are part of it."""
    strong = base
    for index, kind in enumerate(kinds):
        strong = kind if kind in _STRONG else strong
        if kind == "EN" and strong == "L":
            kinds[index] = "L"


def _neutrals(kinds: list[str], base: str) -> None:
    """N1, N2: what has no direction takes that of both its neighbours, or else the base."""
    start, before = 0, base
    for directional, group in itertools.groupby(list(kinds), _DIRECTIONAL.__contains__):
        members = list(group)
        end = start + len(members)
        if directional:
            before = _side(members[-1])
        else:
            after = _side(kinds[end]) if end < len(kinds) else base
            kinds[start:end] = [before if before == after else base] * len(members)
        start = end


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"


def _level(kind: str, base: int) -> int:
    """I1, I2: numbers are left to right wherever they stand."""
    if kind in _NUMBERS:
        return 2
    return base + (base % 2 != (kind == "R"))


def _reset_trailing_spaces(levels: list[int], spaces: list[bool], base: int) -> None:
    """L1: spaces at the end of the line do not turn."""
    for index in reversed(range(len(levels))):
        if not spaces[index]:
            return
        levels[index] = base


def _level_runs(levels: list[int]) -> list[tuple[int, list[int]]]:
    numbered = itertools.groupby(range(len(levels)), levels.__getitem__)
    return [(level, list(indices)) for level, indices in numbered]


def _reordered(runs: list[tuple[int, list[int]]]) -> list[tuple[int, list[int]]]:
    """L2: from the highest level down to 1, turn each stretch of that level or above around."""
    for lowest in range(max((level for level, _ in runs), default=0), 0, -1):
        stretches = itertools.groupby(runs, lambda run: run[0] >= lowest)  # noqa: B023 used at once
        runs = [
            run
            for turn, stretch in stretches
            for run in (reversed(list(stretch)) if turn else stretch)
        ]
    return runs
