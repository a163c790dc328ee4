"""A layout that is filled in: plain texts and numbers, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import Align, Framing, Tone

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Text:
    """A text as large as fits, no larger than `largest` pixels."""

    text: str
    align: Align | None = None
    bold: bool = False
    largest: int = 96


@dataclass(frozen=True, slots=True)
class Number:
    """A few characters that are read from afar, with what they are, a change and past values."""

    text: str
    label: str = ""
    trend: str = ""
    bars: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Pairs of a title, on at most `lines` lines, and a detail, below each other."""

    rows: tuple[tuple[str, str], ...]
    empty: str = ""
    lines: int = 2


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells; `heads` is empty where no column has one, `aligns` has one for each column."""

    rows: tuple[tuple[str, ...], ...]
    aligns: tuple[Align | None, ...]
    heads: tuple[str, ...] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each value; None is a gap."""

    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Code:
    """A text as a QR code."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture file."""

    data: bytes
    framing: Framing = Framing.FIT
    tone: Tone = Tone.DITHER


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin line from left to right."""


@dataclass(frozen=True, slots=True)
class Space:
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Boxes below each other, each with its share of the height."""

    parts: tuple[tuple[float, Box], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Boxes beside each other, or below each other where there is more height than width."""

    parts: tuple[tuple[float, Box], ...]


Box = Text | Number | Rows | Grid | Bars | Code | Picture | Rule | Space | Stack | Row
