"""What the role takes for readable is what the app reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from inkstand.accounts import table as accounts
from inkstand.messages import store, table
from inkstand.preferences import table as preferences
from inkstand.webhooks import table as webhooks
from inkstand_host.backup.commands import PLACES

ROOT = Path(__file__).resolve().parents[3]
VARIABLES = ROOT / "roles" / "backup" / "vars" / "main.yml"


@pytest.mark.unit
def test_a_restore_knows_the_databases_of_this_app() -> None:
    known = yaml.safe_load(VARIABLES.read_text())["__backup_schemas"]
    assert known == {
        store.NAME: table.VERSION,
        accounts.NAME: accounts._VERSION,
        preferences.NAME: preferences.VERSION,
        webhooks.NAME: webhooks.VERSION,
    }


@pytest.mark.unit
def test_a_backup_by_hand_is_of_what_the_playbook_backs_up() -> None:
    wiring = yaml.safe_load((ROOT / "inventory/group_vars/all/wiring.yml").read_text())
    app = re.search(r"default\('(/[^']+)'\)", wiring["backup_places"]["app"])
    assert app
    assert {**wiring["backup_places"], "app": app[1]} == {
        name: str(folder) for name, folder in PLACES.items()
    }
