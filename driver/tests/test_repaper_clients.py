"""Programs written for repaper/gratis: how they open, read and write the directory."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from driver.tests.conftest import Driver

pytestmark = pytest.mark.integration

WITH_FILM = re.compile(r"^([A-Za-z]+)\s+(\d+\.\d+)\s+(\d+)x(\d+)\s+COG\s+(\d+)\s+FILM\s+(\d+)\s*$")
WITHOUT_FILM = re.compile(r"^([A-Za-z]+)\s+(\d+\.\d+)\s+(\d+)x(\d+)\s+COG\s+(\d+)\s*$")


def picture(size: tuple[int, int]) -> Image.Image:
    """A black square in a white picture, left of the middle."""
    image = Image.new("1", size, 1)
    image.paste(0, (20, 40, 60, 80))
    return image


def first_line(driver: Driver, name: str) -> str:
    with (driver.files / name).open() as file:
        return file.readline().rstrip("\n")


def draw(driver: Driver, size: tuple[int, int], letter: str) -> Image.Image:
    """The way of both libraries: Pillow's rows with bits as Pillow has them, then a command."""
    image = picture(size)
    with (driver.files / "LE" / "display_inverse").open("r+b") as file:
        file.write(image.tobytes())
    with (driver.files / "command").open("wb") as file:
        file.write(letter.encode())
    return image


def test_the_demo_library_finds_panel_and_version(driver: Driver) -> None:
    match = WITH_FILM.match(first_line(driver, "panel"))
    assert match is not None
    assert match.groups() == ("EPD", "2.7", "264", "176", "2", "231")
    assert first_line(driver, "version") == "4"


def test_the_2017_app_finds_its_panel_line_when_the_film_is_left_out(
    new_driver: Callable[..., Driver],
) -> None:
    driver = new_driver("--panel-line", "short", "--simulated-timing", "fast")
    driver.start()
    match = WITHOUT_FILM.match(first_line(driver, "panel"))
    assert match is not None
    assert match.groups() == ("EPD", "2.7", "264", "176", "2")


@pytest.mark.parametrize("letter", ["U", "P"])
def test_a_picture_drawn_their_way_reads_back_their_way(driver: Driver, letter: str) -> None:
    image = draw(driver, (264, 176), letter)
    assert driver.frame("LE/current_inverse") == image.tobytes()
    with Image.open(driver.state / "glass.png") as glass:
        assert glass.tobytes() == image.tobytes()
    assert driver.text("error") == "OK\n"


def test_clear_makes_the_panel_white_their_way(driver: Driver) -> None:
    draw(driver, (264, 176), "U")
    draw(driver, (264, 176), "C")
    assert driver.frame("LE/current_inverse") == b"\xff" * 5808


def test_a_sequence_of_the_2017_app_whose_every_call_comes_from_another_thread(
    new_driver: Callable[..., Driver],
) -> None:
    driver = new_driver("--panel-line", "short", "--simulated-timing", "fast")
    driver.start()
    image = picture((264, 176))
    with ThreadPoolExecutor(1) as opener, ThreadPoolExecutor(1) as writer:

        def write(name: str, mode: str, data: bytes) -> None:
            file = opener.submit((driver.files / name).open, mode).result()
            writer.submit(file.write, data).result()
            opener.submit(file.close).result()

        for letter in (b"C", b"U", b"P"):
            write("LE/display_inverse", "r+b", image.tobytes())
            write("command", "wb", letter)
            assert driver.text("error") == "OK\n"
            shown = b"\xff" * 5808 if letter == b"C" else image.tobytes()
            assert driver.frame("LE/current_inverse") == shown
            image = image.rotate(180)
