"""What is only true of the lines of a GPIO chip, over a libgpiod that is not the real one."""

import asyncio
import errno
import importlib
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pigpiod_bridge import bootstrap, gpiochip
from pigpiod_bridge.bridge import Bridge
from pigpiod_bridge.clock import ManualClock
from pigpiod_bridge.gpiochip import LABELS, GpioChipLines, open_chip, revision_in
from pigpiod_bridge.lines import Edge, LineError, Mode, Pull

pytestmark = pytest.mark.unit

GPIO = 22
STEADY = 10_000
REFUSED = -41


@pytest.fixture
def board(fake_libgpiod: ModuleType, clock: ManualClock, tmp_path: Path) -> Any:
    """A Pi 5 with the chip of its header and another one."""
    return fake_libgpiod.board(
        clock, tmp_path, gpiochip0="gpio-brcmstb@107d508500", gpiochip4="pinctrl-rp1"
    )


Open = Callable[..., GpioChipLines]


@pytest.fixture
def open_lines(board: Any, clock: ManualClock, tmp_path: Path) -> Open:
    def open_lines(*permitted: int) -> GpioChipLines:
        chip = open_chip(board.api, LABELS, tmp_path)
        return GpioChipLines(board.api, chip, frozenset(permitted), clock, board.watcher)

    return open_lines


@pytest.fixture
def lines(open_lines: Open) -> Iterator[GpioChipLines]:
    lines = open_lines(GPIO)
    yield lines
    lines.close()


@pytest.fixture
def bridge(lines: GpioChipLines, clock: ManualClock) -> Bridge:
    return Bridge(lines, clock, permitted={GPIO})


@pytest.mark.parametrize("label", LABELS)
def test_the_chip_of_every_pi_is_found_by_its_label_whatever_its_number(
    fake_libgpiod: ModuleType, clock: ManualClock, tmp_path: Path, label: str
) -> None:
    board = fake_libgpiod.board(clock, tmp_path, gpiochip0="raspberrypi-exp-gpio", gpiochip12=label)
    chip = open_chip(board.api, LABELS, tmp_path)
    assert chip.path == str(tmp_path / "gpiochip12")
    assert board.open_chips == 1


def test_a_label_of_ones_own_is_found_and_no_other(board: Any, tmp_path: Path) -> None:
    chip = open_chip(board.api, ["gpio-brcmstb@107d508500"], tmp_path)
    assert chip.path == str(tmp_path / "gpiochip0")


def test_a_chip_that_is_not_there_is_missed_by_name_with_those_that_are(
    board: Any, tmp_path: Path
) -> None:
    board.denied = {str(tmp_path / "gpiochip4")}
    with pytest.raises(LineError) as error:
        open_chip(board.api, ["pinctrl-rp1", "wish"], tmp_path)
    assert str(error.value) == (
        "no GPIO chip is called pinctrl-rp1 or wish; found:"
        f" {tmp_path}/gpiochip0 (gpio-brcmstb@107d508500), {tmp_path}/gpiochip4 (Permission denied)"
    )
    assert board.open_chips == 0


def test_where_no_chip_is_it_says_so(board: Any, tmp_path: Path) -> None:
    with pytest.raises(LineError, match="found: none"):
        open_chip(board.api, LABELS, tmp_path / "empty")


def test_only_the_permitted_lines_are_asked_for(board: Any, lines: GpioChipLines) -> None:
    assert board.users == {GPIO: "pigpiod-bridge"}


def test_a_line_that_somebody_else_uses_is_named_with_its_user(
    board: Any, open_lines: Open
) -> None:
    board.users = {17: "led0"}
    with pytest.raises(LineError) as error:
        open_lines(17, GPIO)
    assert str(error.value) == "GPIO 17, 22 (in use: 17 by led0): Device or resource busy"


def test_a_line_that_the_chip_does_not_have_is_named(open_lines: Open) -> None:
    with pytest.raises(LineError, match="GPIO 60: line offset"):
        open_lines(60)


def test_closing_gives_the_lines_back(board: Any, lines: GpioChipLines) -> None:
    lines.close()
    assert board.users == {}


