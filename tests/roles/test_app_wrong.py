"""What of the app's answer ends a run: what does not work, and no word about the past."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tools.common.paths import ROOT

pytestmark = pytest.mark.unit
WELL = {"status": "ok", "panel": "ok", "button": "ok", "storage": "ok"}


def wrong(answer: dict[str, Any], *, panel_expected: bool = True) -> list[str]:
    path = str(ROOT / "roles/app/vars/main.yml")
    known = DataLoader().load_from_file(path, trusted_as_template=True)
    given = {"__app_health": {"json": answer}, "app_panel_expected": panel_expected}
    found: list[str] = Templar(variables={**known, **given}).template(
        trust_as_template("{{ __app_wrong }}")
    )
    return found


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (WELL, []),
        ({**WELL, "status": "degraded", "panel": "it broke"}, ["panel"]),
        ({**WELL, "notices": ["messages.sqlite3 was damaged; a new one was begun"]}, []),
        ({}, ["answer"]),
    ],
)
def test_a_run_ends_for_what_does_not_work(answer: dict[str, Any], names: list[str]) -> None:
    assert wrong(answer) == names


def test_a_panel_that_nobody_expects_ends_none() -> None:
    assert wrong({**WELL, "panel": "there is none"}, panel_expected=False) == []
