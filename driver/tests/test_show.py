"""`epdfuse show`: what becomes of a picture, and what people are told when nothing does."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from epdfuse.cli import main
from epdfuse.show import ShowError, fitted, panel_size

if TYPE_CHECKING:
    from pathlib import Path

    from driver.tests.conftest import Driver

SIZE = (264, 176)
BLACK, WHITE = 0, 255


@pytest.mark.unit
class TestFitting:
    def test_a_picture_of_the_panels_size_is_taken_as_it_is(self) -> None:
        picture = Image.effect_noise(SIZE, 90).convert("1")
        assert fitted(picture, SIZE).tobytes() == picture.tobytes()

    @pytest.mark.parametrize("size", [(1, 1), (100, 700), (1000, 30), (263, 176), (2640, 1760)])
    def test_a_picture_of_any_size_becomes_the_panels(self, size: tuple[int, int]) -> None:
        shown = fitted(Image.new("L", size, BLACK), SIZE)
        assert (shown.size, shown.mode) == (SIZE, "1")
        assert shown.getpixel((132, 88)) == BLACK

    def test_what_a_narrow_picture_leaves_is_white(self) -> None:
        shown = fitted(Image.new("L", (88, 176), BLACK), SIZE)
        assert [shown.getpixel((x, 88)) for x in (0, 87, 88, 175, 176, 263)] == [
            WHITE, WHITE, BLACK, BLACK, WHITE, WHITE,
        ]  # fmt: skip

    def test_what_is_transparent_is_white(self) -> None:
        shown = fitted(Image.new("RGBA", SIZE, (0, 0, 0, 0)), SIZE)
        assert set(shown.tobytes()) == {0xFF}

    def test_grey_becomes_a_pattern_of_black_and_white(self) -> None:
        shown = fitted(Image.new("L", SIZE, 128), SIZE)
        light = shown.tobytes().count(0xFF)
        assert light == 0
        assert 0.45 < sum(bytes(shown.convert("L").tobytes())) / 255 / (264 * 176) < 0.55

    @pytest.mark.parametrize("film", ["", " FILM 231"])
    def test_the_panel_line_gives_the_size(self, film: str) -> None:
        assert panel_size(f"EPD 2.7 264x176 COG 2{film}\n") == SIZE

    def test_another_panel_line_is_quoted(self) -> None:
        with pytest.raises(ShowError, match="nonsense"):
            panel_size("nonsense\n")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it says when it refuses: one line, and exit code 1."""
    assert main(["show", *arguments]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.effect_noise(SIZE, 90).convert("1").save(path)
    return path


@pytest.mark.unit
def test_a_directory_where_no_panel_is_mounted_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, picture: Path
) -> None:
    heard = said(capsys, str(picture), "--mountpoint", str(tmp_path))
    assert f"no panel is mounted at {tmp_path}; try:" in heard


@pytest.mark.integration
class TestOnAMount:
    @pytest.mark.parametrize("more", [(), ("--partial",)])
    def test_the_picture_is_on_the_panel(
        self, driver: Driver, picture: Path, more: tuple[str, ...]
    ) -> None:
        assert main(["show", str(picture), "--mountpoint", str(driver.files), *more]) == 0
        with Image.open(picture) as image:
            assert driver.frame("LE/current_inverse") == image.tobytes()
        with Image.open(driver.state / "glass.png") as glass, Image.open(picture) as image:
            assert glass.tobytes() == image.tobytes()

    def test_a_cut_display_is_made_whole_again(self, driver: Driver, picture: Path) -> None:
        os.truncate(driver.files / "display", 7)
        assert main(["show", str(picture), "--mountpoint", str(driver.files)]) == 0

    def test_a_panel_that_fails_is_reported_with_its_reason(
        self, capsys: pytest.CaptureFixture[str], driver: Driver, picture: Path
    ) -> None:
        driver.simulate("fail", "dc-failed")
        heard = said(capsys, str(picture), "--mountpoint", str(driver.files))
        assert "the panel failed: DC Failed; try: epdfuse doctor" in heard

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (None, os.strerror(errno.ENOENT)),
            (b"", "cannot identify"),
            (b"no picture", "cannot identify"),
            (b"\x89PNG\r\n\x1a\n\0\0", "cannot"),
        ],
    )
    def test_what_is_no_picture_is_refused_and_nothing_is_drawn(
        self,
        capsys: pytest.CaptureFixture[str],
        driver: Driver,
        tmp_path: Path,
        content: bytes | None,
        reason: str,
    ) -> None:
        path = tmp_path / "file.png"
        if content is not None:
            path.write_bytes(content)
        assert reason in said(capsys, str(path), "--mountpoint", str(driver.files))
        assert driver.text("error") == "Undefined\n"

    def test_a_dead_driver_is_named(
        self, capsys: pytest.CaptureFixture[str], driver: Driver, picture: Path
    ) -> None:
        assert driver.process is not None
        driver.process.kill()
        driver.process.wait()
        heard = said(capsys, str(picture), "--mountpoint", str(driver.files))
        assert "has died; try:" in heard
