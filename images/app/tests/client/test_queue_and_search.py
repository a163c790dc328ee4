"""`inkstand queue`, and `inkstand history --search`."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def test_the_queue_is_listed_in_its_order(at_home: Any, app: Any) -> None:
    assert "no such messages" in at_home("queue").stderr
    for text in ("one", "two", "three"):
        assert at_home("send", text).returncode == 0
    app.until(1, "shown")
    lines = at_home("queue").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert at_home("show", "3").returncode == 0
    queue = json.loads(at_home("queue", "--json").stdout)
    assert [message["text"] for message in queue] == ["three", "one", "two"]


def test_the_history_is_searched(at_home: Any) -> None:
    for text in ("Milk & bread", "Keys"):
        assert at_home("send", text).returncode == 0
    lines = at_home("history", "--search", "milk & b").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1"]
