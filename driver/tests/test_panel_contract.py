"""What every panel driver must do; one suite over all of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import pytest

from epdfuse.panel.bits import View
from epdfuse.panel.spec import (
    BusyTimeoutError,
    DcFailedError,
    PanelBrokenError,
    PanelDriver,
    PanelError,
    PanelSpec,
    UnsupportedCogError,
    panel_spec,
)
from epdfuse.simulator import picture
from epdfuse.simulator.memory import MemoryPanel
from epdfuse.simulator.panel import Bench, Fault, Pace, SimulatedPanel

pytestmark = pytest.mark.contract

FAULTS: dict[type[PanelError], Fault] = {
    UnsupportedCogError: Fault.UNSUPPORTED_COG,
    PanelBrokenError: Fault.BROKEN,
    DcFailedError: Fault.DC_FAILED,
    BusyTimeoutError: Fault.BUSY_STUCK,
}


class Rig(ABC):
    """A panel driver, and a way to see and break what it drives."""

    panel: PanelDriver

    @abstractmethod
    def glass(self) -> bytes:
        """What is on the glass, in natural coding."""

    @abstractmethod
    def powered(self) -> bool:
        """Whether the controller has power."""

    @abstractmethod
    def fail(self, error: type[PanelError] | None) -> None:
        """Make later commands fail so, before they draw; None heals."""


class MemoryRig(Rig):
    def __init__(self, spec: PanelSpec, directory: Path) -> None:
        self.panel = self._memory = MemoryPanel(spec)

    def glass(self) -> bytes:
        return self._memory.glass

    def powered(self) -> bool:
        return self._memory.powered

    def fail(self, error: type[PanelError] | None) -> None:
        self._memory.failure = error("told so") if error else None


class SimulatedRig(Rig):
    def __init__(self, spec: PanelSpec, directory: Path) -> None:
        self._bench = Bench(directory)
        self.panel = SimulatedPanel(spec, self._bench, Pace(lambda seconds: None), 5)

    def glass(self) -> bytes:
        shades = picture.load(self._bench.glass_picture, self.panel.spec)
        return self.panel.spec.white if shades is None else picture.frame_of(shades)

    def powered(self) -> bool:
        return self._bench.powered

    def fail(self, error: type[PanelError] | None) -> None:
        self._bench.fault = FAULTS[error] if error else Fault.OK


RIGS: list[Callable[[PanelSpec, Path], Rig]] = [MemoryRig, SimulatedRig]


@pytest.fixture(params=["1.44 231", "2.7 231", "2.0 230", "2.7 110"])
def spec(request: pytest.FixtureRequest) -> PanelSpec:
    size, film = request.param.split()
    return panel_spec(size, int(film))


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, spec: PanelSpec, tmp_path: Path) -> Rig:
    made: Rig = request.param(spec, tmp_path)
    return made


@pytest.fixture
def partial(spec: PanelSpec) -> None:
    if not spec.film.partial:
        pytest.skip(f"film {spec.film.number} has no partial update")


def test_it_says_what_panel_it_is(rig: Rig, spec: PanelSpec) -> None:
    assert rig.panel.spec == spec


def test_an_update_puts_the_new_frame_on_the_glass(rig: Rig, old: bytes, new: bytes) -> None:
    rig.panel.update(None, old)
    assert rig.glass() == old
    rig.panel.update(old, new)
    assert rig.glass() == new
    assert not rig.powered()


@pytest.mark.parametrize("known", [True, False])
def test_clear_makes_the_glass_white(rig: Rig, old: bytes, known: bool) -> None:
    rig.panel.update(None, old)
    rig.panel.clear(old if known else None)
    assert rig.glass() == rig.panel.spec.white
    assert not rig.powered()


@pytest.mark.parametrize("stage_time_ms", [None, 50, 2000])
@pytest.mark.usefixtures("partial")
def test_a_partial_update_puts_the_new_frame_on_the_glass(
    rig: Rig, old: bytes, new: bytes, stage_time_ms: int | None
) -> None:
    rig.panel.update(None, old)
    rig.panel.partial(old, new, stage_time_ms)
    assert rig.glass() == new
    assert rig.powered() is rig.panel.spec.film.stays_powered


@pytest.mark.usefixtures("partial")
def test_a_partial_update_leaves_pixels_that_it_is_told_do_not_differ(
    rig: Rig, old: bytes, new: bytes
) -> None:
    rig.panel.update(None, old)
    rig.panel.partial(new, new, None)
    assert rig.glass() == old


@pytest.mark.usefixtures("partial")
def test_a_full_update_heals_what_a_partial_left(rig: Rig, old: bytes, new: bytes) -> None:
    inverse = View.BE_INVERSE.translate(new)
    rig.panel.update(None, old)
    rig.panel.partial(inverse, inverse, None)
    rig.panel.update(None, new)
    assert rig.glass() == new
    assert not rig.powered()


@pytest.mark.parametrize("end", ["power_off", "close"])
@pytest.mark.usefixtures("partial")
def test_a_panel_left_powered_can_be_powered_off(
    rig: Rig, old: bytes, new: bytes, end: str
) -> None:
    rig.panel.update(None, old)
    rig.panel.partial(old, new, None)
    getattr(rig.panel, end)()
    assert not rig.powered()
    assert rig.glass() == new


def test_power_off_without_power_does_nothing(rig: Rig, old: bytes) -> None:
    rig.panel.update(None, old)
    rig.panel.power_off()
    assert rig.glass() == old


def test_probing_leaves_the_glass_and_no_power(rig: Rig, old: bytes) -> None:
    rig.panel.update(None, old)
    rig.panel.probe()
    assert rig.glass() == old
    assert not rig.powered()


@pytest.mark.parametrize(
    ("command", "error"),
    [
        *(("probe", error) for error in FAULTS if error is not DcFailedError),  # starts no pump
        *(("clear", error) for error in FAULTS),
        *(("update", error) for error in FAULTS),
    ],
)
def test_a_failure_before_drawing_says_what_it_is_and_leaves_the_glass(
    rig: Rig, old: bytes, new: bytes, error: type[PanelError], command: str
) -> None:
    rig.panel.update(None, old)
    rig.fail(error)
    arguments = {"probe": (), "clear": (old,), "update": (old, new)}[command]
    with pytest.raises(error) as caught:
        getattr(rig.panel, command)(*arguments)
    assert not caught.value.glass_disturbed
    assert rig.glass() == old
    assert not rig.powered()


@pytest.mark.parametrize("error", FAULTS)
@pytest.mark.usefixtures("partial")
def test_a_failure_takes_the_power_that_a_partial_left(
    rig: Rig, old: bytes, new: bytes, error: type[PanelError]
) -> None:
    rig.panel.update(None, old)
    rig.panel.partial(old, new, None)
    rig.fail(error)
    with pytest.raises(error):
        rig.panel.partial(new, old, None)
    assert rig.glass() == new
    assert not rig.powered()


@pytest.mark.parametrize("error", FAULTS)
def test_a_healed_panel_works_again(
    rig: Rig, old: bytes, new: bytes, error: type[PanelError]
) -> None:
    rig.fail(error)
    with pytest.raises(error):
        rig.panel.update(None, old)
    rig.fail(None)
    rig.panel.update(None, new)
    assert rig.glass() == new
