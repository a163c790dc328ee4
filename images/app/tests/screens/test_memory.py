"""What a message takes of the memory is given back once it is drawn."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from inkstand.rendering import fonts

pytestmark = pytest.mark.integration

# A process of its own: others keep lines of text, and lines keep their fonts.
PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from inkstand.screens import MessageScreen

size, now = (264, 176), datetime.now(UTC)
for text in sys.argv[1:]:
    screen = MessageScreen(text, text)
    screen.render(size, now)
    screen.pages(size)
    print(Path("/proc/self/maps").read_text())
"""
TEXTS = ("שלום", "今日は晴れ", "明天早上", "내일 아침", "สวัสดี", "नमस्ते", "🎉", "ነገ")


def test_fonts_of_messages_that_were_drawn_are_in_memory_no_longer() -> None:
    names = (*fonts.FILES, *fonts.FALLBACKS.values())
    missing = [name for name in names if not (fonts.FONT_FOLDER / name).is_file()]
    if missing:
        pytest.skip(f"not installed: {missing}")
    source = str(Path(__file__).parents[2] / "src")
    environment = {**os.environ, "PYTHONPATH": source}
    argv = (sys.executable, "-c", PROGRAM, *TEXTS)
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment)
    found = set(re.findall(rf"{fonts.FONT_FOLDER}/(\S+)", done.stdout))
    assert found <= set(fonts.FILES)
    assert found
