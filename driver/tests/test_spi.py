"""The bus of a real panel, as far as it goes without one: what the kernel is asked to do."""

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from epdfuse.controllers import create_controller
from epdfuse.hardware.bus import Lines, Pin
from epdfuse.hardware.gpio import find_chip
from epdfuse.hardware.pwm import NoPwm, SysfsPwm, find_pwm
from epdfuse.hardware.spi import SPEED_HZ, SpiDevice, Transfer
from epdfuse.hardware.wired import SpiGpioBus, open_bus
from epdfuse.panel.spec import FILMS, BusError, PanelSpec, panel_spec
from epdfuse.simulator.recording import RecordingBus, SilentBus

pytestmark = pytest.mark.unit

SPECS = [panel_spec(size, film) for film in FILMS for size in FILMS[film].sizes]


class Kernel:
    """Takes spidev's calls apart as the kernel would, and refuses what it refuses."""

    def __init__(self) -> None:
        self.calls: list[list[Transfer]] = []
        self.selections: list[bytes] = []
        """What was sent while the chip stayed selected."""

    def ioctl(self, _file: int, request: int, argument: Any) -> int:
        if request & 0xFF == 0:
            self._message(request, argument)
        return 0

    def _message(self, request: int, transfers: "ctypes.Array[Transfer]") -> None:
        assert request == 0x40006B00 | 32 * len(transfers) << 16
        assert 32 * len(transfers) < 1 << 14
        assert sum(-(-transfer.len // 128) * 128 for transfer in transfers) <= 4096
        assert [transfer.cs_change for transfer in transfers] == [1] * (len(transfers) - 1) + [0]
        self.calls.append(list(transfers))
        for transfer in transfers:
            self._transfer(transfer)

    def _transfer(self, transfer: Transfer) -> None:
        assert (transfer.speed_hz, transfer.bits_per_word) == (SPEED_HZ, 8)
        sent = ctypes.string_at(transfer.tx_buf, transfer.len)
        self.selections.append(sent)
        if transfer.rx_buf:
            answer = b"\0\x02" if sent[0] == 0x71 else b"\0\xc0"
            ctypes.memmove(transfer.rx_buf, answer, 2)


class PinBoard:
    """Pins that only remember their levels."""

    def __init__(self) -> None:
        self.levels: dict[Pin, int] = {}
        self.closed = False

    def set(self, pin: Pin, level: int) -> None:
        self.levels[pin] = level

    def busy(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True


class Clock:
    """A pump clock that remembers what it was told."""

    def __init__(self) -> None:
        self.duties: list[int] = []

    def set(self, duty: int) -> None:
        self.duties.append(duty)

    def close(self) -> None:
        self.duties.append(0)


class TimelessBus(SpiGpioBus):
    """Real wires to a false kernel; a stage is over after one frame."""

    def wait(self, microseconds: int) -> None:
        pass

    def stage_running(self) -> bool:
        return False


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def device(kernel: Kernel) -> Iterator[SpiDevice]:
    device = SpiDevice(Path("/dev/null"), kernel.ioctl)
    yield device
    device.close()


@pytest.fixture
def bus(device: SpiDevice) -> SpiGpioBus:
    return TimelessBus(device, PinBoard(), Clock())


@pytest.fixture
def transfers_of() -> Callable[[PanelSpec], list[bytes]]:
    """What a transcript says that SPI carries; power up and down put a zero byte on it."""

    def transfers(spec: PanelSpec) -> list[bytes]:
        events: list[str] = []
        update(spec, RecordingBus(events.append, SilentBus()))
        return [sent for event in events for sent in carried(event)]

    return transfers


def carried(event: str) -> list[bytes]:
    match event.split():
        case ["send", data] | ["recv", data, _]:
            return [bytes.fromhex(data)]
        case ["spi", _]:
            return [b"\0"]
        case _:
            return []


def update(spec: PanelSpec, bus: Any) -> None:
    controller = create_controller(spec, bus)
    controller.begin()
    controller.update(b"\x5a" * spec.frame_bytes, b"\x33" * spec.frame_bytes)
    controller.end()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.description)
def test_the_wires_carry_what_the_transcript_says(
    spec: PanelSpec,
    bus: SpiGpioBus,
    kernel: Kernel,
    transfers_of: Callable[[PanelSpec], list[bytes]],
) -> None:
    update(spec, bus)
    assert kernel.selections == transfers_of(spec)


def test_many_lines_go_to_the_kernel_in_one_call(bus: SpiGpioBus, kernel: Kernel) -> None:
    controller = create_controller(panel_spec("2.7"), bus)
    controller.begin()
    before = len(kernel.calls)
    controller.update(bytes(5808), bytes(5808))
    calls = len(kernel.calls) - before
    assert calls == 4 * 36
    assert sum(map(len, kernel.calls[before:])) == 4 * 176 * 6


def test_pauses_within_a_line_are_left_to_the_kernel(bus: SpiGpioBus, kernel: Kernel) -> None:
    controller = create_controller(panel_spec("1.44", 110), bus)
    controller.begin()
    before = len(kernel.calls)
    controller.clear()
    delays = {transfer.delay_usecs for call in kernel.calls[before:] for transfer in call}
    assert delays == {2, 12}


def test_no_lines_need_no_call(device: SpiDevice, kernel: Kernel) -> None:
    controller = create_controller(
        panel_spec("1.44"), RecordingBus(lambda event: None, SilentBus())
    )
    around = controller._around  # type: ignore[attr-defined]
    device.write_lines(Lines(b"", 5, around))
    assert kernel.calls == []


def test_a_stage_lasts_as_long_as_it_is_told(device: SpiDevice) -> None:
    bus = SpiGpioBus(device, PinBoard(), NoPwm())
    bus.start_stage(0)
    assert not bus.stage_running()
    bus.start_stage(60_000)
    assert bus.stage_running()


def test_closing_lets_go_of_everything(kernel: Kernel) -> None:
    pins, clock = PinBoard(), Clock()
    SpiGpioBus(SpiDevice(Path("/dev/null"), kernel.ioctl), pins, clock).close()
    assert pins.closed
    assert clock.duties == [0]


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({"gpiochip0": "pinctrl-bcm2835", "gpiochip1": "raspberrypi-exp-gpio"}, "gpiochip0"),
        ({"gpiochip0": "gpio-brcmstb", "gpiochip4": "pinctrl-rp1"}, "gpiochip4"),
        ({"gpiochip0": "pinctrl-bcm2711", "gpiochip1": "raspberrypi-exp-gpio"}, "gpiochip0"),
    ],
)
def test_the_chip_is_found_by_its_label(tmp_path: Path, labels: dict[str, str], found: str) -> None:
    for name in labels:
        (tmp_path / name).touch()
    assert find_chip(tmp_path, lambda chip: labels[chip.name]) == tmp_path / found


