"""The wall between the file system and a panel: what panels exist and what one must do.

A frame is `width * height / 8` bytes: rows top to bottom, bytes left to right, the least
significant bit is the left pixel, 1 = black (docs/contracts.md, natural coding, BE).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

DEFAULT_TEMPERATURE = 25
"""Degrees Celsius a panel assumes until it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Film:
    """One generation of the display film, and the controller (COG) it is driven by."""

    number: int
    cog: int
    sizes: tuple[str, ...]
    partial: bool
    """`P` and `F` drive changed pixels only; without it they are full updates."""
    stays_powered: bool
    """The controller keeps its power after a partial update."""


DIMENSIONS: Mapping[str, tuple[int, int]] = {
    "1.44": (128, 96),
    "1.9": (144, 128),
    "2.0": (200, 96),
    "2.6": (232, 128),
    "2.7": (264, 176),
}
"""Diagonal in inches to width and height in pixels."""

FILMS: Mapping[int, Film] = {
    110: Film(110, 1, ("1.44", "2.0", "2.7"), partial=True, stays_powered=False),
    230: Film(230, 2, ("1.44", "2.0", "2.7"), partial=False, stays_powered=False),
    231: Film(231, 2, ("1.44", "1.9", "2.0", "2.6", "2.7"), partial=True, stays_powered=True),
}


class UnknownPanelError(ValueError):
    """No panel of that size exists with that film."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """What panel is connected."""

    size: str
    width: int
    height: int
    film: Film

    @property
    def frame_bytes(self) -> int:
        """Length of a frame in bytes."""
        return self.width * self.height // 8

    @property
    def row_bytes(self) -> int:
        """Length of one row of pixels in bytes."""
        return self.width // 8

    @property
    def white(self) -> bytes:
        """A frame without a black pixel."""
        return bytes(self.frame_bytes)

    @property
    def description(self) -> str:
        """The line gratis prints, e.g. `EPD 2.7 264x176 COG 2 FILM 231`."""
        return f"{self.short_description} FILM {self.film.number}"

    @property
    def short_description(self) -> str:
        """The line of early drivers, which did not name the film."""
        return f"EPD {self.size} {self.width}x{self.height} COG {self.film.cog}"


def panel_spec(size: str, film: int = 231) -> PanelSpec:
    """Look a panel up by its diagonal in inches (`"2.7"`) and film number.

    Raises:
        UnknownPanelError: no such panel; the sentence names those that exist.
    """
    if film not in FILMS:
        raise UnknownPanelError(f"film {film} is unknown; known are {_listed(FILMS)}")
    if size not in FILMS[film].sizes:
        sizes = _listed(FILMS[film].sizes)
        raise UnknownPanelError(f"film {film} has no {size} inch panel; it has {sizes}")
    width, height = DIMENSIONS[size]
    return PanelSpec(size, width, height, FILMS[film])


def _listed(items: Mapping[int, object] | tuple[str, ...]) -> str:
    return ", ".join(str(item) for item in items)


class PanelError(Exception):
    """A command failed. `error` in the mounted directory then reads `error_text`.

    Args:
        sentence: what happened, for the log.
        glass_disturbed: drawing had begun, so nobody knows what is on the glass now.
    """

    error_text: ClassVar[str] = "Undefined"

    def __init__(self, sentence: str, *, glass_disturbed: bool = False) -> None:
        super().__init__(sentence)
        self.glass_disturbed = glass_disturbed


class UnsupportedCogError(PanelError):
    """The controller has another identity than the film's, or nothing answers."""

    error_text = "Unsupported COG"


class PanelBrokenError(PanelError):
    """The controller's breakage detection says that the glass is broken."""

    error_text = "Panel broken"


class BusyTimeoutError(PanelBrokenError, TimeoutError):
    """The BUSY line stayed high for longer than any healthy panel keeps it so."""


class DcFailedError(PanelError):
    """The charge pumps did not reach their voltages."""

    error_text = "DC Failed"


class BusError(PanelError, OSError):
    """SPI or GPIO gave an error, so the panel was not reached."""


class PanelDriver(Protocol):
    """Drives one panel. Never called from two threads at once.

    Every method but `spec` blocks until the panel has finished and raises `PanelError`
    when it could not; an error before the first stage leaves the glass as it was
    (`glass_disturbed` false). After an error the controller is without power.
    """

    @property
    def spec(self) -> PanelSpec:
        """What panel this is."""

    def probe(self) -> None:
        """Take power from whatever a crash left on, then see that the panel answers.

        The glass keeps its picture.
        """

    def clear(self, old: bytes | None) -> None:
        """Make the glass white. `old` is the frame on it, None when that is not known."""

    def update(self, old: bytes | None, new: bytes) -> None:
        """Full update to `new`; powers the controller off at the end."""

    def partial(self, old: bytes, new: bytes, stage_time_ms: int | None) -> None:
        """Drive the pixels that differ; only called where the film can (`film.partial`).

        `stage_time_ms` None: the time follows the temperature; else a stage lasts exactly
        so long (50 to 2000 ms). The controller stays powered when `film.stays_powered`.
        """

    def set_temperature(self, celsius: int) -> None:
        """Temperature of the glass for the commands to come; touches no hardware."""

    def power_off(self) -> None:
        """End a powered state that a partial update left. Does nothing when there is none."""

    def close(self) -> None:
        """Power off and let go of the hardware; nothing may be called afterwards."""
