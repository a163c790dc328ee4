"""The table of the comparison with 2017."""

from __future__ import annotations

import pytest

from pi_images import bench

pytestmark = pytest.mark.unit


def test_goals_that_are_met_and_missed_are_told() -> None:
    lines = bench.table(bench.Measured(60, 200_000_000), bench.Measured(400, 500_000_000))
    assert lines[2] == "| time to build | 400 s | 60 s | 1/6.7 | <= 1/6 | yes |"
    assert lines[3] == "| image, unpacked | 500 MB | 200 MB | 1/2.5 | <= 1/3 | NO |"


def test_versions_are_those_that_are_pinned() -> None:
    text = "aiohttp==3.11.16\nPillow==11.1.0\n"
    assert bench.pinned(text, "pillow") == "11.1.0"
    with pytest.raises(KeyError):
        bench.pinned(text, "aio")
