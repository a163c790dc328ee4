"""What stands on the glass, in other languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.button import MemoryButton
from inkstand.clock import TrustedTime
from inkstand.config import load
from inkstand.errors import ConfigError
from inkstand.language import CODES, language_of
from inkstand.packs.drawing import as_of
from inkstand.packs.templates import Templates
from inkstand.screens import ClockScreen, MessageScreen, StatusScreen
from inkstand.screens.message import signature
from inkstand.screens.quiet import QuietLook, quiet_screen
from inkstand.status.authority import Authority
from inkstand.status.certificate import Certificate
from inkstand.status.recent_errors import RecentErrors
from inkstand.status.report import StatusReport
from inkstand.status.updates import UpdatesFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL import Image

pytestmark = pytest.mark.unit
Stage = Any

NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GERMAN = language_of("de")


@pytest.mark.parametrize(
    ("code", "today", "yesterday"),
    [
        ("en", "anna at 10:00", "anna, 28 Nov 10:00"),
        ("de", "anna um 10:00", "anna, 28. Nov. 10:00"),
        ("fr", "anna à 10:00", "anna, 28 nov. 10:00"),
        ("es", "anna, 10:00", "anna, 28 nov 10:00"),
        ("sv", "anna kl. 10:00", "anna, 28 nov. 10:00"),
    ],
)
def test_a_message_says_when_it_came(code: str, today: str, yesterday: str) -> None:
    assert signature("anna", NOW, NOW, language_of(code)) == today
    assert signature("anna", NOW - DAY, NOW, language_of(code)) == yesterday


def test_an_author_is_no_text_to_be_filled_in() -> None:
    assert signature("{time}{0}", NOW, language=GERMAN) == "{time}{0} um 10:00"


def test_the_quiet_screen_says_until_when() -> None:
    shown = quiet_screen(QuietLook.UNTIL, ClockScreen(), NOW, NOW, language_of("sv", 12))
    assert shown == MessageScreen("Tyst till 10:00\u00a0fm")


def test_a_message_of_which_nothing_is_seen_says_so() -> None:
    said = MessageScreen("\u200b", language=GERMAN).render((264, 176), NOW)
    assert said.tobytes() == MessageScreen("(leere Nachricht)").render((264, 176), NOW).tobytes()


async def test_the_status_is_told(stage: Stage, tmp_path: Path) -> None:
    errors = RecentErrors(stage.hub)
    errors.note(stage.clock.now(), "storage: the disk is full")
    report = StatusReport(
        title="Inkstand",
        url="",
        clock=stage.clock,
        display=stage.display,
        button=MemoryButton(stage.clock, stage.hub),
        time=TrustedTime(),
        certificate=Certificate(None, None, stage.clock),
        authority=Authority("", stage.clock),
        recent_errors=errors,
        updates=UpdatesFile(tmp_path / "updates.json", "none"),
        screens=dict,
        state_directory=tmp_path,
        language=GERMAN,
    )
    assert report.screen().entries[1:] == (
        ("Zertifikat", "nicht bekannt"),
        ("Anzeige", "in Ordnung"),
        ("Taster", "it is not watched"),
        ("Uhrzeit", "09:30"),
        ("Version", report.version),
        ("Fehler", ""),
        ("21. Nov. 09:30", "storage: the disk is full"),
    )


def test_packs_follow() -> None:
    templates = Templates(NOW, {"now": NOW.isoformat()}, GERMAN)
    assert templates.fill("{{ now | date }} {{ now | weekday }}") == "So., 29. Nov. So"
    assert templates.fill("{{ now | day }}, {{ 1.5 | number(1) }}") == "29. Nov., 1,5"
    assert (
        templates.fill("{{ now | strftime('%A') }}: {{ 71 | weather_text }}") == "Sonntag: Schnee"
    )
    assert (
        templates.fill("{{ 'Nothing yet' | translated }} {{ 'x' | translated }}") == "Noch nichts x"
    )
    assert as_of(NOW - DAY, NOW, GERMAN) == "Stand 28. Nov. 10:00"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("size", [(128, 96), (96, 200)])
def test_no_clock_is_wider_than_the_panel(code: str, size: tuple[int, int]) -> None:
    for hours in (12, 24):
        for month in range(1, 13):
            now = NOW.replace(month=month, day=28, hour=22)
            image: Image.Image = ClockScreen(language=language_of(code, hours)).render(size, now)
            columns = [image.crop((x, 0, x + 1, size[1])) for x in (0, size[0] - 1)]
            assert all(column.histogram()[0] == 0 for column in columns)


def test_a_language_that_is_not_there_is_refused_with_those_that_are(password_hash: str) -> None:
    secrets = {
        "INKSTAND_PASSWORD_HASH": password_hash,
        "INKSTAND_TOKEN_SECRET": "0123456789abcdef" * 2,
    }
    assert load(None, {**secrets, "INKSTAND_LANGUAGE": "sv"}).language_of_glass.code == "sv"
    with pytest.raises(ConfigError, match="must be one of en, de, fr, es, sv, not 'it'"):
        load(None, {**secrets, "INKSTAND_LANGUAGE": "it"})
    with pytest.raises(ConfigError, match="must be one of 0, 90, 180, 270, not '45'"):
        load(None, {**secrets, "INKSTAND_ROTATION": "45"})


def test_the_status_screen_is_drawn_upright(golden: Callable[[str, Image.Image], None]) -> None:
    link = "https://mac.example.com"
    entries = (("", link), ("Certificate", "until 2027-02-03"), ("Panel", "ok"), ("Time", "10:00"))
    for size in ((176, 264), (96, 200)):
        screen = StatusScreen("Inkstand", entries, link)
        golden(f"status_{size[0]}x{size[1]}", screen.render(size, NOW))
