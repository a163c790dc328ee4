"""How the appliance says that it is."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand import __version__
from inkstand.button import MemoryButton
from inkstand.events import StorageChanged
from inkstand.status.authority import Authority
from inkstand.status.certificate import Certificate
from inkstand.status.host_time import HostTime
from inkstand.status.recent_errors import RecentErrors
from inkstand.status.report import StatusReport
from inkstand.status.updates import UpdatesFile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit
Stage = Any


@pytest.fixture
def parts(stage: Stage, tmp_path: Path) -> dict[str, Any]:
    return {
        "title": "Inkstand",
        "url": "https://mac.example.com/",
        "clock": stage.clock,
        "display": stage.display,
        "button": MemoryButton(stage.clock, stage.hub),
        "time": HostTime(tmp_path / "synchronized", stage.clock),
        "certificate": Certificate(None, None, stage.clock),
        "authority": Authority("", stage.clock),
        "recent_errors": RecentErrors(stage.hub),
        "updates": UpdatesFile(tmp_path / "updates.json", "inkstand/app:1"),
        "screens": {},
        "state_directory": tmp_path,
    }


async def test_what_is_not_known_or_not_well_is_said(parts: dict[str, Any], stage: Stage) -> None:
    report = StatusReport(**parts)
    screen = report.screen()
    assert (screen.title, screen.link) == ("Inkstand", "https://mac.example.com")
    assert dict(screen.entries) == {
        "": "https://mac.example.com",
        "Certificate": "not known",
        "Panel": "ok",
        "Button": "it is not watched",
        "Time": "not synchronised",
        "Version": __version__,
        "Errors": "none",
    }
    assert report.started_at == stage.clock.now()


async def test_what_is_well_is_said_with_local_times(parts: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "synchronized").touch()
    parts["certificate"]._expires_at = datetime(2027, 2, 3, 12, tzinfo=UTC)
    report = StatusReport(**parts)
    entries = dict(report.screen().entries)
    assert entries["Certificate"] == "until 2027-02-03"
    assert entries["Time"] == "09:30"
    assert report.synchronised
    assert report.certificate_expires_at == datetime(2027, 2, 3, 12, tzinfo=UTC)


async def test_who_has_an_authority_of_its_own_says_how_to_recognise_it(
    parts: dict[str, Any],
) -> None:
    parts["authority"]._fingerprint = "3F:A2:11:0C 99:00:00:01"
    entries = dict(StatusReport(**parts).screen().entries)
    assert entries["CA SHA-256"] == "3F:A2:11:0C 99:00:00:01"


async def test_the_last_two_errors_are_on_the_screen_and_all_are_known(
    parts: dict[str, Any], stage: Stage, eventually: Any
) -> None:
    report = StatusReport(**parts)
    task = asyncio.create_task(report.run())
    await eventually(lambda: len(stage.hub._listeners) == 2)
    for number in range(3):
        at = stage.clock.now() + timedelta(minutes=number)
        stage.hub.publish(StorageChanged(at, f"reason {number}"))
    await eventually(lambda: len(report.errors) == 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [trouble.what for trouble in report.errors] == [
        f"storage: reason {number}" for number in (2, 1, 0)
    ]
    assert report.screen().entries[-3:] == (
        ("Errors", ""),
        ("21 Nov 09:32", "storage: reason 2"),
        ("21 Nov 09:31", "storage: reason 1"),
    )


async def test_a_panel_that_is_gone_is_named(parts: dict[str, Any], stage: Stage) -> None:
    stage.panel.vanish()
    stage.display.look_again()
    await stage.next_change()
    assert "vanish" in StatusReport(**parts).panel


def keep(tmp_path: Path, packages: list[str]) -> None:
    found = {"image": "inkstand/app:1", "packages": packages, "security": packages[:1]}
    record = {"at": "2026-11-29T18:00:00+00:00", "images": {"inkstand-app": found}}
    (tmp_path / "updates.json").write_text(json.dumps(record))


async def test_what_is_older_than_debians_is_counted(parts: dict[str, Any], tmp_path: Path) -> None:
    report = StatusReport(**parts)
    keep(tmp_path, [])
    assert "Updates" not in dict(report.screen().entries)
    keep(tmp_path, ["libc6", "openssl"])
    assert dict(report.screen().entries)["Updates"] == "2, 1 for security"
