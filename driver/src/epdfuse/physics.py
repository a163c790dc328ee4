"""How long a panel takes, from the facts of CONTRACTS §1 and the reference's delays.

Film 231 is exact. The simulated films 230 and 110 are near: film 230 counts frames where
the others watch the clock.
"""

from bisect import bisect_left
from dataclasses import dataclass

from epdfuse.panel import PanelSpec

_WARMEST_OF_BAND = (-10, -5, 5, 10, 15, 20, 40)
_FACTOR_10X_OF_BAND = (170, 120, 80, 40, 30, 20, 10, 7)

_LARGE = ("2.6", "2.7")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of each step of a command; a stage is given for 25 °C."""

    begin: int
    stage: int
    end: int
    full_stages: int
    partial_stages: int
    compensated: bool
    """Stages become longer in the cold and shorter in the heat."""

    def stage_at(self, celsius: int) -> int:
        """Milliseconds of one stage at a temperature."""
        return self.stage * factor_10x(celsius) // 10 if self.compensated else self.stage


def factor_10x(celsius: int) -> int:
    """Ten times the factor by which a temperature makes a stage longer."""
    return _FACTOR_10X_OF_BAND[bisect_left(_WARMEST_OF_BAND, celsius)]


def timing(spec: PanelSpec) -> Timing:
    """The steps of this panel."""
    stage = 630 if spec.size in _LARGE else 480
    match spec.film.number:
        case 231:
            return Timing(355, stage, 545 if spec.size == "2.7" else 520, 4, 1, compensated=True)
        case 230:
            return Timing(355, 196, 620, 8, 8, compensated=False)
        case _:
            return Timing(150, stage, 625, 4, 4, compensated=True)
