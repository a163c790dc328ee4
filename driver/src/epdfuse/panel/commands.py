"""Commands to the panel: what each one does to the glass, and how it can fail."""

import logging
import time
from dataclasses import dataclass
from enum import Enum

from epdfuse.panel.glass import Glass, GlassStore
from epdfuse.panel.spec import PanelDriver, PanelError, PanelSpec

log = logging.getLogger(__name__)


class Command(Enum):
    """The first byte of what is written to `command`."""

    CLEAR = b"C"
    UPDATE = b"U"
    PARTIAL = b"P"
    PARTIAL_TIMED = b"F"

    @classmethod
    def parse(cls, written: bytes) -> "Command | None":
        """The command, or None for bytes that are none (they are ignored)."""
        return next((command for command in cls if written[:1] == command.value), None)

    @property
    def partial(self) -> bool:
        """Whether only the pixels that differ are to be driven."""
        return self in {Command.PARTIAL, Command.PARTIAL_TIMED}


@dataclass(frozen=True, slots=True)
class Order:
    """A command with all it needs, copied when it was given; later writes do not touch it."""

    command: Command
    frame: bytes
    """What to show; white for `C`."""
    celsius: int
    stage_time_ms: int | None
    """Time of one stage; None: it follows the temperature."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand after the last command."""

    glass: Glass
    error_text: str


class Operator:
    """Gives commands to the panel, one at a time, and keeps account of the glass.

    `run` blocks for seconds and belongs in a worker thread; `standing` may be read from any
    other thread meanwhile and is replaced as a whole.
    """

    def __init__(self, driver: PanelDriver, store: GlassStore) -> None:
        self._driver = driver
        self._store = store
        remembered = store.load() or Glass(driver.spec.white, certain=False, drawn_ns=0)
        self.standing = Standing(remembered, "Undefined")

    @property
    def spec(self) -> PanelSpec:
        """What panel this is."""
        return self._driver.spec

    def run(self, order: Order) -> None:
        """Do what is ordered.

        Raises:
            PanelError: the glass shows what it showed before, or nobody knows; `standing`
                has the text for `error`.
        """
        self._store.begin()
        try:
            self._drive(order)
        except PanelError as error:
            self._failed(order, error)
            raise
        self._finish(Glass(order.frame, certain=True, drawn_ns=time.time_ns()), "OK")

    def rest(self) -> None:
        """Take the power that a partial update left on the controller."""
        try:
            self._driver.power_off()
        except PanelError as error:
            log.warning("the panel did not power off: %s", error)

    def leaves_power(self, order: Order) -> bool:
        """Whether the controller stays powered after this order."""
        return self.spec.film.stays_powered and order.command.partial

    def drives_all(self, order: Order) -> bool:
        """Whether this order would drive every pixel: `C`, `U`, and `P` where it becomes `U`."""
        partial = order.command.partial and self.spec.film.partial
        return not (partial and self.standing.glass.certain)

    def _drive(self, order: Order) -> None:
        glass = self.standing.glass
        old = glass.frame if glass.certain else None
        self._driver.set_temperature(order.celsius)
        if order.command is Command.CLEAR:
            self._driver.clear(old)
        elif old is None or self.drives_all(order):
            self._driver.update(old, order.frame)
        else:
            self._driver.partial(old, order.frame, order.stage_time_ms)

    def _failed(self, order: Order, error: PanelError) -> None:
        log.error("command %s failed: %s", order.command.value.decode(), error)
        glass = self.standing.glass
        disturbed = error.glass_disturbed
        self._finish(glass.doubtful() if disturbed else glass, error.error_text)

    def _finish(self, glass: Glass, error_text: str) -> None:
        if glass.certain:
            self._store.settle(glass)
        self.standing = Standing(glass, error_text)
