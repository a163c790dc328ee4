"""Safety of the glass: whatever goes wrong, the panel has no power afterwards."""

import re
from collections.abc import Callable

import pytest

from epdfuse.controllers import create_controller
from epdfuse.controllers.base import stage_factor
from epdfuse.controllers.controlled import ControlledPanel
from epdfuse.hardware.bus import Pin
from epdfuse.panel.spec import (
    FILMS,
    BusError,
    BusyTimeoutError,
    DcFailedError,
    PanelBrokenError,
    PanelError,
    PanelSpec,
    UnsupportedCogError,
    panel_spec,
)
from epdfuse.simulator.model import ModelBus
from epdfuse.simulator.recording import RecordingBus, SilentBus

pytestmark = pytest.mark.unit

POWER_CUT = [
    "pin reset 0",
    "pin panel_on 0",
    "pin border 0",
    "spi off",
    "pin discharge 1",
    "wait 150000",
    "pin discharge 0",
]
EVERY_FILM = [panel_spec("1.44", film) for film in FILMS]


@pytest.fixture
def small() -> PanelSpec:
    return panel_spec("1.44")


@pytest.mark.parametrize(
    ("celsius", "tenths"),
    [
        *((-99, 170), (-10, 170), (-9, 120), (-5, 120), (-4, 80), (5, 80), (6, 40), (10, 40)),
        *((11, 30), (15, 30), (16, 20), (20, 20), (21, 10), (40, 10), (41, 7), (99, 7)),
    ],
)
def test_a_stage_lasts_longer_in_the_cold(celsius: int, tenths: int) -> None:
    assert stage_factor(celsius) == tenths


@pytest.mark.parametrize(
    ("chip_id", "status", "error"),
    [(0, 0xC0, UnsupportedCogError), (2, 0x40, PanelBrokenError), (2, 0x80, DcFailedError)],
)
def test_a_failed_start_ends_with_the_power_cut(
    small: PanelSpec, chip_id: int, status: int, error: type[PanelError]
) -> None:
    events: list[str] = []
    controller = create_controller(small, RecordingBus(events.append, SilentBus(chip_id, status)))
    with pytest.raises(error) as caught:
        controller.begin()
    assert events[-7:] == POWER_CUT
    assert not caught.value.glass_disturbed
    assert not controller.powered


@pytest.mark.parametrize("film", [230, 231])
@pytest.mark.parametrize(
    ("chip_id", "words"),
    [
        (0x00, "no identity (0x00); is the panel connected, its cable seated"),
        (0xFF, "no identity (0xff); is the panel connected, its cable seated"),
        (0x11, "the identity 0x11, which is not that of films 230 and 231"),
    ],
)
def test_an_identity_that_contradicts_the_settings_is_told_with_what_it_may_mean(
    film: int, chip_id: int, words: str
) -> None:
    spec = panel_spec("2.7", film)
    panel = ControlledPanel(spec, SilentBus(chip_id))
    with pytest.raises(UnsupportedCogError, match=re.escape(words)):
        panel.probe()


@pytest.mark.parametrize("spec", EVERY_FILM, ids=lambda spec: spec.description)
def test_a_panel_that_stays_busy_is_given_up_in_time_and_powered_off(spec: PanelSpec) -> None:
    stopwatch = Stopwatch()
    bus = ModelBus(spec, stopwatch)
    bus.health.busy = True
    panel = ControlledPanel(spec, bus, busy_timeout=2)
    with pytest.raises(BusyTimeoutError, match="2 s"):
        panel.update(None, spec.white)
    assert 2000 <= stopwatch.milliseconds <= 2250
    assert not bus.powered


class Stopwatch:
    """A pace that only adds up."""

    def __init__(self) -> None:
        self.milliseconds = 0.0

    def wait(self, milliseconds: float) -> None:
        self.milliseconds += milliseconds


class FailingBus(ModelBus):
    """A model whose wires fail at one event and work again after it, or never again."""

    def __init__(self, spec: PanelSpec, fails_at: int, *, for_good: bool) -> None:
        super().__init__(spec)
        self.events = 0
        self._fails_at = fails_at
        self._for_good = for_good

    def _event(self) -> None:
        self.events += 1
        late = self.events > self._fails_at and self._for_good
        if self.events == self._fails_at or late:
            raise OSError(5, "Input/output error")

    def send(self, data: bytes) -> None:
        self._event()
        super().send(data)

    def transfer(self, data: bytes) -> bytes:
        self._event()
        return super().transfer(data)

    def spi_off(self) -> None:
        self._event()
        super().spi_off()


