"""A run against an appliance of memory: what the harness says when it is well, and when not."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import running, traffic
from tests.faults.appliance import Camera, fingerprint, text_of
from tests.faults.fault import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.integration


class Memory:
    """An appliance whose queue is a list and whose glass is its head; to be broken on request.

    While `down` is set nobody answers. `forgetful` loses what it takes, `doubting` keeps a message
    without believing its key, `shuffles` lets one overtake another, `mute` says nothing to who has
    read one, `wrong` is what is not well in the end.
    """

    def __init__(self) -> None:
        self.root = Path("/")
        self.down = threading.Event()
        self.forgetful = self.doubting = self.shuffles = self.mute = False
        self.wrong = ""
        self.mended = 0
        self.keys: dict[str, int] = {}
        self.texts: dict[int, str] = {}
        self.waiting: list[int] = []
        self.lock = threading.Lock()

    def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        if self.down.is_set():
            raise ConnectionError("nobody is there")
        with self.lock:
            if method == "GET":
                number = int(path.rpartition("/")[2])
                return 200, {"state": "shown" if number in self.waiting else "read"}
            if path.endswith("/acknowledge"):
                return self._acknowledge(int(path.split("/")[-2]))
            return 201, {"id": self._take(more["headers"]["Idempotency-Key"], more["json"]["text"])}

    def _take(self, key: str, text: str) -> int:
        if key in self.keys and not self.doubting:
            return self.keys[key]
        number = self.keys[key] = len(self.texts) + 1
        self.texts[number] = text
        if not self.forgetful:
            self.waiting.insert(1 if self.shuffles else len(self.waiting), number)
        return number

    def _acknowledge(self, number: int) -> tuple[int, Any]:
        if self.waiting[:1] != [number] or (self.shuffles and len(self.waiting) < traffic.AHEAD):
            return 409, {}
        self.shuffles = False
        self.waiting.pop(0)
        if self.mute:
            raise ConnectionError("the answer is lost")
        return 200, {}

    def press(self) -> bool:
        with self.lock:
            self.waiting[:1] = []
        return True

    def camera(self) -> Memory:
        return self

    def look(self) -> tuple[bool, int | None]:
        with self.lock:
            shown = self.waiting[0] if self.waiting else None
        return True, None if shown is None else int(self.texts[shown].split()[1])

    def newest(self) -> int:
        return len(self.texts)

    def texts_since(self, number: int) -> list[str]:
        return [text for found, text in self.texts.items() if found > number]

    def settle(self) -> str:
        return self.wrong

    def mend(self) -> None:
        self.wrong = ""
        self.mended += 1


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """An appliance, and a harness that does not wait for it as long as for a real one."""
    monkeypatch.setattr(running, "_LONGER", -3.0)
    monkeypatch.setattr(running, "_DRAIN_SECONDS", 1.0)
    monkeypatch.setattr(running, "_LOAD_PACE", 0.02)
    return Memory()


def broken(memory: Memory, **how: Any) -> Callable[[Any], None]:
    """Return the act of breaking it in that way from now on."""

    def act(_: Any) -> None:
        for name, value in how.items():
            setattr(memory, name, value)

    return act


def run(
    memory: Any, inflict: Callable[[Any], object], kind: Kind = Kind.PROCESS, **more: Any
) -> Any:
    more.setdefault("watched", 0.1)
    return running.run(memory, Fault("a fault", kind, inflict, **more), 0.0, pace=0.02)


def test_what_nobody_notices_is_passed_at_once(memory: Memory) -> None:
    result = run(memory, lambda _: None)
    assert result.passed
    assert result.seconds < 5
    assert memory.mended == 0


def test_an_outage_is_measured_from_the_fault_to_the_glass(memory: Memory) -> None:
    back = threading.Timer(1.0, memory.down.clear)

    def go(_: Any) -> None:
        memory.down.set()
        back.start()

    result = run(memory, go)
    back.join()
    assert result.passed
    assert result.seconds >= 1.0


def test_what_does_not_end_by_itself_is_measured_from_its_end(memory: Memory) -> None:
    ended: list[float] = []

    def end(_: Any) -> None:
        memory.down.clear()
        ended.append(time.monotonic())

    result = run(memory, lambda _: memory.down.set(), end=end, lasts=2.0)
    assert result.passed
    assert result.seconds < 2.0
    assert len(ended) == 1


def loaded(memory: Memory, inflict: Callable[[Any], object]) -> Any:
    """Let something be a load: over when it returns."""
    return run(memory, inflict, Kind.LOAD, end=lambda _: None, lasts=0.0)


def take_some(memory: Memory) -> None:
    """Wait until it has taken two more messages."""
    least = memory.newest() + 2
    while memory.newest() < least:
        time.sleep(0.01)


def test_of_a_load_the_time_is_what_messages_wait_meanwhile(memory: Memory) -> None:
    def strain(_: Any) -> None:
        memory.down.set()
        time.sleep(0.3)
        memory.down.clear()
        take_some(memory)

    result = loaded(memory, strain)
    assert result.kept_its_word
    assert result.kind == "load"
    assert result.seconds > 0.2


def test_a_load_under_which_one_waits_too_long_is_not_passed(memory: Memory) -> None:
    def strain(_: Any) -> None:
        take_some(memory)
        memory.down.set()
        time.sleep(1.2)
        memory.down.clear()
        take_some(memory)

    assert not loaded(memory, strain).passed


def test_what_a_load_leaves_behind_is_told(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_AS_BEFORE_SECONDS", 0.3)
    back = threading.Timer(0.6, memory.down.clear)

    def strain(_: Any) -> None:
        take_some(memory)
        memory.down.set()
        back.start()

    result = loaded(memory, strain)
    back.join()
    assert "as before only" in result.told


def test_a_message_that_was_answered_and_never_came_is_lost(memory: Memory) -> None:
    result = run(memory, broken(memory, forgetful=True))
    assert result.lost
    assert not result.passed


def test_a_message_that_was_sent_again_and_is_kept_twice_is_told(memory: Memory) -> None:
    take = memory._take

    def once_for_nothing(key: str, text: str) -> int:
        memory.__dict__.pop("_take")
        take(key, text)
        raise ConnectionError("the answer is lost")

    def inflict(_: Any) -> None:
        memory.doubting = True
        memory._take = once_for_nothing  # type: ignore[method-assign]

    result = run(memory, inflict)
    assert result.twice
    assert not result.passed


def test_messages_that_overtake_each_other_are_told(memory: Memory) -> None:
    result = run(memory, broken(memory, shuffles=True))
    assert result.disordered
    assert not result.passed


def test_who_does_not_come_back_is_helped_for_the_next_fault(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_LONGER", -4.0)
    mend = memory.mend

    def help_up() -> None:
        memory.down.clear()
        mend()

    monkeypatch.setattr(memory, "mend", help_up)
    result = run(memory, lambda _: memory.down.set())
    assert result.seconds is None
    assert memory.mended == 1


def test_what_is_not_well_in_the_end_is_told(memory: Memory) -> None:
    result = run(memory, broken(memory, wrong="failed units: docker.service"))
    assert "FAILED (failed units: docker.service)" in result.told
    assert memory.mended == 1


def test_a_message_counts_as_read_although_nobody_heard_so(memory: Memory) -> None:
    assert run(memory, broken(memory, mute=True)).passed


def test_with_the_button_a_message_is_read_by_a_press(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first two are not felt, and for the next two there is nobody to press it."""
    felt = [True, True, False, False]
    monkeypatch.setattr(traffic, "_PRESSED", 0.05)

    def press() -> bool:
        return felt.pop(0) if felt else Memory.press(memory)

    monkeypatch.setattr(memory, "press", press)
    assert run(memory, lambda _: None, by_button=True).passed
    assert felt == []


def test_a_scene_is_there_before_the_fault_and_gone_after_it(memory: Memory) -> None:
    course: list[str] = []

    @contextlib.contextmanager
    def scene(_: Any) -> Iterator[None]:
        course.append("begins")
        yield
        course.append("ends")

    run(memory, lambda _: course.append("fault"), scene=scene)
    assert course == ["begins", "fault", "ends"]


def test_a_camera_knows_a_message_again_by_what_stands_above_its_time(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="needs Pillow")
    path = tmp_path / "glass.png"
    one, other = (image.new("1", (264, 176), 1) for _ in range(2))
    for at, picture in ((170, one), (20, other)):
        picture.paste(0, (10, at, 40, at + 4))
    other.save(path)
    white = image.new("1", (264, 176), 1)
    white.save(tmp_path / "white.png")
    known = {fingerprint((tmp_path / "white.png").read_bytes()): 7}
    camera = Camera(path, known)
    assert camera.look() == (True, None)
    assert camera.look() == (False, None)
    one.save(path)
    assert camera.look() == (True, 7)
    path.write_bytes(b"half a picture")
    assert camera.look() == (False, None)
    assert text_of(7) == "Number 7"
