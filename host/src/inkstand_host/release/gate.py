"""The gate: a release passes when nothing was wrong with it for a while, within a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand_host.release import health
from inkstand_host.release.health import Demands, Observation, crash_looping, failures

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkstand_host.docker import Engine
    from inkstand_host.release.settings import Settings

    Judge = Callable[[Engine, Settings, Demands], "Verdict"]

_PAUSE = 0.5


@dataclass(frozen=True)
class Verdict:
    """`why` is empty for a release that is good; `seen` is what was seen last."""

    why: str
    seen: Observation
    seconds: float


@dataclass
class Patience:
    """When a row of observations is enough to say something; times are of a steady clock."""

    end: float
    steady: float
    since: float | None = None

    def judge(self, seen: Observation, demands: Demands, now: float) -> str | None:
        """Return why the release is bad, nothing when it is good, None when it is too early."""
        if dying := crash_looping(seen, demands):
            return dying
        if wrong := failures(seen, demands):
            self.since = None
            return "; ".join(wrong) if now >= self.end else None
        self.since = now if self.since is None else self.since
        return "" if now - self.since >= self.steady else None


def watch(
    look: Callable[[], Observation], demands: Demands, seconds: float, steady: float
) -> Verdict:
    """Look until there is a verdict, for a release that has `seconds` to become well."""
    begin = time.monotonic()
    patience = Patience(begin + seconds, steady)
    while True:
        seen = look()
        now = time.monotonic()
        why = patience.judge(seen, demands, now)
        if why is not None:
            return Verdict(why, seen, now - begin)
        time.sleep(_PAUSE)


def pass_through(engine: Engine, settings: Settings, demands: Demands) -> Verdict:
    """Judge what runs now."""
    return watch(
        lambda: health.observe(engine, settings),
        demands,
        settings.gate_seconds,
        settings.steady_seconds,
    )