async def test_serving_ends_with_lines_and_chip_given_back(
    board: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    monkeypatch.setattr(bootstrap, "load_libgpiod", lambda: board.api)
    monkeypatch.setattr(bootstrap, "open_chip", partial(open_chip, directory=tmp_path))
    settings = bootstrap.Settings(line="gpiochip", permitted=frozenset({GPIO}))
    async with bootstrap.BACK_ENDS["gpiochip"](settings, clock) as lines:
        with closing(Bridge(lines, clock, {GPIO})):
            assert (board.users.keys(), board.open_chips) == ({GPIO}, 1)
    assert (board.users, board.open_chips) == ({}, 0)


def test_other_lines_can_neither_be_read_nor_changed_but_their_mode_is_told(
    board: Any, lines: GpioChipLines
) -> None:
    board.pins.write(17, 1)
    assert lines.mode(17) is Mode.OUTPUT
    assert lines.mode(18) is Mode.INPUT
    assert lines.levels() == 1 << GPIO
    assert lines.debounce(17, STEADY) is False
    for attempt in (
        lambda: lines.read(17),
        lambda: lines.write(17, 0),
        lambda: lines.set_mode(17, Mode.INPUT),
        lambda: lines.set_pull(17, Pull.UP),
    ):
        with pytest.raises(LineError, match="GPIO 17 is not one of those"):
            attempt()


def test_clients_get_minus_41_where_the_lines_refuse(client: Any) -> None:
    assert client.ask(3, 17) == REFUSED
    assert client.ask(0, GPIO, Mode.ALT0) == REFUSED
    assert client.ask(1, GPIO) == Mode.INPUT


def test_until_a_client_chooses_one_the_resistor_stays_as_it_was(
    board: Any, open_lines: Open
) -> None:
    board.pins.set_pull(GPIO, Pull.DOWN)
    lines = open_lines(GPIO)
    assert lines.read(GPIO) == 0
    lines.set_pull(GPIO, Pull.UP)
    assert lines.read(GPIO) == 1
    lines.close()


def test_edges_carry_the_kernels_time_not_that_of_their_reading(
    board: Any, lines: GpioChipLines, clock: ManualClock
) -> None:
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    board.pins.drive(GPIO, 0)
    clock.advance(70_000)
    board.watcher.poll()
    assert edges == [Edge(GPIO, 0, 100_000)]


def test_edges_of_several_lines_come_in_the_order_in_which_they_happened(
    board: Any, open_lines: Open, clock: ManualClock
) -> None:
    lines = open_lines(4, 17, GPIO)
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    for gpio in (GPIO, 4, 17):
        board.pins.drive(gpio, 0)
        clock.advance(1)
    board.watcher.poll()
    assert [edge.gpio for edge in edges] == [GPIO, 4, 17]
    lines.close()


def test_a_change_of_one_line_leaves_the_others_settings_alone(
    board: Any, open_lines: Open
) -> None:
    lines = open_lines(17, GPIO)
    lines.set_pull(GPIO, Pull.DOWN)
    lines.write(17, 1)
    lines.debounce(GPIO, STEADY)
    assert (lines.mode(17), lines.read(17), lines.read(GPIO)) == (Mode.OUTPUT, 1, 0)
    lines.close()


def test_an_edge_that_was_read_during_a_change_keeps_its_own_time(
    board: Any, lines: GpioChipLines, clock: ManualClock
) -> None:
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    board.pins.drive(GPIO, 0)
    clock.advance(5)
    lines.set_mode(GPIO, Mode.INPUT)
    board.watcher.poll()
    assert edges == [Edge(GPIO, 0, 100_000)]


def test_an_output_keeps_its_level_through_a_filter_and_a_resistor(
    board: Any, lines: GpioChipLines
) -> None:
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    lines.write(GPIO, 0)
    lines.debounce(GPIO, STEADY)
    lines.set_pull(GPIO, Pull.UP)
    assert (lines.mode(GPIO), lines.read(GPIO)) == (Mode.OUTPUT, 0)
    assert [edge.level for edge in edges] == [0]


def test_a_burst_longer_than_the_kernels_buffer_ends_at_the_true_level(
    board: Any, lines: GpioChipLines
) -> None:
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    for _ in range(gpiochip.EVENT_BUFFER):
        board.pins.drive(GPIO, 0)
        board.pins.drive(GPIO, None)
    board.pins.drive(GPIO, 0)
    board.watcher.poll()
    assert edges[-1].level == lines.read(GPIO) == 0
    assert len(edges) <= gpiochip.EVENT_BUFFER


def test_an_edge_that_the_kernel_dropped_is_told_when_somebody_reads_the_level(
    board: Any, lines: GpioChipLines
) -> None:
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    board.drive(GPIO, 0)
    request, board.request = board.request, None
    board.drive(GPIO, None)  # the release, of which the kernel says nothing
    board.request = request
    assert [edge.level for edge in edges] == [0]
    assert lines.levels() == 1 << GPIO
    board.drive(GPIO, 0)
    assert [edge.level for edge in edges] == [0, 1, 0]


def test_a_press_through_the_kernels_debounce_is_reported_once_with_the_end_of_the_stable_time(
    board: Any, client: Any, clock: ManualClock
) -> None:
    assert [client.ask(0, GPIO), client.ask(2, GPIO, Pull.UP), client.ask(97, GPIO, STEADY)] == [
        0
    ] * 3
    assert client.ask(19, client.ask(99), 1 << GPIO) == 0
    for level in (0, None, 0, None, 0):
        board.drive(GPIO, level)
        clock.advance(300)
    clock.advance(50_000)
    assert client.seen() == [(0, 100_000 + 4 * 300 + STEADY, 0)]


def test_a_chip_that_goes_away_refuses_and_its_readers_fail_loudly(
    board: Any, lines: GpioChipLines
) -> None:
    lines.subscribe(lambda edge: None)
    board.pins.drive(GPIO, 0)
    board.broken = OSError(errno.ENODEV, "No such device")
    for attempt in (lambda: lines.read(GPIO), lines.levels, lambda: lines.write(GPIO, 1)):
        with pytest.raises(LineError, match="No such device"):
            attempt()
    with pytest.raises(OSError, match="No such device"):
        board.watcher.poll()


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        ("processor\t: 0\nRevision\t: c04170\nModel\t: Raspberry Pi 5\n", 0xC04170),
        ("Revision\t: 1000010\n", 0x1000010),
        ("CPU revision\t: 3\n", 0),
        ("", 0),
    ],
)
def test_the_boards_revision_is_what_the_kernel_says(text: str, revision: int) -> None:
    assert revision_in(text) == revision


async def test_a_chip_without_a_permitted_line_is_refused() -> None:
    with pytest.raises(ValueError, match="name some with --gpio"):
        await asyncio.wait_for(bootstrap.serve(bootstrap.Settings(line="gpiochip")), 60)


@pytest.mark.parametrize("name", ["no_such_module", "json"])
def test_a_missing_or_old_libgpiod_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module
    monkeypatch.setattr(gpiochip, "import_module", lambda _name: real(name))
    with pytest.raises(RuntimeError, match=r"GPIO chips need .*libgpiod"):
        gpiochip.load_libgpiod()