@pytest.mark.parametrize("spec", EVERY_FILM, ids=lambda spec: spec.description)
@pytest.mark.parametrize("for_good", [False, True])
def test_an_error_of_the_bus_anywhere_leaves_no_power(spec: PanelSpec, for_good: bool) -> None:
    count = FailingBus(spec, -1, for_good=False)
    ControlledPanel(spec, count).update(None, spec.white)
    last = count.events
    for fails_at in [*range(1, 60, 2), last // 2, *range(last - 40, last + 1, 4)]:
        bus = FailingBus(spec, fails_at, for_good=for_good)
        with pytest.raises(BusError, match="Input/output"):
            ControlledPanel(spec, bus).update(None, spec.white)
        assert not bus.powered, f"event {fails_at}"


def test_an_error_while_drawing_says_that_the_glass_was_disturbed(small: PanelSpec) -> None:
    bus = FailingBus(small, 500, for_good=False)
    with pytest.raises(BusError) as caught:
        ControlledPanel(small, bus).update(None, small.white)
    assert caught.value.glass_disturbed
    early = FailingBus(small, 3, for_good=False)
    with pytest.raises(BusError) as caught:
        ControlledPanel(small, early).update(None, small.white)
    assert not caught.value.glass_disturbed


def test_pumps_that_start_late_are_tried_four_times(small: PanelSpec) -> None:
    bus = LatePumps(small, attempts=4)
    ControlledPanel(small, bus).update(None, small.white)
    late = LatePumps(small, attempts=5)
    with pytest.raises(DcFailedError):
        ControlledPanel(small, late).update(None, small.white)
    assert not late.powered


class LatePumps(ModelBus):
    """A model whose pumps reach their voltage at a later attempt only."""

    def __init__(self, spec: PanelSpec, attempts: int) -> None:
        super().__init__(spec)
        self.health.pumps = False
        self._left = attempts

    def send(self, data: bytes) -> None:
        super().send(data)
        if data == b"\x72\x0f":
            self._left -= 1
            self.health.pumps = self._left <= 0


def test_film_230_notices_pumps_that_fail_while_drawing(small: PanelSpec) -> None:
    spec = panel_spec("1.44", 230)
    bus = ModelBus(spec, changed=lambda: setattr(bus.health, "pumps", False))
    with pytest.raises(DcFailedError) as caught:
        ControlledPanel(spec, bus).update(None, spec.white)
    assert caught.value.glass_disturbed
    assert not bus.powered


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def recorded(events: list[str]) -> Callable[[PanelSpec], ControlledPanel]:
    return lambda spec: ControlledPanel(spec, RecordingBus(events.append, SilentBus()))


def test_the_controller_stays_powered_after_a_partial_update_of_film_231(
    recorded: Callable[[PanelSpec], ControlledPanel], events: list[str], small: PanelSpec
) -> None:
    panel = recorded(small)
    panel.partial(small.white, b"\xff" * small.frame_bytes, None)
    assert events[-1] == "spi off"
    assert "pin panel_on 0" not in events[9:]
    events.clear()
    panel.partial(b"\xff" * small.frame_bytes, small.white, 123)
    assert events[0] == "stage 123"
    assert len(events) == 1 + 96 * 6
    events.clear()
    panel.power_off()
    assert events[-7:] == POWER_CUT
    events.clear()
    panel.power_off()
    assert events == []


@pytest.mark.parametrize("film", [230, 110])
def test_other_films_are_powered_off_after_a_partial_update(
    recorded: Callable[[PanelSpec], ControlledPanel], events: list[str], film: int
) -> None:
    spec = panel_spec("1.44", film)
    recorded(spec).partial(spec.white, spec.white, None)
    assert events[-7:] == POWER_CUT


def test_closing_takes_the_power_that_a_partial_left(
    recorded: Callable[[PanelSpec], ControlledPanel], events: list[str], small: PanelSpec
) -> None:
    panel = recorded(small)
    panel.partial(small.white, small.white, None)
    panel.close()
    assert events[-7:] == POWER_CUT


def test_an_unknown_old_picture_counts_as_white(
    recorded: Callable[[PanelSpec], ControlledPanel], events: list[str], small: PanelSpec
) -> None:
    new = b"\x42" * small.frame_bytes
    recorded(small).update(None, new)
    unknown = events.copy()
    events.clear()
    recorded(small).update(small.white, new)
    assert unknown == events


@pytest.mark.parametrize("spec", EVERY_FILM, ids=lambda spec: spec.description)
def test_probing_cuts_the_power_first_and_never_starts_a_pump(
    recorded: Callable[[PanelSpec], ControlledPanel], events: list[str], spec: PanelSpec
) -> None:
    recorded(spec).probe()
    assert events[:7] == events[-7:] == POWER_CUT
    assert "send 7005" not in events


def test_film_110_stops_its_pump_clock_before_the_power_is_cut() -> None:
    spec = panel_spec("1.44", 110)
    events: list[str] = []
    bus = RecordingBus(events.append, SilentBus(), with_pwm=True)
    create_controller(spec, bus).cut_power()
    assert events == ["pwm 0", *POWER_CUT]


def test_the_names_of_pins_are_those_of_the_transcripts() -> None:
    assert {str(pin) for pin in Pin} == {"panel_on", "border", "discharge", "reset"}
