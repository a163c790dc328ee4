"""What commands do to the glass and to the account of it."""

from pathlib import Path

import pytest

from epdfuse.panel.commands import Command, Operator, Order
from epdfuse.panel.glass import GlassStore
from epdfuse.panel.spec import (
    BusyTimeoutError,
    DcFailedError,
    PanelBrokenError,
    PanelError,
    PanelSpec,
    UnsupportedCogError,
    panel_spec,
)
from epdfuse.simulator.memory import MemoryPanel

pytestmark = pytest.mark.unit


@pytest.fixture
def panel(spec: PanelSpec) -> MemoryPanel:
    return MemoryPanel(spec)


@pytest.fixture
def store(tmp_path: Path, spec: PanelSpec) -> GlassStore:
    return GlassStore(tmp_path, tmp_path, spec.description)


@pytest.fixture
def operator(panel: MemoryPanel, store: GlassStore) -> Operator:
    return Operator(panel, store)


def order(frame: bytes, command: Command = Command.UPDATE) -> Order:
    timed = command is Command.PARTIAL_TIMED
    return Order(command, frame, 25, 300 if timed else None)


@pytest.mark.parametrize(
    ("written", "command"),
    [
        (b"C", Command.CLEAR),
        (b"U\n", Command.UPDATE),
        (b"PU", Command.PARTIAL),
        (b"F", Command.PARTIAL_TIMED),
        (b"u", None),
        (b" U", None),
        (b"", None),
        (b"\0", None),
    ],
)
def test_the_first_byte_is_the_command(written: bytes, command: Command | None) -> None:
    assert Command.parse(written) is command


def test_before_the_first_command_nothing_is_certain(operator: Operator, spec: PanelSpec) -> None:
    assert operator.standing.error_text == "Undefined"
    assert operator.standing.glass.frame == spec.white
    assert not operator.standing.glass.certain


def test_an_update_puts_the_frame_on_the_glass(
    operator: Operator, panel: MemoryPanel, new: bytes
) -> None:
    operator.run(order(new))
    assert operator.standing.glass.frame == panel.glass == new
    assert operator.standing.glass.certain
    assert operator.standing.error_text == "OK"


def test_the_first_partial_on_an_unknown_glass_is_a_full_update(
    operator: Operator, panel: MemoryPanel, old: bytes, new: bytes
) -> None:
    operator.run(order(old, Command.PARTIAL))
    operator.run(order(new, Command.PARTIAL))
    assert panel.calls == ["update unknown", "partial None"]


def test_the_stage_time_reaches_the_panel(
    operator: Operator, panel: MemoryPanel, old: bytes, new: bytes
) -> None:
    operator.run(order(old))
    operator.run(order(new, Command.PARTIAL_TIMED))
    assert panel.calls[-1] == "partial 300"


def test_film_230_makes_a_partial_a_full_update(tmp_path: Path) -> None:
    spec = panel_spec("2.7", 230)
    panel = MemoryPanel(spec)
    operator = Operator(panel, GlassStore(tmp_path, tmp_path, spec.description))
    operator.run(order(spec.white))
    operator.run(order(spec.white, Command.PARTIAL))
    assert panel.calls == ["update unknown", "update known"]


def test_the_temperature_reaches_the_panel(operator: Operator, panel: MemoryPanel) -> None:
    operator.run(Order(Command.CLEAR, panel.spec.white, -7, None))
    assert panel.celsius == -7


@pytest.mark.parametrize("error", [UnsupportedCogError, PanelBrokenError, DcFailedError])
def test_a_failure_before_drawing_leaves_the_glass_as_it_was(
    operator: Operator, panel: MemoryPanel, old: bytes, new: bytes, error: type[PanelError]
) -> None:
    operator.run(order(old))
    panel.failure = error("told so")
    with pytest.raises(error):
        operator.run(order(new))
    assert operator.standing.glass.frame == old
    assert operator.standing.glass.certain
    assert operator.standing.error_text == error.error_text


def test_a_failure_while_drawing_makes_the_next_update_drive_every_pixel(
    operator: Operator, panel: MemoryPanel, old: bytes, new: bytes
) -> None:
    operator.run(order(old))
    panel.failure = BusyTimeoutError("stuck", glass_disturbed=True)
    with pytest.raises(BusyTimeoutError):
        operator.run(order(new))
    assert operator.standing.glass.frame == old
    panel.failure = None
    operator.run(order(new, Command.PARTIAL))
    assert panel.calls[-1] == "update unknown"
    assert panel.glass == new


def test_what_was_drawn_is_there_again_after_a_restart(
    operator: Operator, store: GlassStore, spec: PanelSpec, old: bytes, new: bytes
) -> None:
    operator.run(order(old))
    panel = MemoryPanel(spec)
    again = Operator(panel, store)
    assert again.standing.glass == operator.standing.glass
    assert again.standing.error_text == "Undefined"
    again.run(order(new, Command.PARTIAL))
    assert panel.calls == ["partial None"]


def test_after_a_failure_before_drawing_a_restart_still_trusts_the_glass(
    operator: Operator, panel: MemoryPanel, store: GlassStore, old: bytes, new: bytes
) -> None:
    operator.run(order(old))
    panel.failure = DcFailedError("told so")
    with pytest.raises(DcFailedError):
        operator.run(order(new))
    assert Operator(panel, store).standing.glass.certain


def test_after_a_failure_while_drawing_a_restart_does_not_trust_the_glass(
    operator: Operator, panel: MemoryPanel, store: GlassStore, old: bytes, new: bytes
) -> None:
    operator.run(order(old))
    panel.failure = BusyTimeoutError("stuck", glass_disturbed=True)
    with pytest.raises(BusyTimeoutError):
        operator.run(order(new))
    assert not Operator(panel, store).standing.glass.certain


@pytest.mark.parametrize(
    ("film", "command", "powered"),
    [
        (231, Command.PARTIAL, True),
        (231, Command.PARTIAL_TIMED, True),
        (231, Command.UPDATE, False),
        (110, Command.PARTIAL, False),
    ],
)
def test_only_a_partial_on_film_231_leaves_power(
    tmp_path: Path, film: int, command: Command, powered: bool
) -> None:
    spec = panel_spec("2.7", film)
    operator = Operator(MemoryPanel(spec), GlassStore(tmp_path, tmp_path, spec.description))
    assert operator.leaves_power(order(spec.white, command)) is powered


def test_a_panel_at_rest_has_no_power(
    operator: Operator, panel: MemoryPanel, old: bytes, new: bytes
) -> None:
    operator.run(order(old))
    operator.run(order(new, Command.PARTIAL))
    assert panel.powered
    operator.rest()
    assert not panel.powered
