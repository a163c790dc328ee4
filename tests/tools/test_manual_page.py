"""The manual page says what the parser takes; `make docs` writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "images" / "app" / "inkstand.1"


def test_the_manual_page_is_that_of_the_parser() -> None:
    make = ["make", "--no-print-directory", "--eval=said: ; @$(MANUAL_PAGE)", "said"]
    done = subprocess.run(make, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ".SS \\fBinkstand completion\\fR" in done.stdout
    # Python 3.13 breaks the lines of a usage elsewhere.
    assert PAGE.read_text().split() == done.stdout.split(), "run: make docs"
