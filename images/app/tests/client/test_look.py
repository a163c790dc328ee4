"""How a text looks, chosen on the command line, against the real app."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def test_options_say_how_a_text_looks(at_home: Any) -> None:
    line = "send --json --align center --size large --bold Open"
    message = json.loads(at_home(*line.split()).stdout)
    assert (message["align"], message["size"], message["bold"]) == ("center", "large", True)
    assert "align" not in json.loads(at_home("send", "--json", "Hello").stdout)


def test_a_table_from_standard_input_keeps_its_columns(at_home: Any) -> None:
    table = "  PID USER      TIME\n    1 root      1:02\n10234 ada      12:00\n"
    sent = at_home("send", "--json", "--monospace", "-", given=table)
    message = json.loads(sent.stdout)
    assert (message["text"], message["monospace"]) == (table.rstrip("\n"), True)


@pytest.mark.parametrize("option", ["--align=left", "--size=large", "--bold", "--monospace"])
def test_a_picture_with_a_look_is_refused(at_home: Any, option: str) -> None:
    result = at_home("send", "--image", "cat.png", option)
    assert result.returncode == 2
    assert f"{option.partition('=')[0]} is for texts" in result.stderr
