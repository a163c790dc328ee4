"""What a fault is, and within which time the appliance has to be back from it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.appliance import Appliance

Act = Callable[["Appliance"], object]
Scene = Callable[["Appliance"], AbstractContextManager[Any]]


class Kind(Enum):
    """What was hit; the value is its name and its budget in seconds.

    Of a load, which begins and ends with `inflict`, it is what 99 of 100 messages wait at most for
    their answer meanwhile.
    """

    PROCESS = ("process", 5.0)
    HUNG = ("hung process", 15.0)
    DAEMON = ("daemon", 20.0)
    OUTSIDE = ("condition", 15.0)
    RELEASE = ("bad release", 60.0)
    POWER = ("power", 60.0)
    LOAD = ("load", 1.0)

    @property
    def word(self) -> str:
        """What it is called in the table."""
        return self.value[0]

    @property
    def budget(self) -> float:
        """After how many seconds somebody has to be served again, or answered."""
        return self.value[1]


def as_it_is(_: Appliance) -> AbstractContextManager[None]:
    """Change nothing for a run."""
    return contextlib.nullcontext()


@dataclass(frozen=True)
class Fault:
    """A fault: `inflict` does it, and nobody touches anything afterwards.

    What does not end by itself lasts for `lasts` seconds: then `end` takes it away, and time counts
    from there. The appliance is watched for `watched` seconds at least, however soon somebody is
    served. `scene` is what surrounds a run. With `by_button` messages are read by the button,
    so that nobody is served who cannot press it.
    """

    name: str
    kind: Kind
    inflict: Act
    end: Act | None = None
    lasts: float = 3.0
    watched: float = 2.0
    scene: Scene = as_it_is
    by_button: bool = False


def shell(*lines: str) -> Act:
    """Return the act of running shell script on the Pi, which must succeed."""
    script = "\n".join(lines)
    return lambda appliance: appliance.shell(script)
