"""What the chip accepts in its registers, and in which order. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from epdfuse.panel.spec import PanelSpec

LINE_DATA = 0x0A
OUTPUT_ENABLE = 0x02
PUMPS = 0x05
STATUS = 0x0F

FALLING = "-"
"""Marks a value on the way down: pumps that stop take other steps than pumps that start."""

_CHANNELS = {
    "1.44": "00000000000fff00",
    "1.9": "00000003fc0000ff",
    "2.0": "0000000001ffe000",
    "2.6": "00001fe0000000ff",
    "2.7": "0000007ffffe0000",
}


class RegisterError(ValueError):
    """A value the chip must not be given, or not now."""


@dataclass(frozen=True, slots=True)
class Rules:
    """For each register the steps from value to value, as `before>after` in hexadecimal.

    Nothing before `>` is the state after a reset. `driving` has what must hold while a line
    is put out: without it the glass gets no voltage.
    """

    steps: Mapping[int, frozenset[str]]
    driving: Mapping[int, str]
    resting: Mapping[int, str]
    """What must hold when the supply is cut, once the charge pumps have run."""
    output: str
    """Value of the output register that puts a line out."""
    identity: int | None
    """None: a chip without identity and status."""
    clocked: bool = False
    """The first charge pump needs the clock of the host."""


class Registers:
    """The registers of a chip from its reset on."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._values: dict[int, str] = {}

    def reset(self) -> None:
        """Forget everything."""
        self._values.clear()

    def write(self, index: int, data: bytes) -> bool:
        """Take a value; true when a line is put out by it.

        Raises:
            RegisterError: the chip must not be given this value, or not now.
        """
        before, after = self._values.get(index, ""), data.hex()
        allowed = self._rules.steps.get(index, ())
        steps = [name for name in (after, after + FALLING) if f"{before}>{name}" in allowed]
        if not steps:
            raise RegisterError(f"register {index:02x} from {before or 'reset'} to {after}")
        self._values[index] = steps[0]
        return index == OUTPUT_ENABLE and after == self._rules.output

    def check_driving(self) -> None:
        """See that lines can be put out.

        Raises:
            RegisterError: something is not configured.
        """
        for index, value in self._rules.driving.items():
            if self._values.get(index) not in value.split():
                raise RegisterError(f"register {index:02x} is not {value} while a line is put out")

    def check_resting(self) -> None:
        """See that the supply may be cut.

        Raises:
            RegisterError: the charge pumps run or were not discharged.
        """
        if PUMPS not in self._values:
            return
        for index, value in self._rules.resting.items():
            if self._values.get(index) != value:
                raise RegisterError(f"register {index:02x} is not {value} while power is cut")

    @property
    def pumping(self) -> bool:
        """Whether any charge pump runs."""
        return self._values.get(PUMPS, "00") != "00"

    @property
    def voltage_reached(self) -> bool:
        """Whether all charge pumps run."""
        return self._values.get(PUMPS) == "0f"


def rules(spec: PanelSpec) -> Rules:
    """Give the rules of the chip of a panel."""
    return {110: _film_110, 230: _film_230, 231: _film_231}[spec.film.number](spec)


def _film_231(spec: PanelSpec) -> Rules:
    steps = _second_generation(spec) | {
        0x02: _path("", "40", "04", "07", "07"),
        0x04: _path("", "03", "80"),
        0x0B: _path("", "02", "00"),
    }
    resting = {0x03: "01", 0x04: "80", 0x05: "00", 0x07: "01", 0x0B: "00"}
    return Rules(steps, _driving(spec, "03"), resting, "07", 0x02)


def _film_230(spec: PanelSpec) -> Rules:
    level = "00" if spec.size == "2.7" else "03"
    steps = _second_generation(spec) | {
        0x02: _path("", "40", "40", "07", "07", "05"),
        0x04: _path("", "03", level, level, "83"),
        0x0B: _path("", "02"),
    }
    resting = {0x02: "05", 0x03: "01", 0x04: "83", 0x05: "00", 0x07: "01"}
    return Rules(steps, _driving(spec, f"03 {level}"), resting, "07", 0x02)


def _second_generation(spec: PanelSpec) -> dict[int, frozenset[str]]:
    return {
        0x01: _path("", _CHANNELS[spec.size]),
        0x03: _path("", "01", "00", "01"),
        0x05: _path("", "01", "03", "0f", "03-", "01-", "00") | _path("0f", "01"),
        0x07: _path("", "d1", "01"),
        0x08: _path("", "02"),
        0x09: _path("", "c2"),
    }


def _driving(spec: PanelSpec, level: str) -> dict[int, str]:
    return {
        0x01: _CHANNELS[spec.size],
        0x03: "00",
        0x04: level,
        0x05: "0f",
        0x07: "d1",
        0x08: "02",
        0x09: "c2",
        0x0B: "02",
    }


def _film_110(spec: PanelSpec) -> Rules:
    level = "00" if spec.size == "2.7" else "03"
    steps = {
        0x01: _path("", _CHANNELS[spec.size]),
        0x02: _path("", "24", "2f", "2f", "05"),
        0x03: _path("", "01", "00", "01"),
        0x04: _path("", level, level, "0c", "50", "a0", "00"),
        0x05: _path("", "01", "03", "0f", "0e", "02", "00"),
        0x06: _path("", "ff"),
        0x07: _path("", "9d", "0d"),
        0x08: _path("", "00"),
        0x09: _path("", "d000"),
    }
    driving = {0x01: _CHANNELS[spec.size], 0x03: "00", 0x04: level, 0x05: "0f"}
    driving |= {0x06: "ff", 0x07: "9d", 0x08: "00", 0x09: "d000"}
    resting = {0x02: "05", 0x03: "01", 0x04: "00", 0x05: "00", 0x07: "0d"}
    return Rules(steps, driving, resting, "2f", None, clocked=True)


def _path(*values: str) -> frozenset[str]:
    """Give the steps along a way through values; a value named twice may be repeated."""
    return frozenset(f"{before}>{after}" for before, after in pairwise(values))
