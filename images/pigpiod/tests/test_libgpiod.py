"""What only the real libgpiod can say: skipped, with the reason, where it is not installed."""

import dataclasses
import inspect
import subprocess
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pigpiod_bridge.clock import ManualClock

MISSING = "the Python module of libgpiod 2 is not installed here"


@pytest.mark.integration
def test_a_chip_that_nobody_has_ends_the_program_with_a_sentence(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    pytest.importorskip("gpiod", reason=MISSING)
    answer = run("serve", "--line", "gpiochip", "--gpio", "22", "--chip-label", "no such label")
    assert answer.returncode == 1
    assert "pigpiod-bridge: no GPIO chip is called no such label; found: " in answer.stderr


def _names(enum: Any) -> set[str]:
    return {member.name for member in enum}


@pytest.mark.contract
def test_the_fake_has_no_name_and_no_parameter_that_libgpiod_lacks(
    fake_libgpiod: ModuleType,
) -> None:
    real = pytest.importorskip("gpiod", reason=MISSING)
    for name in ("Value", "Direction", "Bias", "Edge", "Clock"):
        assert _names(getattr(fake_libgpiod, name)) == _names(getattr(real.line, name))
    assert _names(fake_libgpiod.EdgeEvent.Type) == _names(real.EdgeEvent.Type)
    for name in ("LineSettings", "EdgeEvent"):
        ours, theirs = (dataclasses.fields(getattr(m, name)) for m in (fake_libgpiod, real))
        assert {field.name for field in ours} <= {field.name for field in theirs}
    for kind in ("Chip", "LineRequest"):
        _compare_methods(getattr(fake_libgpiod, kind), getattr(real, kind))
    assert hasattr(real.LineInfo, "__dataclass_fields__")
    told = vars(fake_libgpiod.Chip(_nothing(fake_libgpiod), "x").get_line_info(0)).keys()
    assert told <= {field.name for field in dataclasses.fields(real.LineInfo)}


def _nothing(fake: ModuleType) -> Any:
    return fake.Board(ManualClock(), {})


def _compare_methods(ours: Any, theirs: Any) -> None:
    added = {"changed", "path", "LINES", "offsets"}  # the fake's own, or attributes of instances
    for name, method in vars(ours).items():
        if not name.startswith("_") and name not in added:
            assert hasattr(theirs, name)
        if not name.startswith("_") and name not in added and callable(method):
            assert (
                inspect.signature(method).parameters.keys()
                <= inspect.signature(getattr(theirs, name)).parameters.keys()
            )
