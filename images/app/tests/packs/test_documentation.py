"""What docs/packs.md says is so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import pytest

from inkstand.packs import pack
from inkstand.packs.kinds import OPTIONS, Kind
from inkstand.packs.pack import Format, SettingType
from inkstand.packs.templates import Templates
from inkstand.packs.worker import LIMITS

pytestmark = pytest.mark.unit

DOCUMENT = Path(__file__).parents[4] / "docs" / "packs.md"


@pytest.fixture(scope="module")
def text() -> str:
    if not DOCUMENT.is_file():
        pytest.skip("the documentation is not there: this is an image")
    return DOCUMENT.read_text()


def test_its_example_is_a_pack_of_15_lines(text: str) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert pack.problems(example) == []
    assert example.count("\n") <= 15


def test_it_has_every_kind_format_type_and_key(text: str) -> None:
    words = set(re.findall(r"`([\w-]+)", text))
    keys = {key for options in OPTIONS.values() for key in options}
    assert {*Kind, *Format, *SettingType, *keys} <= words


def test_it_has_every_filter_of_ours(text: str) -> None:
    known = Templates(datetime.now(UTC), {})._environment.filters.keys()
    ours = known - jinja2.Environment(autoescape=True).filters.keys()
    assert ours
    assert ours <= set(re.findall(r"`(\w+)", text))


def test_its_limits_are_those_of_the_process(text: str) -> None:
    assert LIMITS.memory is not None
    assert f"{LIMITS.processor} s of the processor" in text
    assert f"memory ({LIMITS.memory >> 20} MB)" in text.replace("\n", " ")
