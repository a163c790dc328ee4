"""Clients that were not written by us: ``pigpio`` from PyPI and ``pigs`` from Debian."""

import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pigpio
import pytest

from pigpiod_bridge.control import Level
from pigpiod_bridge.press import Press

pytestmark = pytest.mark.integration

PATIENCE = 60


@pytest.fixture
def pi(process: Any) -> Iterator[Any]:
    pi = pigpio.pi("127.0.0.1", process.port)
    reader = pi._notify
    yield pi
    pi.stop()
    reader.join(PATIENCE)


@pytest.fixture
def button(pi: Any) -> Any:
    """GPIO 22 as the app sets it up; its edges go to a queue as (gpio, level)."""
    edges: queue.Queue[tuple[int, int]] = queue.Queue()
    assert pi.set_mode(22, pigpio.INPUT) == 0
    assert pi.set_pull_up_down(22, pigpio.PUD_UP) == 0
    assert pi.set_glitch_filter(22, 10_000) == 0
    pi.callback(22, pigpio.EITHER_EDGE, lambda gpio, level, _tick: edges.put((gpio, level)))
    return edges


def test_pigpio_connects_and_reads(pi: Any) -> None:
    assert pi.connected
    assert pi.get_pigpio_version() == 79
    assert pi.read(22) == 1
    assert pi.read_bank_1() == 0x0FFF_FFFF
    assert pi.get_mode(22) == pigpio.INPUT
    assert pi.get_hardware_revision() == 0xA02082


def test_pigpio_sees_a_press_and_its_release(process: Any, button: Any) -> None:
    process.order(Press(22, 0.05))
    assert [button.get(timeout=PATIENCE) for _ in range(2)] == [(22, 0), (22, 1)]


def test_pigpio_sees_a_bouncing_press_as_one_because_of_the_filter(
    process: Any, button: Any
) -> None:
    process.order(Press(22, 0.05, times=2, bounce=True))
    assert [button.get(timeout=PATIENCE)[1] for _ in range(4)] == [0, 1, 0, 1]
    assert button.empty()


def test_pigpio_sees_every_bounce_without_the_filter(pi: Any, process: Any, button: Any) -> None:
    pi.set_glitch_filter(22, 0)
    process.order(Press(22, 0.05, bounce=True))
    assert [button.get(timeout=PATIENCE)[1] for _ in range(10)] == [0, 1] * 2 + [0, 1] + [0, 1] * 2


def test_pigpio_sees_a_double_press(process: Any, button: Any) -> None:
    process.order(Press(22, 0.05, times=2))
    assert [button.get(timeout=PATIENCE)[1] for _ in range(4)] == [0, 1, 0, 1]


def test_pigpio_waits_for_an_edge(pi: Any, process: Any) -> None:
    seen = threading.Event()

    def press() -> None:
        # The wait begins at a moment that nobody can see from outside, so press until it saw one.
        while not seen.is_set():
            process.order(Press(22, 0.02))

    presser = threading.Thread(target=press)
    presser.start()
    found = pi.wait_for_edge(22, pigpio.FALLING_EDGE, PATIENCE)
    seen.set()
    presser.join(PATIENCE)
    assert found


def test_pigpio_waits_in_vain_when_nothing_happens(pi: Any) -> None:
    assert not pi.wait_for_edge(22, pigpio.FALLING_EDGE, 0.1)


def test_pigpio_sees_watchdogs(pi: Any) -> None:
    seen: queue.Queue[int] = queue.Queue()
    pi.callback(22, pigpio.EITHER_EDGE, lambda _gpio, level, _tick: seen.put(level))
    assert pi.set_watchdog(22, 20) == 0
    assert [seen.get(timeout=PATIENCE) for _ in range(2)] == [pigpio.TIMEOUT] * 2


def test_pigpio_reports_what_is_not_allowed_as_an_error(pi: Any) -> None:
    with pytest.raises(pigpio.error, match="no permission to update GPIO"):
        pi.set_mode(23, pigpio.OUTPUT)
    with pytest.raises(pigpio.error, match="unknown command"):
        pi.shell("reboot")


def test_a_cancelled_callback_is_called_no_more(pi: Any, process: Any, button: Any) -> None:
    cancelled: list[int] = []
    pi.callback(22, pigpio.EITHER_EDGE, lambda *args: cancelled.append(args[1])).cancel()
    process.order(Level(22, "low"))
    assert button.get(timeout=PATIENCE) == (22, 0)
    assert cancelled == []


Pigs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pigs(process: Any) -> Pigs:
    program = shutil.which("pigs")
    if program is None:
        pytest.skip("pigs is not installed: apt-get install pigpio-tools")
    where = {"PIGPIO_ADDR": "127.0.0.1", "PIGPIO_PORT": str(process.port)}

    def pigs(*words: object) -> subprocess.CompletedProcess[str]:
        line = [program, *map(str, words)]
        environment = {**os.environ, **where}
        return subprocess.run(
            line, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    return pigs


def test_pigs_talks_to_the_bridge(pigs: Pigs) -> None:
    words = "m 22 r pud 22 u fg 22 10000 wdog 22 0 fn 22 1000 1000 fn 22 0 0 r 22 br1 pigpv mg 22"
    answer = pigs(*words.split())
    assert (answer.stdout.split(), answer.stderr) == (["1", "0FFFFFFF", "79", "0"], "")


def test_pigs_sees_the_level_of_the_line(pigs: Pigs, process: Any) -> None:
    process.order(Level(22, "low"))
    assert pigs("r", 22).stdout == "0\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("w", 23, 1), "no permission to update GPIO"),
        (("shell", "reboot"), "unknown command"),
        (("fo", "/etc/passwd", 1), "unknown command"),
        (("i2co", 1, 0x50, 0), "unknown command"),
    ],
)
def test_pigs_is_told_what_it_may_not_do(pigs: Pigs, words: tuple[object, ...], error: str) -> None:
    assert error in pigs(*words).stderr
