"""What the role takes for readable is what the app reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from inkstand.auth import sqlite as accounts
from inkstand.storage import database, schema

VARIABLES = Path(__file__).resolve().parents[2] / "roles" / "backup" / "vars" / "main.yml"


@pytest.mark.unit
def test_a_restore_knows_the_databases_of_this_app() -> None:
    known = yaml.safe_load(VARIABLES.read_text())["__backup_schemas"]
    assert known == {database.NAME: len(schema._MIGRATIONS), accounts.NAME: accounts._VERSION}
