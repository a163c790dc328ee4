"""Frames as PNG files."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from epdfuse.panel.bits import View
from epdfuse.panel.spec import panel_spec
from epdfuse.simulator import picture
from epdfuse.simulator.picture import NotOurPictureError

pytestmark = pytest.mark.unit

SMALL = panel_spec("1.44")
WHITE = b"\xff" * (128 * 96)


@given(st.binary(min_size=SMALL.frame_bytes, max_size=SMALL.frame_bytes))
def test_a_frame_reads_back_as_it_was(frame: bytes) -> None:
    shades = picture.shades_of(frame)
    assert picture.decode(picture.encode(shades, SMALL), SMALL) == shades
    assert picture.frame_of(shades) == frame


def test_a_ghost_is_grey_and_reads_back_as_it_was() -> None:
    shades = bytes(i % 256 for i in range(128 * 96))
    png = picture.encode(shades, SMALL)
    assert picture.decode(png, SMALL) == shades
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        assert (image.mode, image.tobytes()) == ("L", shades)


def test_an_eye_takes_what_is_darker_than_half_for_black() -> None:
    assert picture.frame_of(bytes([0, 127, 128, 255, 0, 0, 0, 0])) == b"\xf3"


@pytest.mark.parametrize("size", ["1.44", "1.9", "2.0", "2.6", "2.7"])
def test_other_programs_see_black_where_the_frame_is_black(size: str) -> None:
    spec = panel_spec(size)
    frame = bytes((37 * i + 11) % 256 for i in range(spec.frame_bytes))
    with Image.open(io.BytesIO(picture.encode(picture.shades_of(frame), spec))) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("PNG", "1", (spec.width, spec.height))
        assert View.LE_INVERSE.translate(image.tobytes()) == frame


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"not a picture",
        picture.encode(WHITE, SMALL)[:-20],
        picture.encode(WHITE, SMALL).replace(b"IDATx", b"IDATy"),
        picture.encode(bytes(200 * 96), panel_spec("2.0")),
        picture.encode(WHITE[:-128], SMALL),
    ],
)
def test_anything_else_is_refused(file: bytes) -> None:
    with pytest.raises(NotOurPictureError):
        picture.decode(file, SMALL)


def test_a_picture_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert picture.load(tmp_path / "glass.png", SMALL) is None


def test_a_picture_that_is_refused_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "glass.png").write_bytes(b"not a picture")
    assert picture.load(tmp_path / "glass.png", SMALL) is None
    assert "glass.png" in caplog.text
