"""How the appliance says that it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand import __version__
from inkstand.authority import Authority
from inkstand.button import MemoryButton
from inkstand.certificate import Certificate
from inkstand.condition import Condition
from inkstand.events import StorageChanged
from inkstand.host_time import HostTime
from inkstand.journal import Journal

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
        "journal": Journal(stage.hub),
        "state_directory": tmp_path,
    }


async def test_what_is_not_known_or_not_well_is_said(parts: dict[str, Any], stage: Stage) -> None:
    condition = Condition(**parts)
    screen = condition.screen()
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
    assert condition.started_at == stage.clock.now()


async def test_what_is_well_is_said_with_local_times(parts: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "synchronized").touch()
    parts["certificate"]._expires_at = datetime(2027, 2, 3, 12, tzinfo=UTC)
    condition = Condition(**parts)
    entries = dict(condition.screen().entries)
    assert entries["Certificate"] == "until 2027-02-03"
    assert entries["Time"] == "09:30"
    assert condition.synchronised
    assert condition.certificate_expires_at == datetime(2027, 2, 3, 12, tzinfo=UTC)


async def test_who_has_an_authority_of_its_own_says_how_to_recognise_it(
    parts: dict[str, Any],
) -> None:
    parts["authority"]._fingerprint = "3F:A2:11:0C 99:00:00:01"
    entries = dict(Condition(**parts).screen().entries)
    assert entries["CA SHA-256"] == "3F:A2:11:0C 99:00:00:01"


async def test_the_last_two_errors_are_on_the_screen_and_all_are_known(
    parts: dict[str, Any], stage: Stage, eventually: Any
) -> None:
    condition = Condition(**parts)
    task = asyncio.create_task(condition.run())
    await eventually(lambda: len(stage.hub._listeners) == 2)
    for number in range(3):
        at = stage.clock.now() + timedelta(minutes=number)
        stage.hub.publish(StorageChanged(at, f"reason {number}"))
    await eventually(lambda: len(condition.errors) == 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [trouble.what for trouble in condition.errors] == [
        f"storage: reason {number}" for number in (2, 1, 0)
    ]
    assert condition.screen().entries[-3:] == (
        ("Errors", ""),
        ("21 Nov 09:32", "storage: reason 2"),
        ("21 Nov 09:31", "storage: reason 1"),
    )


async def test_a_panel_that_is_gone_is_named(parts: dict[str, Any], stage: Stage) -> None:
    stage.panel.vanish()
    stage.display.look_again()
    await stage.next_change()
    assert "vanish" in Condition(**parts).panel
