"""How a text looks, chosen on the command line, against the real app."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkstand.client import arguments

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


@pytest.mark.parametrize(
    "option", ["--align=left", "--size=large", "--bold", "--monospace", "--qr"]
)
def test_a_picture_with_a_look_is_refused(at_home: Any, option: str) -> None:
    result = at_home("send", "--image", "cat.png", option)
    assert result.returncode == 2
    assert f"{option.partition('=')[0]} is for texts" in result.stderr


def test_a_network_is_sent_as_a_code_with_the_password_that_is_set(at_home: Any) -> None:
    line = "send --json --wifi Guests"
    message = json.loads(at_home(*line.split(), INKSTAND_WIFI_PASSWORD="a;b").stdout)
    assert (message["text"], message["qr"]) == (r"WIFI:T:WPA;S:Guests;P:a\;b;;", True)
    message = json.loads(at_home(*line.split(), INKSTAND_WIFI_PASSWORD="").stdout)
    assert message["text"] == "WIFI:T:nopass;S:Guests;;"


def test_a_network_makes_its_own_text(at_home: Any) -> None:
    result = at_home("send", "--wifi", "Guests", "Welcome", INKSTAND_WIFI_PASSWORD="x")
    assert (result.returncode, "leave out TEXT" in result.stderr) == (2, True)


def test_what_means_something_in_a_code_of_a_network_is_escaped() -> None:
    text = arguments.wifi('a;b,c:"d"', "\\")
    assert text == r"WIFI:T:WPA;S:a\;b\,c\:\"d\";P:\\;;"
