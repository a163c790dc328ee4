"""What is counted, and which packages ARM programs see."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from pi_images import counting

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_packages_are_those_of_the_image() -> None:
    text = (
        "RUN apt-get install --no-install-recommends \\\n  a1.0-b \\\n  c++ \\\n && apt-get clean\n"
    )
    assert counting.packages(text) == ["a1.0-b", "c++"]
    assert {"python3-aiohttp", "tzdata"} < set(counting.packages(counting.DOCKERFILE.read_text()))


def test_a_counter_sums_its_threads_and_begins_anew(tmp_path: Path) -> None:
    emulator = counting.Emulator(tmp_path, tmp_path / "plugin.so")
    path = tmp_path / "counts"
    command, counter = emulator.python(path)
    assert f"{emulator.plugin},counts={path}" in command
    assert counter.read() == 0
    path.write_bytes(struct.pack("2Q", 2**40, 7) + path.read_bytes()[16:])
    assert counter.read() == 2**40 + 7
    assert emulator.python(path)[1].read() == 0
