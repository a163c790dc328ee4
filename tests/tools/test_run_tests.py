"""What the closing report says, and how a run that was cut off goes on."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

# Run from the root of the repository, as its users do; pytest is not always started there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import run_tests

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
TREE = "8c9b6e"


def planned(*, everything: bool = True, why_no_pi: str = "") -> list[run_tests.Step]:
    wanted = argparse.Namespace(
        all=everything, scenarios=["default"], slow_scenarios=["fleet"], architectures=["armhf"]
    )
    return run_tests.steps(wanted, why_no_pi)


def all_but(*names: str) -> list[run_tests.Step]:
    """Give the steps of a run in which these are not green."""
    done = planned()
    for step in done:
        step.status, step.seconds = (1 if step.name in names else 0), 7.0
    return done


def to_do(steps: list[run_tests.Step]) -> list[str]:
    return [step.name for step in steps if step.status is None and not step.reason_not_to]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "results" / run_tests.LEDGER


def test_each_scenario_and_architecture_is_a_step_of_its_own() -> None:
    assert [step.make for step in planned()] == [
        ("lint",),
        ("test-python",),
        ("test-scenario", "SCENARIO=default"),
        ("test-scenario", "SCENARIO=fleet"),
        ("test-architectures", "ARCHES=armhf"),
        ("test-home-assistant",),
    ]


def test_what_takes_long_is_left_out_and_named_unless_it_is_wanted() -> None:
    assert {step.name: step.verdict for step in planned(everything=False)[3:]} == {
        "scenario fleet": "left out: takes long; `make test-all` runs it",
        "images for armhf": "left out: takes long; `make test-all` runs it",
        "Home Assistant": "left out: takes long; `make test-all` runs it",
    }


def test_without_root_no_virtual_pi_is_tried() -> None:
    tried = to_do(planned(why_no_pi="a virtual Pi needs root"))
    assert tried == ["static checks", "unit, contract, integration"]


def test_a_run_that_was_cut_off_goes_on_with_what_is_not_green(ledger: Path) -> None:
    run_tests.write_ledger(ledger, TREE, all_but("scenario fleet"))
    again = planned()
    assert run_tests.take_up(ledger, TREE, again)
    assert to_do(again) == ["scenario fleet"]
    assert again[0].verdict == "green, in an earlier run"
    assert again[0].seconds == 7.0


@pytest.mark.parametrize(
    ("kept", "now"), [(TREE, "another"), (TREE, ""), ("", "")], ids=["changed", "edited", "never"]
)
def test_a_run_begins_anew_when_files_are_others(ledger: Path, kept: str, now: str) -> None:
    run_tests.write_ledger(ledger, kept, all_but("scenario fleet"))
    again = planned()
    assert not run_tests.take_up(ledger, now, again)
    assert len(to_do(again)) == len(again)


def test_a_run_begins_anew_when_the_last_one_was_green_to_its_end(ledger: Path) -> None:
    run_tests.write_ledger(ledger, TREE, all_but())
    again = planned()
    assert not run_tests.take_up(ledger, TREE, again)
    assert len(to_do(again)) == len(again)


def test_steps_that_run_side_by_side_are_all_kept(ledger: Path) -> None:
    one, other = planned(), planned()
    run_tests.write_ledger(ledger, TREE, one)
    one[3].status = other[4].status = 0
    run_tests.write_ledger(ledger, TREE, one)
    run_tests.write_ledger(ledger, TREE, other)
    again = planned()
    assert run_tests.take_up(ledger, TREE, again)
    assert to_do(again) == [step.name for step in (*again[:3], again[5])]


def test_only_the_steps_that_are_named_are_to_do() -> None:
    steps = planned()
    run_tests.leave_out_others(steps, ["fleet", "lint"])
    assert to_do(steps) == ["static checks", "scenario fleet"]
    assert steps[2].verdict == "left out: other steps were asked for"


def test_all_steps_are_to_do_when_none_is_named() -> None:
    steps = planned()
    run_tests.leave_out_others(steps, [])
    assert to_do(steps) == [step.name for step in steps]


def test_a_named_step_of_a_run_that_goes_on_keeps_what_is_known_of_others(ledger: Path) -> None:
    run_tests.write_ledger(ledger, TREE, all_but("scenario fleet", "images for armhf"))
    named = planned()
    run_tests.leave_out_others(named, ["armhf"])
    assert run_tests.take_up(ledger, TREE, named)
    assert to_do(named) == ["images for armhf"]
    assert {step.name: step.verdict for step in named[2:4]} == {
        "scenario default": "green, in an earlier run",
        "scenario fleet": "left out: other steps were asked for",
    }


def test_a_step_that_is_not_there_is_refused_with_the_names_of_those_that_are() -> None:
    with pytest.raises(SystemExit, match=r"No step fleets; .*default, fleet, armhf"):
        run_tests.leave_out_others(planned(), ["fleets"])


def test_there_is_nothing_to_go_on_with_at_first(ledger: Path) -> None:
    assert not run_tests.take_up(ledger, TREE, planned())


def test_a_tree_has_a_name_only_while_nothing_is_edited(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    assert run_tests.tree(tmp_path) == "", "not a repository"
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "file").write_text("one")
    assert run_tests.tree(tmp_path) == "", "not committed"
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=One"], check=True)
    first = run_tests.tree(tmp_path)
    assert len(first) == 40
    (tmp_path / "file").write_text("two")
    assert run_tests.tree(tmp_path) == "", "edited"
    subprocess.run([*git, "commit", "--quiet", "--all", "--message=Two"], check=True)
    assert run_tests.tree(tmp_path) != first


def test_each_scenario_counts_its_tests_under_its_own_name() -> None:
    """Two suites of one name would hide each other's counts from the closing report."""
    suites = []
    for path in sorted((ROOT / "molecule").glob("*/verify.yml")):
        for task in yaml.safe_load(path.read_text())[0]["tasks"]:
            argv = task.get("ansible.builtin.command", {}).get("argv", [])
            if "pytest" in argv:
                suite = task["environment"]["INKSTAND_TEST_SUITE"]
                assert suite.startswith(f"molecule-{path.parent.name}"), path
                suites.append(suite)
    assert len(suites) == len(set(suites)) > 9


def test_a_failed_step_fails_the_report_without_hiding_the_others() -> None:
    lines = "\n".join(run_tests.report(all_but("scenario default"), run_tests.Totals()))
    assert "scenario default" in lines
    assert "FAILED (exit 1)" in lines
    assert lines.count("green") == 5


def test_the_report_ends_with_what_failed_and_why() -> None:
    found = run_tests.Totals()
    found.add({"e2e": {"failed": 1}}, {}, {"molecule/x.py::test_a": "assert 1 == 2\n and more"})
    assert run_tests.report(all_but("scenario fleet"), found)[-6:] == [
        "FAILED molecule/x.py::test_a",
        "  assert 1 == 2",
        "   and more",
        "",
        "scenario fleet: FAILED (exit 1)",
        "tests: 0 passed, 1 failed, 0 skipped",
    ]
