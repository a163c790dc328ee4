"""Figures of runs, and the table of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.table import MARK, Result, inserted, keep, kept, percentile, table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

GOOD = Result("app: killed", "process", 5.0, 1.24)


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1.0), (50, 50.0), (50.5, 51.0), (99, 99.0), (100, 100.0)]
)
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(it) for it in range(100, 0, -1)], percent) == value


def test_of_one_value_each_percentile_is_that() -> None:
    assert {percentile([7.0], percent) for percent in (1, 50, 99, 100)} == {7.0}


def test_of_nothing_there_is_none() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ({}, True),
        ({"seconds": 5.0}, True),
        ({"seconds": 5.01}, False),
        ({"seconds": None}, False),
        ({"lost": 1}, False),
        ({"twice": 1}, False),
        ({"disordered": 1}, False),
        ({"wrong": "a unit failed"}, False),
    ],
)
def test_a_run_passes_in_time_and_with_nothing_wrong(
    change: dict[str, object], passed: bool
) -> None:
    assert replace(GOOD, **change).passed is passed  # type: ignore[arg-type]


def test_a_row_has_the_figures_of_all_runs_of_a_fault() -> None:
    runs = [GOOD, replace(GOOD, seconds=3.0, lost=2), Result("other", "hung", 15.0, 2.0)]
    *_, row, other = table([*runs, replace(GOOD, seconds=6.0, twice=1, disordered=1)]).splitlines()
    assert row == "| app: killed | process | 3 | 5 s | 3.0 s | **6.0 s** | **6.0 s** | 2 | 2 |"
    assert other == "| other | hung | 1 | 15 s | 2.0 s | 2.0 s | 2.0 s | 0 | 0 |"


def test_who_was_never_served_is_the_worst() -> None:
    row = table([GOOD, replace(GOOD, seconds=None)]).splitlines()[-1]
    assert "| 1.2 s | **never** | **never** |" in row


def test_a_line_names_all_that_went_wrong() -> None:
    said = replace(GOOD, lost=1, disordered=2, wrong="a unit failed").told
    assert said == "  1.2 s  app: killed  FAILED (1 lost; 2 out of order; a unit failed)"
    assert "FAILED" not in GOOD.told
    assert replace(GOOD, seconds=None).told.startswith("nobody was served")


def test_results_are_kept_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "results" / "faults.jsonl"
    runs = [GOOD, replace(GOOD, seconds=None, wrong='with "quotes"')]
    for run in runs:
        keep(path, run)
    assert kept(path) == runs


def test_a_table_takes_the_place_of_the_one_before() -> None:
    document = f"before\n{MARK}\nold\n{MARK}\nafter\n"
    assert inserted(document, "new") == f"before\n{MARK}\nnew\n{MARK}\nafter\n"


def test_a_document_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        inserted("no marks", "new")
