"""Messages that come later, from the command line, against the real app."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.integration


def day(after: int) -> str:
    """Return the day so many days after today; a run may begin yesterday."""
    return f"{datetime.now(UTC) + timedelta(days=after):%Y-%m-%d}"


def test_a_message_is_sent_ahead_and_listed(at_home: Any, app: Any) -> None:
    tomorrow = day(1)
    sent = at_home("send", "--at", "tomorrow 7:00", "--expires", "2h", "Bins")
    assert (sent.stdout, sent.returncode) == (f"message 1 comes {tomorrow} 07:00\n", 0)
    assert at_home("later").stdout == f"    1  {tomorrow} 07:00  john: Bins\n"
    (message,) = json.loads(at_home("later", "--json").stdout)
    assert message["state"] == "scheduled"
    assert message["expires_at"] == f"{tomorrow}T09:00:00.000Z"
    assert app.texts() == []


def test_of_a_series_one_time_is_skipped_and_then_it_is_ended(at_home: Any) -> None:
    tomorrow, in_a_week = day(1), day(8)
    at_home("send", "--at", "tomorrow 19:00", "--repeat", "weekly", "Bins")
    first, second = at_home("later").stdout.splitlines()
    assert first == f"    1  {tomorrow} 19:00  john: Bins"
    assert second.startswith(f"       weekly, then {in_a_week} 19:00, ")
    assert at_home("skip", "1").stdout == f"message 1 comes {in_a_week} 19:00\n"
    assert at_home("skip", "1", f"{in_a_week} 19:00").returncode == 0
    assert in_a_week not in at_home("later").stdout
    wrong = at_home("skip", "1", f"{in_a_week} 20:00")
    assert (wrong.returncode, "does not come at that time" in wrong.stderr) == (1, True)
    assert at_home("delete", "1").stdout == "message 1 is deleted\n"
    assert at_home("later").stderr == "inkstand: there are no such messages\n"


def test_times_are_those_that_clocks_here_show_then(at_home: Any) -> None:
    rule = "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1"
    at_home("send", "--at", "tomorrow 12:00", "--repeat", rule, "Rent")
    lines = at_home("later", TZ="Europe/Stockholm").stdout.splitlines()
    listed = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", "".join(lines))
    (message,) = json.loads(at_home("later", "--json").stdout)
    stockholm = ZoneInfo("Europe/Stockholm")
    times = [datetime.fromisoformat(at).astimezone(stockholm) for at in message["upcoming"]]
    assert listed == [f"{at:%Y-%m-%d %H:%M}" for at in times]
    assert {at.hour for at in times} == {13, 14}


def test_the_last_time_that_is_skipped_ends_the_series(at_home: Any) -> None:
    at_home("send", "--at", "tomorrow 19:00", "--repeat", "FREQ=DAILY;COUNT=1", "Bins")
    assert at_home("later").stdout.splitlines()[1] == (
        "       FREQ=DAILY;COUNT=1, then never again"
    )
    assert at_home("skip", "1").stdout == "message 1 comes no more\n"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("send --at someday Bins", 2, "is not a time such as"),
        ("send --repeat hourly Bins", 1, "daily"),
        ("send --repeat daily --wait=shown Bins", 2, "--wait or --repeat"),
        ("skip 1", 1, "There is no message 1"),
    ],
)
def test_what_makes_no_sense_is_said(at_home: Any, line: str, code: int, said: str) -> None:
    result = at_home(*line.split())
    assert result.returncode == code, result.stderr
    assert said in result.stderr


def test_what_has_come_cannot_be_skipped(at_home: Any) -> None:
    at_home("send", "Hello")
    result = at_home("skip", "1")
    assert (result.returncode, "does not come" in result.stderr) == (2, True)


def test_waiting_goes_on_until_what_was_sent_ahead_is_shown(at_home: Any) -> None:
    # Whoever is busy is longer on the way than a second.
    result = at_home("send", "--at", "5s", "--wait", "--timeout", "60", "Soon")
    assert result.stdout.endswith("message 1 is shown\n"), result.stderr
