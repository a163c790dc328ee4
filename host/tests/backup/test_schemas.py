"""What the role takes for readable is what the app reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from inkstand.accounts import table as accounts
from inkstand.messages import store, table

VARIABLES = Path(__file__).resolve().parents[3] / "roles" / "backup" / "vars" / "main.yml"


@pytest.mark.unit
def test_a_restore_knows_the_databases_of_this_app() -> None:
    known = yaml.safe_load(VARIABLES.read_text())["__backup_schemas"]
    assert known == {store.NAME: table.VERSION, accounts.NAME: accounts._VERSION}
