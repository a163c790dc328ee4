"""Which fonts draw, and what happens when none can."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkstand.cli import main
from inkstand.errors import TextError
from inkstand.rendering import fonts, pango

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkstand.rendering.fonts import Family

pytestmark = pytest.mark.unit
SOURCE = Path(__file__).parents[2] / "src"
# More sizes than fonts are kept: while one thread draws, another one gives fonts back.
DRAWN_BY_THREADS = """
import threading
from inkstand.rendering.fonts import REGULAR
from inkstand.rendering.pango import draw

def pictures(number):
    for size in (*range(8, 40), *range(40, 8, -1)) * 6:
        lines = REGULAR.lines("It was the best of times", size, 120, break_words=True)
        draw([(line, 0, 20 * row) for row, line in enumerate(lines)], (120, 90))
    ended.append(number)

ended = []
threads = [threading.Thread(target=pictures, args=(it,)) for it in range(3)]
for it in threads: it.start()
for it in threads: it.join()
print(sorted(ended))
"""


@pytest.fixture(autouse=True)
def nothing_reported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_reported", set())


@pytest.fixture
def no_font_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "FONT_FOLDER", tmp_path)
    fonts._font_map.cache_clear()
    yield
    fonts._font_map.cache_clear()


def test_an_unknown_character_is_logged_once(
    family: Family, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        family.line("known \U0010fffd", 20)
    assert [record.getMessage() for record in caplog.records] == [
        "no font has U+10FFFD (no name); a box is drawn for it"
    ]


def test_nobody_can_fill_the_log_with_unknown_characters(
    family: Family, caplog: pytest.LogCaptureFixture
) -> None:
    family.line("".join(map(chr, range(0x10F000, 0x10F200))), 20)
    assert len(caplog.records) == 200


@pytest.mark.usefixtures("no_font_of_ours")
def test_with_none_of_our_fonts_those_of_the_machine_are_used_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert fonts.REGULAR.line("Hello", 20).width > 20
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "apt-get install fonts-dejavu-core" in caplog.text


def test_a_damaged_font_file_is_passed_over(family: Family, tmp_path: Path) -> None:
    (tmp_path / "damaged.ttf").write_bytes(b"\0" * 100)
    (tmp_path / "empty.ttf").write_bytes(b"")
    sound = fonts.FONT_FOLDER / fonts.FILES[0]
    files = [tmp_path / "damaged.ttf", tmp_path / "empty.ttf", sound]
    font_map = pango.FontMap(fonts.configuration(files))
    (line,) = font_map.lay_out("Hello", pango.Font("DejaVu Sans", 20), None, break_words=True)
    assert line.width == family.line("Hello", 20).width


def test_the_fonts_of_this_machine_are_looked_for_once() -> None:
    assert fonts.font_map() is fonts.font_map()


def test_two_threads_that_draw_first_at_once_make_one_map(monkeypatch: pytest.MonkeyPatch) -> None:
    both, made = threading.Barrier(2), []

    def make(configuration: str | None) -> pango.FontMap:
        # The other one must not come, so this is as long as the test takes.
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)
        made.append(pango.FontMap(configuration))
        return made[-1]

    monkeypatch.setattr(fonts, "FontMap", make)
    fonts._font_map.cache_clear()
    try:
        with ThreadPoolExecutor(2) as threads:
            drawn_with = [it.result() for it in [threads.submit(fonts.font_map) for _ in range(2)]]
    finally:
        fonts._font_map.cache_clear()
    assert drawn_with == [*made, *made]


def test_without_pango_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = {("pango-of-tomorrow", 0): {"pango_layout_new": (None,)}}
    monkeypatch.setattr(pango, "_FUNCTIONS", functions)
    pango._library.cache_clear()
    try:
        with pytest.raises(TextError, match=r"apt-get install libpangoft2-1.0-0"):
            pango._library()
    finally:
        pango._library.cache_clear()


@pytest.mark.parametrize("command", [["demo"], ["render", "clock", "--output", "/dev/null"]])
def test_a_command_that_draws_ends_with_that_sentence(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inkstand.cli.log_to_stderr", lambda _level: None)
    monkeypatch.setattr(pango, "_LIBRARY", "libof-tomorrow-{}.so.{}")
    pango._library.cache_clear()
    fonts._font_map.cache_clear()
    try:
        assert main(command) == 1
    finally:
        pango._library.cache_clear()
        fonts._font_map.cache_clear()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("inkstand: text needs Pango")


def test_threads_lay_out_and_draw_while_others_give_fonts_back() -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", DRAWN_BY_THREADS],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[0, 1, 2]\n", "")
