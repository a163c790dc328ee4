"""What the EPD directory's files mean, and what is said when they are not there."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from inkstand.errors import PanelFailedError, PanelUnavailableError
from inkstand.frame import Frame
from inkstand.panel import PanelInfo, Refresh
from inkstand.panel.epd import EpdPanel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def panel(tmp_path: Path) -> EpdPanel:
    return EpdPanel(tmp_path)


@pytest.mark.parametrize(
    ("line", "info"),
    [
        ("EPD 2.7 264x176 COG 2 FILM 231\n", PanelInfo("EPD 2.7", 264, 176, partial=True)),
        ("EPD 2.7 264x176 COG 2 FILM 230\n", PanelInfo("EPD 2.7", 264, 176, partial=False)),
        ("EPD 1.44 128x96 COG 1 FILM 110\n", PanelInfo("EPD 1.44", 128, 96, partial=True)),
        ("EPD 2.0 200x96 COG 2\n", PanelInfo("EPD 2.0", 200, 96, partial=False)),
    ],
)
def test_the_panel_line_is_read_with_and_without_a_film(
    panel: EpdPanel, tmp_path: Path, line: str, info: PanelInfo
) -> None:
    (tmp_path / "panel").write_text(line)
    assert panel.info() == info


def test_frames_go_through_the_files_where_the_highest_bit_is_the_left_pixel(
    panel: EpdPanel, tmp_path: Path
) -> None:
    (tmp_path / "LE").mkdir()
    for name in ("LE/display", "command", "display", "current"):
        (tmp_path / name).touch()
    (tmp_path / "panel").write_text("EPD 2.7 264x176 COG 2 FILM 231\n")
    frame = Frame(264, 176, bytes(range(256)) * 22 + bytes(176))
    (tmp_path / "LE" / "current").write_bytes(frame.data)
    panel.show(frame, Refresh.FULL)
    assert (tmp_path / "LE" / "display").read_bytes() == frame.data
    assert (tmp_path / "display").read_bytes() == b""
    assert panel.current() == frame


@pytest.mark.parametrize("line", ["", "EPD", "LCD 2.7 264x176", "\xff\xfe"])
def test_a_line_that_is_none_is_quoted(panel: EpdPanel, tmp_path: Path, line: str) -> None:
    (tmp_path / "panel").write_text(line, encoding="latin-1")
    with pytest.raises(PanelUnavailableError, match="not a known panel"):
        panel.info()


@pytest.mark.parametrize(
    ("text", "error"),
    [("OK\n", None), ("Undefined\n", None), ("Panel broken\n", "Panel broken")],
)
def test_the_error_file_is_read(
    panel: EpdPanel, tmp_path: Path, text: str, error: str | None
) -> None:
    (tmp_path / "error").write_text(text)
    assert panel.error() == error


def test_without_a_driver_it_is_said_that_none_is_mounted(panel: EpdPanel, tmp_path: Path) -> None:
    for use in (panel.info, panel.current, panel.error):
        with pytest.raises(PanelUnavailableError, match=f"{tmp_path}: no driver is mounted"):
            use()


def test_why_no_panel_answers_is_what_the_driver_left_there(
    panel: EpdPanel, tmp_path: Path
) -> None:
    (tmp_path / "reason").write_text("the controller has the identity 0x00;\n is it connected?\n")
    with pytest.raises(PanelUnavailableError, match=r"the identity 0x00; is it connected\?$"):
        panel.info()


def test_nothing_is_created_where_no_driver_is_mounted(panel: EpdPanel, tmp_path: Path) -> None:
    (tmp_path / "panel").write_text("EPD 2.0 200x96 COG 2\n")
    with pytest.raises(PanelUnavailableError):
        panel.show(Frame.white(200, 96), Refresh.FULL)
    assert [path.name for path in tmp_path.iterdir()] == ["panel"]


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOTCONN, PanelUnavailableError, "the driver has died"),
        (errno.EACCES, PanelUnavailableError, "may not use it"),
        (errno.EIO, PanelFailedError, "the driver says: Input/output error"),
    ],
)
def test_what_the_system_says_becomes_a_sentence(
    panel: EpdPanel, number: int, kind: type[Exception], words: str
) -> None:
    assert words in str(panel._panel_error(OSError(number, os.strerror(number))))
    assert isinstance(panel._panel_error(OSError(number, "")), kind)


def test_a_current_of_another_length_is_no_frame(panel: EpdPanel, tmp_path: Path) -> None:
    (tmp_path / "panel").write_text("EPD 2.0 200x96 COG 2\n")
    (tmp_path / "LE").mkdir()
    (tmp_path / "LE" / "current").write_bytes(b"short")
    with pytest.raises(PanelUnavailableError, match="2400 bytes, not 5"):
        panel.current()
