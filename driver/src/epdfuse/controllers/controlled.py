"""A panel driver made of a controller on a bus: what the file system gives its commands to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from epdfuse.controllers import create_controller
from epdfuse.hardware.bus import Bus
from epdfuse.panel.spec import BusError, PanelError, PanelSpec

DEFAULT_BUSY_TIMEOUT = 3.0


class ControlledPanel:
    """A `PanelDriver`: turns commands into power up, drawing and power down.

    Args:
        spec: what panel is connected.
        bus: where.
        busy_timeout: seconds the panel may be busy after its reset.
    """

    def __init__(
        self, spec: PanelSpec, bus: Bus, busy_timeout: float = DEFAULT_BUSY_TIMEOUT
    ) -> None:
        self._spec = spec
        self._bus = bus
        self._controller = create_controller(spec, bus)
        self._controller.busy_timeout = busy_timeout

    @property
    def spec(self) -> PanelSpec:
        """What panel this is."""
        return self._spec

    @property
    def powered(self) -> bool:
        """Whether the charge pumps run, as they do after a partial update of film 231."""
        return self._controller.powered

    def probe(self) -> None:
        """Cut the power a crash may have left on, then see that the chip answers.

        Film 110 has no identity to read: there only BUSY is seen.
        """
        with _reported(disturbed=False):
            self._controller.cut_power()
            self._controller.probe()

    def clear(self, old: bytes | None) -> None:  # noqa: ARG002 - clearing drives every pixel
        """Make the glass white."""
        self._draw(self._controller.clear)

    def update(self, old: bytes | None, new: bytes) -> None:
        """Full update; an unknown old picture counts as white.

        That drives every pixel black and white before the new picture comes, so whatever was
        on the glass is gone.
        """
        known = self._spec.white if old is None else old
        self._draw(lambda: self._controller.update(known, new))

    def partial(self, old: bytes, new: bytes, stage_time_ms: int | None) -> None:
        """Drive the pixels that differ; film 231 stays powered."""
        self._draw(
            lambda: self._controller.partial(old, new, stage_time_ms),
            stay_powered=self._spec.film.stays_powered,
        )

    def set_temperature(self, celsius: int) -> None:
        """Make stages last as long as they must at this temperature."""
        self._controller.celsius = celsius

    def power_off(self) -> None:
        """Stop the charge pumps, when they run."""
        with _reported(disturbed=False):
            if self._controller.powered:
                self._controller.end()

    def close(self) -> None:
        """Power off and let go of the bus."""
        try:
            self.power_off()
        finally:
            self._bus.close()

    def _draw(self, draw: Callable[[], None], *, stay_powered: bool = False) -> None:
        with _reported(disturbed=False):
            self._controller.begin()
        with _reported(disturbed=True):
            draw()
            if not stay_powered:
                self._controller.end()


@contextmanager
def _reported(*, disturbed: bool) -> Iterator[None]:
    """Make errors of the bus errors of the panel."""
    try:
        yield
    except PanelError:
        raise
    except OSError as error:
        sentence = f"SPI or GPIO failed: {error}"
        raise BusError(sentence, glass_disturbed=disturbed) from error