def test_a_machine_without_the_chip_is_told_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    with pytest.raises(BusError, match="there is something else"):
        find_chip(tmp_path, lambda chip: "something else")
    with pytest.raises(BusError, match="none at all"):
        find_chip(tmp_path / "empty")


def test_a_missing_spi_device_is_named_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(BusError, match=r"spidev9\.9.*dtparam=spi=on"):
        open_bus(231, tmp_path / "spidev9.9")


@pytest.fixture
def pwm_chip(tmp_path: Path) -> Path:
    channel = tmp_path / "pwmchip0" / "pwm0"
    channel.mkdir(parents=True)
    (channel / "enable").write_text("0\n")
    (channel.parent / "npwm").write_text("2\n")
    return channel.parent


def test_the_pump_clock_runs_half_of_the_time_and_stops(tmp_path: Path, pwm_chip: Path) -> None:
    pwm = find_pwm(tmp_path)
    pwm.set(511)
    channel = pwm_chip / "pwm0"
    assert {path.name: path.read_text() for path in channel.iterdir()} == {
        "period": "20000",
        "duty_cycle": "10000",
        "enable": "1",
    }
    pwm.close()
    assert (channel / "enable").read_text() == "0"


def test_a_pi_5_has_the_pump_clock_on_its_third_channel(tmp_path: Path, pwm_chip: Path) -> None:
    (pwm_chip / "npwm").write_text("4\n")
    assert find_pwm(tmp_path) == SysfsPwm(pwm_chip, channel=2)


def test_film_110_without_a_pump_clock_is_told_the_fix(tmp_path: Path) -> None:
    with pytest.raises(BusError, match="dtoverlay=pwm"):
        find_pwm(tmp_path)


def test_a_pump_clock_that_nobody_hands_over_is_told_the_fix(tmp_path: Path) -> None:
    (tmp_path / "export").touch()
    with pytest.raises(BusError, match="in the group gpio"):
        SysfsPwm(tmp_path, patience_s=0).set(512)
