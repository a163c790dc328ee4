"""Tokens of hooks stand in paths, which nothing on the Pi writes down."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.unit
VARIABLES = Path(__file__).resolve().parents[2] / "roles/traefik/vars/main.yml"


def test_traefik_writes_no_log_of_requests() -> None:
    static = yaml.safe_load(VARIABLES.read_text())["__traefik_static"]
    assert not {"accessLog", "tracing", "metrics"} & static.keys()
    assert static["log"]["level"] == "WARN"
