"""Pictures into frames and back."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inkstand.errors import FrameError
from inkstand.frame import Frame
from inkstand.rendering import (
    Framing,
    Tone,
    dither,
    from_frame,
    place,
    reduce_tones,
    threshold,
    to_frame,
    to_png,
)

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[1] / "data"
SIZES = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))


def black_share(image: Image.Image) -> float:
    return image.convert("L").histogram()[0] / (image.width * image.height)


def test_one_is_black_and_the_left_pixel_is_the_highest_bit() -> None:
    image = Image.new("1", (16, 2), 1)
    image.putpixel((0, 0), 0)
    image.putpixel((15, 1), 0)
    assert to_frame(image, (16, 2)) == Frame(16, 2, bytes.fromhex("80000001"))


@given(st.sampled_from(SIZES), st.integers())
def test_a_frame_survives_being_a_picture(size: tuple[int, int], seed: int) -> None:
    frame = Frame(*size, random.Random(seed).randbytes(size[0] * size[1] // 8))
    assert to_frame(from_frame(frame), size) == frame


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(FrameError, match=r"\(200, 96\)"):
        to_frame(Image.new("1", (200, 96)), (264, 176))


def test_a_png_holds_each_pixel_of_the_picture() -> None:
    image = from_frame(Frame(16, 1, b"\x0f\xf0"))
    read = Image.open(io.BytesIO(to_png(image, scale=3)))
    assert read.size == (48, 3)
    assert read.convert("1").resize((16, 1), Image.Resampling.NEAREST).tobytes() == image.tobytes()


def test_grey_becomes_as_many_dots_as_it_is_dark() -> None:
    assert black_share(dither(Image.new("L", (64, 64), 192))) == pytest.approx(0.25, abs=0.02)


def test_a_gradient_is_dithered_as_ever() -> None:
    golden = Image.open(DATA / "gradient_dithered_64x48.png")
    dithered = dither(Image.linear_gradient("L").resize((64, 48), Image.Resampling.NEAREST))
    assert dithered.tobytes() == golden.convert("1").tobytes()


def test_a_threshold_leaves_no_dots() -> None:
    assert black_share(threshold(Image.new("L", (8, 8), 127))) == 1
    assert black_share(threshold(Image.new("L", (8, 8), 128))) == 0
    assert black_share(threshold(Image.new("L", (8, 8), 128), limit=200)) == 1


def test_what_is_transparent_is_white() -> None:
    assert black_share(dither(Image.new("RGBA", (8, 8), (0, 0, 0, 0)))) == 0
    assert black_share(dither(Image.new("RGBA", (8, 8), (0, 0, 0, 255)))) == 1
    palette = Image.new("P", (8, 8))
    palette.info["transparency"] = 0
    assert black_share(dither(palette)) == 0


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"]
)
@pytest.mark.parametrize("tone", Tone)
@pytest.mark.parametrize("framing", Framing)
def test_pictures_of_every_mode_come_to_the_panel(mode: str, tone: Tone, framing: Framing) -> None:
    picture = reduce_tones(place(Image.new(mode, (37, 91)), (128, 96), framing), tone)
    assert to_frame(picture, (128, 96)).size == (128, 96)


def test_fitting_shows_all_of_a_picture_and_filling_leaves_no_margin() -> None:
    wide = Image.new("L", (200, 50), 0)
    assert black_share(threshold(place(wide, (128, 96), Framing.FIT))) == pytest.approx(
        1 / 3, abs=0.01
    )
    assert black_share(threshold(place(wide, (128, 96), Framing.FILL))) == 1
