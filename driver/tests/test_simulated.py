"""The simulated panel: its time, its picture, and what a person does to it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from epdfuse.panel.spec import BusyTimeoutError, PanelSpec, panel_spec
from epdfuse.simulator import picture
from epdfuse.simulator.panel import Bench, Fault, Pace, SimulatedPanel
from epdfuse.transcript import Request, record

pytestmark = pytest.mark.unit


RESET_MS, DISCHARGE_MS = 30, 150
"""Of the power up and the power cut of film 231."""


class Stopwatch(Pace):
    """A pace that only adds up."""

    def __init__(self) -> None:
        super().__init__(lambda seconds: None)
        self.waited_ms = 0.0

    def start(self) -> None:
        self.waited_ms = 0.0

    def wait(self, milliseconds: float) -> None:
        self.waited_ms += milliseconds


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def make(bench: Bench, stopwatch: Stopwatch) -> Callable[[PanelSpec], SimulatedPanel]:
    return lambda spec: SimulatedPanel(spec, bench, stopwatch, 5)


@pytest.fixture
def panel(make: Callable[[PanelSpec], SimulatedPanel], spec: PanelSpec) -> SimulatedPanel:
    return make(spec)


@pytest.mark.parametrize(
    ("celsius", "milliseconds"), [(25, 3420), (45, 2664), (18, 5940), (-3, 21060), (-20, 43740)]
)
def test_a_full_update_takes_the_time_of_a_real_one(
    panel: SimulatedPanel, stopwatch: Stopwatch, celsius: int, milliseconds: int
) -> None:
    panel.set_temperature(celsius)
    panel.update(None, panel.spec.white)
    assert stopwatch.waited_ms == milliseconds


def test_a_partial_is_shorter_while_the_controller_is_powered(
    panel: SimulatedPanel, stopwatch: Stopwatch, old: bytes, new: bytes
) -> None:
    panel.update(None, old)
    panel.partial(old, new, None)
    assert stopwatch.waited_ms == 985
    panel.partial(new, old, None)
    assert stopwatch.waited_ms == 630


def test_a_given_stage_time_ignores_the_temperature(
    panel: SimulatedPanel, stopwatch: Stopwatch, old: bytes, new: bytes
) -> None:
    panel.set_temperature(-20)
    panel.partial(old, new, 300)
    assert stopwatch.waited_ms == 355 + 300


def test_a_stuck_busy_line_is_waited_for_as_long_as_configured(
    panel: SimulatedPanel, bench: Bench, stopwatch: Stopwatch, new: bytes
) -> None:
    bench.fault = Fault.BUSY_STUCK
    with pytest.raises(BusyTimeoutError, match="5 s"):
        panel.update(None, new)
    assert stopwatch.waited_ms == RESET_MS + 5000 + DISCHARGE_MS


def test_time_that_the_program_needs_is_not_added_to_the_physics() -> None:
    slept: list[float] = []
    pace = Pace(slept.append)
    pace.start()
    pace.wait(1000)
    pace.wait(1000)
    assert slept[0] == pytest.approx(1.0, abs=0.2)
    assert slept[1] == pytest.approx(2.0, abs=0.2)


def test_black_pixels_are_black_in_the_picture(panel: SimulatedPanel, bench: Bench) -> None:
    frame = b"\x01" + bytes(panel.spec.frame_bytes - 1)
    panel.update(None, frame)
    with Image.open(bench.glass_picture) as image:
        assert (image.format, image.size) == ("PNG", (264, 176))
        assert [image.getpixel((0, 0)), image.getpixel((1, 0))] == [0, 255]


def test_the_glass_keeps_its_picture_without_a_driver(
    make: Callable[[PanelSpec], SimulatedPanel], bench: Bench, old: bytes, new: bytes
) -> None:
    spec = panel_spec("2.7")
    make(spec).update(None, old)
    make(spec).partial(new, new, None)
    assert picture.load(bench.glass_picture, spec) == picture.shades_of(old)


def test_a_picture_that_cannot_be_written_does_not_fail_the_command(
    spec: PanelSpec, tmp_path: Path, new: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    bench.glass_picture.mkdir()
    bench.glass_picture.joinpath("full").touch()
    SimulatedPanel(spec, bench, Stopwatch(), 5).update(None, new)
    assert "cannot write the picture" in caplog.text


def all_sent(events: list[str]) -> list[str]:
    return [event for event in events if event.startswith("send ")]


def test_the_bus_is_written_down_while_that_is_asked_for(
    panel: SimulatedPanel, bench: Bench, old: bytes, new: bytes
) -> None:
    panel.update(None, old)
    bench.recording = True
    panel.update(old, new)
    bench.recording = False
    panel.update(new, old)
    expected: list[str] = []
    record(Request(panel.spec, "update", old, new), expected.append)
    recorded = bench.bus_record.read_text("ascii").splitlines()
    assert all_sent(recorded) == all_sent(expected)
    assert len(recorded) == len(expected) - 1  # all but its status


def test_a_record_begins_anew(panel: SimulatedPanel, bench: Bench, new: bytes) -> None:
    bench.recording = True
    panel.update(None, new)
    bench.recording = True
    assert not bench.bus_record.exists()


def test_a_record_that_cannot_be_written_does_not_fail_the_command(
    panel: SimulatedPanel, bench: Bench, new: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    bench.recording = True
    bench.bus_record.mkdir()
    panel.update(None, new)
    assert "cannot write what goes over the bus" in caplog.text


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_is_told_through_the_state_directory(tmp_path: Path, fault: Fault) -> None:
    Bench(tmp_path).fault = fault
    assert Bench(tmp_path).fault is fault


def test_a_panel_that_was_told_nothing_sensible_works(bench: Bench, tmp_path: Path) -> None:
    assert bench.fault is Fault.OK
    (tmp_path / "fault").write_text("tired")
    assert bench.fault is Fault.OK


def test_power_left_on_by_a_crash_is_taken_first(
    panel: SimulatedPanel, bench: Bench, stopwatch: Stopwatch
) -> None:
    bench.powered = True
    panel.probe()
    assert not bench.powered
    assert stopwatch.waited_ms == DISCHARGE_MS + RESET_MS + DISCHARGE_MS
