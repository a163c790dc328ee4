"""How long a panel takes."""

import pytest

from epdfuse.panel import panel_spec
from epdfuse.physics import factor_10x, timing

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("celsius", "factor"),
    [
        (99, 7),
        (41, 7),
        (40, 10),
        (21, 10),
        (20, 20),
        (16, 20),
        (15, 30),
        (11, 30),
        (10, 40),
        (6, 40),
        (5, 80),
        (-4, 80),
        (-5, 120),
        (-9, 120),
        (-10, 170),
        (-99, 170),
    ],
)
def test_cold_makes_stages_longer_and_heat_shorter(celsius: int, factor: int) -> None:
    assert factor_10x(celsius) == factor


def test_a_full_update_of_the_large_panel_takes_3420_ms_at_25_degrees() -> None:
    steps = timing(panel_spec("2.7"))
    assert steps.begin + steps.full_stages * steps.stage_at(25) + steps.end == 3420


def test_a_partial_update_takes_630_ms_when_powered_and_985_ms_when_not() -> None:
    steps = timing(panel_spec("2.7"))
    assert steps.partial_stages * steps.stage_at(25) == 630
    assert steps.begin + steps.partial_stages * steps.stage_at(25) == 985


def test_the_factor_is_applied_in_whole_numbers() -> None:
    assert timing(panel_spec("2.7")).stage_at(45) == 441
    assert timing(panel_spec("1.44")).stage_at(45) == 336


def test_film_230_counts_frames_whatever_the_temperature() -> None:
    steps = timing(panel_spec("2.7", 230))
    assert steps.stage_at(-20) == steps.stage_at(25)
