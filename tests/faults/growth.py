"""Whether something grows, out of samples that jump up and down. Pure.

Sen's slope with the confidence interval of Kendall's S, over several lives of a process: Hirsch,
Slack and Smith, "Techniques of trend analysis for monthly water quality data", 1982.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAY = 86400.0
LONG = 1500.0
"""Seconds that were judged of one life, without which it is too early to call anything growth."""
# Of 200 that do not grow, one is taken for one that does.
_SURE = 2.58


@dataclass(frozen=True)
class Sample:
    """What was found in a life of a process, at a time in seconds."""

    life: str
    at: float
    value: float


@dataclass(frozen=True)
class Trend:
    """Growth a day, at least and at most; `seconds` is what was judged of the longest life."""

    a_day: float
    least: float
    most: float
    seconds: float

    def exceeds(self, allowed: float) -> bool:
        """Tell whether it surely grows by more than that a day."""
        return self.seconds >= LONG and self.least > allowed


def trend(samples: Iterable[Sample]) -> Trend | None:
    """Return by how much it grows, None when no life of it has two samples.

    Lives are not compared with each other. The first half of each is left out, in which it fills
    what has an end: the app keeps 256 events for viewers, and what it read of its databases.
    """
    lives = [life for life in _warm(samples) if len(life) > 1]
    slopes = sorted(slope for life in lives for slope in _slopes(life))
    if not slopes:
        return None
    variance = sum(_variance(len(life)) for life in lives)
    # So many slopes lie on each side of the interval.
    aside = max(0, math.floor((len(slopes) - _SURE * math.sqrt(variance)) / 2))
    return Trend(
        median(slopes) * DAY,
        slopes[aside] * DAY,
        slopes[-1 - aside] * DAY,
        max(life[-1].at - life[0].at for life in lives),
    )


def _warm(samples: Iterable[Sample]) -> list[list[Sample]]:
    lives: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda it: it.at):
        lives.setdefault(sample.life, []).append(sample)
    return [
        [it for it in life if it.at >= (life[0].at + life[-1].at) / 2] for life in lives.values()
    ]


def _slopes(life: Sequence[Sample]) -> Iterable[float]:
    return (
        (later.value - earlier.value) / (later.at - earlier.at)
        for earlier, later in combinations(life, 2)
    )


def _variance(count: int) -> float:
    """Return the variance of Kendall's S of so many samples without a trend."""
    return count * (count - 1) * (2 * count + 5) / 18
