"""A panel in memory, to test what stands above the wall: instant, and broken on request."""

from epdfuse.panel.bits import driven
from epdfuse.panel.spec import DEFAULT_TEMPERATURE, PanelError, PanelSpec


class MemoryPanel:
    """A `PanelDriver` whose glass is a variable.

    Set `failure` to the error that every later command raises; one that says that the glass
    was disturbed leaves half of the new frame on it.
    """

    def __init__(self, spec: PanelSpec) -> None:
        self._spec = spec
        self.glass = spec.white
        self.powered = False
        self.celsius = DEFAULT_TEMPERATURE
        self.failure: PanelError | None = None
        self.calls: list[str] = []

    @property
    def spec(self) -> PanelSpec:
        """What panel this is."""
        return self._spec

    def probe(self) -> None:
        """Fail, if told to."""
        self.powered = False
        self._draw("probe", self.glass)

    def clear(self, old: bytes | None) -> None:
        """White, at once."""
        self._draw(f"clear {_known(old)}", self._spec.white)
        self.powered = False

    def update(self, old: bytes | None, new: bytes) -> None:
        """The new frame, at once."""
        self._draw(f"update {_known(old)}", new)
        self.powered = False

    def partial(self, old: bytes, new: bytes, stage_time_ms: int | None) -> None:
        """The pixels that differ, at once."""
        self._draw(f"partial {stage_time_ms}", driven(self.glass, old, new))
        self.powered = self._spec.film.stays_powered

    def set_temperature(self, celsius: int) -> None:
        """Remember it."""
        self.celsius = celsius

    def power_off(self) -> None:
        """No power."""
        self.powered = False

    def close(self) -> None:
        """No power."""
        self.power_off()

    def _draw(self, call: str, frame: bytes) -> None:
        self.calls.append(call)
        if self.failure is None:
            self.glass = frame
            return
        self.powered = False
        if self.failure.glass_disturbed:
            half = len(frame) // 2
            self.glass = frame[:half] + self.glass[half:]
        raise self.failure


def _known(old: bytes | None) -> str:
    return "unknown" if old is None else "known"
