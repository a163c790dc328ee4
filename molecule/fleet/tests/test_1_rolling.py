"""One inventory, three Pis, one of them broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e


def test_one_broken_pi_stops_no_other_and_the_exit_code_says_so(
    play: Callable[..., Any], one: Any, two: Any, broken: Any
) -> None:
    run = play("playbook.yml", "-e", "inkstand_serial=2")
    assert run.status == 2, run.output[-3000:]
    assert "updated" in run.about(one.name), run.output[-6000:]
    assert "updated" in run.about(two.name), run.output[-6000:]
    told = run.about(broken.name)
    assert "FAILED at docker : run | Enable and start the engine" in told
    assert "masked" in told
    for pi in (one, two):
        assert pi.api.ask("GET", "/healthz")[1]["status"] == "ok"


def test_the_second_run_says_that_nothing_changed(
    play: Callable[..., Any], one: Any, two: Any
) -> None:
    run = play("playbook.yml", "--limit", f"{one.name},{two.name}")
    assert run.status == 0, run.output[-3000:]
    assert run.about(one.name).startswith(f"{one.name} unchanged")
    assert run.about(two.name).startswith(f"{two.name} unchanged")
