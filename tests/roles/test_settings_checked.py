"""Every playbook that checks settings checks those of the same roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def play(path: str, name: str) -> Any:
    return next(play for play in read(path) if play["name"] == name)


@pytest.fixture
def checked() -> list[str]:
    """The roles whose settings the playbook checks before it changes anything."""
    tasks = [
        task["ansible.builtin.import_role"]
        for task in play("playbook.yml", "Inkstand")["pre_tasks"]
    ]
    return [role["name"] for role in tasks if role["tasks_from"] == "preflight"]


def test_the_doctor_checks_the_settings_of_all(checked: list[str]) -> None:
    assert read("inventory/group_vars/all/wiring.yml")["doctor_roles"] == checked


def test_a_backup_is_put_back_only_where_all_could_be_deployed(checked: list[str]) -> None:
    assert play("restore.yml", "Put a backup back")["tasks"][0]["loop"] == checked
