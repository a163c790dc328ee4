"""Which bit is the left pixel: bytes of the directory, against glass that knows only the datasheet.

Four sources that do not copy each other: the vendor's order of dots on the wire (`Glass`), pictures
in XBM and in Pillow's own form, and what the simulated panel writes as a PNG.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from epdfuse.cli import main
from epdfuse.panel.bits import View
from epdfuse.panel.spec import FILMS, PanelSpec, panel_spec
from epdfuse.transcript import Request, record
from virtual_pi.datasheet import Glass

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driver.tests.conftest import Driver

SPECS = [panel_spec(size, film) for film in FILMS for size in FILMS[film].sizes]
WITH_PARTIAL = [spec for spec in SPECS if spec.film.partial]


def words(spec: PanelSpec) -> Image.Image:
    """A picture with a left and a right, in which eight mirrored pixels make words unreadable."""
    image = Image.new("1", (spec.width, spec.height), 255)
    pen = ImageDraw.Draw(image)
    pen.text((3, 3), "Left to right\n0123456789", fill=0, font=ImageFont.load_default(16))
    pen.line((0, spec.height - 1, spec.height - 1, 0), fill=0)
    pen.point((0, 0), fill=0)
    return image


def xbm(image: Image.Image, path: Path) -> bytes:
    """The bytes of an XBM file, which an image program writes and nobody reorders."""
    ImageChops.invert(image).save(path, "XBM")
    data = path.read_text("ascii").split("{", 1)[1]
    return bytes(int(byte, 16) for byte in re.findall(r"0x[0-9a-f]{2}", data))


def sent(spec: PanelSpec, operation: str, old: bytes, new: bytes) -> list[str]:
    events: list[str] = []
    record(Request(spec, operation, old, new), events.append)
    assert events[-1] == "status 0"
    return events


def seen(glass: Glass) -> Image.Image:
    size = (len(glass.shades[0]), len(glass.shades))
    return Image.frombytes("L", size, glass.picture).convert("1")


every_panel = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.description)


@pytest.mark.contract
@every_panel
def test_glass_shows_what_pillow_has_in_le_display_inverse(spec: PanelSpec) -> None:
    frame = View.LE_INVERSE.translate(words(spec).tobytes())
    glass = Glass(spec.size, spec.film.number)
    glass.take(sent(spec, "update", spec.white, frame))
    assert seen(glass).tobytes() == words(spec).tobytes()


@pytest.mark.contract
@every_panel
def test_glass_shows_an_xbm_picture_copied_into_display(spec: PanelSpec, tmp_path: Path) -> None:
    glass = Glass(spec.size, spec.film.number)
    glass.take(sent(spec, "update", spec.white, xbm(words(spec), tmp_path / "words.xbm")))
    assert seen(glass).tobytes() == words(spec).tobytes()


@pytest.mark.contract
@pytest.mark.parametrize("spec", WITH_PARTIAL, ids=lambda spec: spec.description)
def test_glass_shows_what_a_partial_update_changes(spec: PanelSpec) -> None:
    old = words(spec).rotate(180)
    old_frame, frame = (View.LE_INVERSE.translate(it.tobytes()) for it in (old, words(spec)))
    glass = Glass(spec.size, spec.film.number)
    glass.take(sent(spec, "update", spec.white, old_frame))
    glass.take(sent(spec, "partial", old_frame, frame))
    assert seen(glass).tobytes() == words(spec).tobytes()


@pytest.mark.contract
@every_panel
def test_glass_that_was_cleared_is_white(spec: PanelSpec) -> None:
    glass = Glass(spec.size, spec.film.number)
    glass.take(sent(spec, "update", spec.white, b"\x5a" * spec.frame_bytes))
    assert 0 in glass.picture
    glass.take(sent(spec, "clear", spec.white, spec.white))
    assert set(glass.picture) == {255}


@pytest.mark.integration
@pytest.mark.parametrize("film", FILMS)
def test_the_simulated_glass_shows_what_programs_draw(
    new_driver: Callable[..., Driver], tmp_path: Path, film: int
) -> None:
    spec = panel_spec("2.7", film)
    driver = new_driver("--film", str(film), "--simulated-timing", "fast")
    driver.start()
    ways: dict[str, Callable[[Image.Image], object]] = {
        "display": lambda image: (driver.files / "display").write_bytes(xbm(image, tmp_path / "x")),
        "LE/display_inverse": lambda image: (driver.files / "LE/display_inverse").write_bytes(
            image.tobytes()
        ),
    }
    for turn, (name, draw) in enumerate(ways.items()):
        image = words(spec).rotate(180 * turn)
        draw(image)
        driver.command("U")
        with Image.open(driver.state / "glass.png") as glass:
            assert glass.tobytes() == image.tobytes(), name
        assert driver.frame("LE/current_inverse") == image.tobytes()


@pytest.mark.integration
def test_epdfuse_show_and_the_simulated_glass_agree(driver: Driver, tmp_path: Path) -> None:
    image = words(panel_spec("2.7"))
    image.save(tmp_path / "words.png")
    assert main(["show", str(tmp_path / "words.png"), "--mountpoint", str(driver.files)]) == 0
    with Image.open(driver.state / "glass.png") as glass:
        assert glass.tobytes() == image.tobytes()
    assert driver.frame("current") == xbm(image, tmp_path / "words.xbm")
