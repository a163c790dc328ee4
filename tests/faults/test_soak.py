"""What a soak says in the end, by what it found; and its hours, against an appliance of nothing."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import running, soak
from tests.faults.soak import Findings
from tests.faults.table import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = 60.0
NAMES = ("app", "driver")


@pytest.fixture
def findings() -> Findings:
    """An hour in which all was well."""
    made = Findings()
    for minute in range(60):
        made.visited(MINUTE, well=True)
        made.sampled(minute * MINUTE, found())
    made.results = [Result("app: killed", "process", 50.0, 9.0, accepted=40)]
    made.wrote(3600.0, {"app": 1000}, {"app": 101_000, "dockerd": 50_000})
    return made


def found(app_kb: float = 40_000, app_files: int = 20) -> dict[str, Any]:
    """Give what the Pi says of its parts."""
    return {
        "life": dict.fromkeys(NAMES, "1@1"),
        "pss": {"app": app_kb, "driver": 9_000},
        "files": {"app": app_files, "driver": 9},
    }


@pytest.mark.unit
def test_all_is_well_and_told_in_figures(findings: Findings) -> None:
    assert findings.faults == []
    assert findings.summary == (
        "served 100.00 % of 3600 s, 60 of 60 requests; "
        "40 messages acknowledged, 0 lost, 0 twice, 0 out of order"
    )
    assert findings.disk.startswith("written in 3600 s of quiet: 3.60 MB a day (goal 5); app 2.40")


@pytest.mark.unit
def test_who_is_not_answered_is_not_served(findings: Findings) -> None:
    findings.visited(400.0, well=False)
    assert findings.summary.startswith("served 90.00 % of 4000 s, 60 of 61 requests;")


@pytest.mark.unit
@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"twice": 1},
        {"disordered": 1},
        {"wrong": "failed units: docker.service"},
        {"seconds": None},
    ],
)
def test_whatever_goes_wrong_in_a_run_is_told(findings: Findings, wrong: dict[str, Any]) -> None:
    bad = Result(**{"fault": "it", "kind": "process", "budget": 5.0, "seconds": 1.0, **wrong})
    findings.results.append(bad)
    assert findings.faults == [bad.told]


@pytest.mark.unit
def test_memory_that_grows_is_told(findings: Findings) -> None:
    """By a megabyte an hour."""
    findings.samples.clear()
    for minute in range(60):
        findings.sampled(minute * MINUTE, found(app_kb=40_000 + 1000 * minute / 60))
    (told,) = findings.faults
    assert told.startswith("app: +24.6 a day")
    assert told.endswith("more than 12 MB a day")


@pytest.mark.unit
def test_files_that_stay_open_are_told(findings: Findings) -> None:
    findings.samples.clear()
    for minute in range(60):
        findings.sampled(minute * MINUTE, found(app_files=20 + minute // 5))
    (told,) = findings.faults
    assert told.endswith("more than 12 files a day")


@pytest.mark.unit
def test_a_disk_that_is_written_to_too_often_is_told(findings: Findings) -> None:
    assert "ABOVE" not in findings.disk
    findings.wrote(100.0, {"app": 101_000}, {"app": 400_000})
    assert "(goal 5, ABOVE IT)" in findings.disk


class Nothing:
    """An appliance that is well; `wrong` is what is not in the end."""

    pi = None

    def __init__(self) -> None:
        self.wrong = ""

    def settle(self) -> str:
        return self.wrong

    def client(self) -> Any:
        raise AssertionError("nobody visits it here")


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> Nothing:
    """Hours that take a moment, and what happens in them."""
    appliance = Nothing()

    @contextlib.contextmanager
    def deployed(_: object) -> Iterator[Nothing]:
        yield appliance

    monkeypatch.setattr(soak, "deployed", deployed)
    monkeypatch.setattr(soak, "_is_answered", lambda _: True)
    for name in ("_QUIET", "_BETWEEN"):
        monkeypatch.setattr(soak, name, (0.0, 0.01))
    monkeypatch.setattr(soak, "on_the_pi", lambda *_: {**found(), "written": {"app": 0}})
    return appliance


def run(monkeypatch: pytest.MonkeyPatch, ran: list[str], **more: Any) -> int:
    """Run the program for a second; give its status."""

    def fake(_: object, fault: Any, *__: object) -> Result:
        ran.append(fault.name)
        threading.Event().wait(0.02)
        # Longer than its budget, which is nothing that a soak judges.
        return Result(fault.name, "process", 5.0, 9.0, **more)

    monkeypatch.setattr(running, "run", fake)
    return soak.main(["--hours", "0.0003", "--seed", "one"])


@pytest.mark.integration
def test_faults_come_first_and_then_nothing_happens(
    nothing: Nothing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []
    assert run(monkeypatch, ran) == 0
    told = capsys.readouterr().out
    assert "Seed one" in told
    assert told.endswith("Nothing was lost, failed or grew.\n")
    first = ran.index("nothing at all")
    assert first > 0
    assert set(ran[first:]) == {"nothing at all"}
    assert not any(name.startswith("release:") for name in ran)


@pytest.mark.integration
def test_a_message_that_is_lost_ends_it_with_an_error(
    nothing: Nothing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, [], lost=1) == 1
    assert "What is wrong:" in capsys.readouterr().out


@pytest.mark.integration
def test_so_does_what_is_not_well_in_the_end(
    nothing: Nothing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing.wrong = "failed units: docker.service"
    assert run(monkeypatch, []) == 1
    assert capsys.readouterr().out.endswith("What is wrong:\nfailed units: docker.service\n")
