"""What decides which edges of one GPIO are reported. Pure: edges and times in, edges out.

Times are µs. The behaviour is what the original documents for ``gpioGlitchFilter`` and
``gpioNoiseFilter``; where its noise filter reports an edge that never was (it falls back to the
level before the burst when the active time ends), this one keeps the last reported level.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class GlitchFilter:
    """Lets a level through once it was stable for ``steady`` µs; 0 lets everything through."""

    level: int
    """The level let through last."""

    steady: int = 0
    _raw: int = 0
    _changed_at: int = 0

    def __post_init__(self) -> None:
        self._raw = self.level

    def edge(self, level: int, at: int) -> None:
        """Takes note of a raw change."""
        if level != self._raw:
            self._raw, self._changed_at = level, at

    def due(self) -> int | None:
        """Returns when the present level will have been stable long enough, None if let through."""
        return None if self._raw == self.level else self._changed_at + self.steady

    def settle(self) -> int:
        """Lets the present level through and returns it; to be called when it is due."""
        self.level = self._raw
        return self.level

    def restart(self, steady: int, now: int) -> None:
        """Changes the time; the present raw level counts as stable, as in the original."""
        self.steady, self._changed_at = steady, now - steady


@dataclass(slots=True)
class NoiseFilter:
    """Lets changes through for ``active`` µs after one that ended ``steady`` µs of quiet.

    ``steady`` 0 lets everything through.
    """

    steady: int = 0
    active: int = 0
    quiet_since: int = 0
    _active_until: int = 0

    def passes(self, at: int) -> bool:
        """Says whether a change at ``at`` is let through; to be asked once for each change."""
        return not self.steady or at < self._active_until or self._opens(at)

    def _opens(self, at: int) -> bool:
        quiet_since = max(self.quiet_since, self._active_until)
        self.quiet_since = at
        if at - quiet_since < self.steady:
            return False
        self._active_until = at + self.active
        return True
