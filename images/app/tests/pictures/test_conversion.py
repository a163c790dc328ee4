"""What is taken of the pictures that people send, and what becomes of them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageChops

from inkstand.errors import InvalidPictureError, PictureTooLargeError
from inkstand.pictures.conversion import MOST_BYTES, Look, is_costly, is_empty, prepare
from inkstand.rendering import Framing, Tone

pytestmark = pytest.mark.unit
SIZE = (264, 176)
HARD = Look(SIZE, Framing.FILL, Tone.THRESHOLD)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def shown(data: bytes, said: str = "application/octet-stream", look: Look = HARD) -> Image.Image:
    picture = Image.open(io.BytesIO(prepare(data, said, look)))
    picture.load()
    assert (picture.format, picture.mode, picture.size) == ("PNG", "1", look.size)
    return picture


def halves(mode: str, black: Any, white: Any, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture that is black to the left and white to the right."""
    image = Image.new(mode, size, white)
    image.paste(black, (0, 0, size[0] // 2, size[1]))
    return image


def is_halves(picture: Image.Image) -> bool:
    width, height = picture.size
    left = picture.crop((0, 0, width // 2 - 2, height)).getcolors()
    right = picture.crop((width // 2 + 2, 0, width, height)).getcolors()
    return [c for _, c in left or []] == [0] and [c for _, c in right or []] == [255]


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        ("PNG", halves("1", 0, 1)),
        ("PNG", halves("L", 20, 230)),
        ("PNG", halves("LA", (20, 255), (230, 255))),
        ("PNG", halves("RGB", (0, 0, 90), (255, 255, 200)).convert("P")),
        ("PNG", halves("RGB", (0, 0, 90), (255, 255, 200))),
        ("PNG", halves("RGBA", (0, 0, 0, 255), (0, 0, 0, 0))),
        ("PNG", halves("I;16", 9_000, 60_000)),
        ("JPEG", halves("L", 20, 230)),
        ("JPEG", halves("RGB", (0, 0, 90), (255, 255, 200))),
        ("JPEG", halves("CMYK", (0, 0, 0, 255), (0, 0, 0, 0))),
        ("WEBP", halves("RGB", (0, 0, 90), (255, 255, 200))),
        ("WEBP", halves("RGBA", (0, 0, 0, 255), (0, 0, 0, 0))),
    ],
    ids=lambda value: value if isinstance(value, str) else value.mode,
)
def test_every_kind_of_colour_becomes_black_and_white(kind: str, image: Image.Image) -> None:
    assert is_halves(shown(encoded(image, kind), f"image/{kind.lower()}"))


def test_sixteen_bits_of_colour_are_taken_too() -> None:
    rows = b"".join(b"\0" + (b"\0" * 6 + b"\xff" * 6) * 4 for _ in range(8))
    assert shown(png(8, 8, rows, depth=16, colour=2)).getcolors() is not None


def test_a_picture_is_shown_whole_on_white_or_fills_the_panel() -> None:
    square = encoded(Image.new("L", (300, 300), 0))
    assert shown(square, look=HARD).getcolors() == [(SIZE[0] * SIZE[1], 0)]
    whole = shown(square, look=Look(SIZE, Framing.FIT, Tone.THRESHOLD))
    assert whole.getcolors() == [(176 * 176, 0), ((264 - 176) * 176, 255)]


def test_grey_is_dots_or_one_of_both() -> None:
    grey = encoded(Image.new("L", SIZE, 100))
    dots = shown(grey, look=Look(SIZE, Framing.FIT, Tone.DITHER)).getcolors() or []
    assert len(dots) == 2
    assert shown(grey, look=Look(SIZE, Framing.FIT, Tone.THRESHOLD)).getcolors() == [(46464, 0)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_a_photo_taken_sideways_stands_upright(
    kind: str, orientation: int, turn: Image.Transpose | None
) -> None:
    upright = halves("L", 0, 255, (1056, 704))
    exif = Image.Exif()
    exif[0x0112] = orientation
    as_taken = upright if turn is None else upright.transpose(turn)
    assert is_halves(shown(encoded(as_taken, kind, exif=exif)))


def test_a_photo_with_its_thumbnail_after_it_is_no_animation() -> None:
    data = encoded(
        halves("L", 0, 255), "MPO", save_all=True, append_images=[Image.new("L", (80, 60))]
    )
    assert is_halves(shown(data, "image/jpeg"))


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (5000, 5000)])
def test_any_shape_up_to_25_megapixels_is_taken(size: tuple[int, int]) -> None:
    assert shown(encoded(Image.new("1", size, 0))).getcolors() == [(SIZE[0] * SIZE[1], 0)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("part", [0.0, 0.001, 0.02, 0.1, 0.5, 0.9, 0.99])
def test_a_picture_that_ends_too_early_is_refused(kind: str, part: float) -> None:
    noise = Image.effect_noise((300, 300), 60)
    data = encoded(noise, kind)
    with pytest.raises(InvalidPictureError, match=r"ends too early|is damaged|no picture"):
        prepare(data[: int(len(data) * part)], f"image/{kind.lower()}", HARD)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_of_a_picture_that_moves_the_first_one_is_shown(kind: str) -> None:
    frames = [halves("L", 0, 255), *(Image.new("L", SIZE, grey) for grey in (100, 200))]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    assert is_halves(shown(data, f"image/{kind.lower()}"))


@pytest.mark.parametrize(("kind", "said"), [("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tiff")])
def test_other_kinds_that_people_have_are_taken(kind: str, said: str) -> None:
    assert is_halves(shown(encoded(halves("L", 20, 230), kind), f"image/{said}"))
    assert is_halves(shown(encoded(halves("L", 20, 230), kind)))


def test_a_photo_of_a_telephone_is_decoded_where_its_decoder_is() -> None:
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    heif.register_heif_opener()
    data = encoded(halves("RGB", (0, 0, 90), (255, 255, 200)), "HEIF")
    assert is_costly(data)
    assert is_halves(shown(data, "image/heic"))


def test_without_its_decoder_a_photo_of_a_telephone_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inkstand.pictures.conversion._HEIF_DECODER", "no_such_decoder")
    with pytest.raises(InvalidPictureError, match=r"HEIC, .* share as JPEG"):
        prepare(b"\0\0\0\x18ftypheic" + bytes(40), "application/octet-stream", HARD)


@pytest.mark.parametrize("size", [(1, 400), (2000, 1), (1, 1)])
def test_of_the_thinnest_picture_something_is_seen(size: tuple[int, int]) -> None:
    whole = shown(encoded(Image.new("L", size, 0)), look=Look(SIZE, Framing.FIT, Tone.THRESHOLD))
    assert whole.histogram()[0] > 0


def on_transparency(ink: int, mode: str = "LA") -> Image.Image:
    """A logo on nothing: a block of `ink` in the middle, transparent around it."""
    logo = Image.new("LA", SIZE, (255 - ink, 0))
    logo.paste((ink, 255), (100, 60, 160, 120))
    return logo.convert(mode)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("ink", [0, 60, 200, 255])
def test_a_logo_on_nothing_can_be_seen_whatever_its_colour(ink: int, mode: str) -> None:
    png_shown = prepare(encoded(on_transparency(ink, mode)), "image/png", HARD)
    assert not is_empty(png_shown)
    picture = Image.open(io.BytesIO(png_shown))
    assert picture.getpixel((130, 90)) != picture.getpixel((10, 10))


def test_what_is_transparent_in_a_gif_is_white() -> None:
    image = halves("P", 0, 1)
    image.putpalette([0, 0, 0, 0, 0, 0])
    assert is_halves(shown(encoded(image, "GIF", transparency=1), "image/gif"))


def without_marker(jpeg: bytes, marker: int) -> bytes:
    """Leave out one segment of a JPEG (ITU-T T.81, B.1.1.4)."""
    at = jpeg.index(bytes([0xFF, marker]))
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


APP14 = 0xEE


def test_cmyk_without_adobes_marker_is_no_negative() -> None:
    # With the marker 0 is full ink, without it 255 is.
    negative = ImageChops.invert(halves("CMYK", (0, 0, 0, 255), (0, 0, 0, 0)))
    data = without_marker(encoded(negative, "JPEG", quality=95), APP14)
    assert is_halves(shown(data, "image/jpeg"))


def test_ycck_is_no_negative() -> None:
    # In the file black is a luminance of 255 (of inks, not of light) with a negative K of 0, as
    # libjpeg.txt says of Adobe's files; Pillow writes the negative of what it is given.
    planes = halves("CMYK", (0, 127, 127, 255), (255, 127, 127, 0))
    data = encoded(planes, "JPEG", quality=95)
    at = data.index(b"Adobe") + 11
    ycck = data[:at] + b"\x02" + data[at + 1 :]
    assert is_halves(shown(ycck, "image/jpeg"))


@pytest.mark.parametrize(("black", "empty"), [(0, True), (200, True), (240, False), (46_464, True)])
def test_a_picture_of_nearly_one_colour_is_called_empty(black: int, empty: bool) -> None:
    image = Image.new("1", SIZE, 1)
    image.putdata([0] * black + [1] * (SIZE[0] * SIZE[1] - black))
    assert is_empty(encoded(image)) is empty


def test_a_photo_of_30_megapixels_is_decoded_at_a_fraction_of_its_size() -> None:
    data = encoded(halves("L", 20, 230, (6000, 5000)), "JPEG")
    assert not is_costly(data)
    assert is_halves(shown(data, "image/jpeg"))


@pytest.mark.parametrize(
    ("data", "said", "says"),
    [
        (encoded(Image.new("L", (9, 9)), "GIF"), "image/png", "said to be PNG and is GIF"),
        (encoded(Image.new("L", (9, 9)), "JPEG"), "image/png", "said to be PNG and is JPEG"),
        (encoded(Image.new("L", (9, 9))), "image/webp", "said to be WebP and is PNG"),
        (b"<svg/>", "application/octet-stream", "send PNG, JPEG, WebP, GIF, BMP or TIFF"),
        (b"", "image/jpeg", "no picture that is taken; send PNG"),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(40), "image/webp", "WebP picture is damaged"),
    ],
)
def test_what_is_of_another_type_than_it_says_is_refused(data: bytes, said: str, says: str) -> None:
    with pytest.raises(InvalidPictureError, match=says):
        prepare(data, said, HARD)


def chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def png(width: int, height: int, rows: bytes, *, depth: int = 1, colour: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def webp_header(width: int, height: int) -> bytes:
    sides = (side.to_bytes(3, "little") for side in (width - 1, height - 1))
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"".join(sides)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@pytest.mark.parametrize(
    "data",
    [
        png(5001, 5000, b""),
        png(10_000, 10_000, bytes(12_510_000)),
        png(65_000, 65_000, b""),
        png(2**31 - 1, 2**31 - 1, b""),
        webp_header(16_383, 16_383),
        b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + b"\xff" * 20,
        b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + b"\xff" * 20,
        encoded(Image.new("1", (5001, 5000)), "JPEG", progressive=True),
    ],
    ids=["larger", "bomb", "huge", "largest", "webp", "webp lossless", "webp lossy", "jpeg"],
)
def test_what_would_take_too_much_room_is_refused_before_it_is_decoded(data: bytes) -> None:
    with pytest.raises(PictureTooLargeError, match="25 megapixels"):
        prepare(data, "application/octet-stream", HARD)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(PictureTooLargeError, match="4 MB"):
        prepare(bytes(MOST_BYTES + 1), "image/png", HARD)


def test_texts_in_a_picture_that_unpack_to_gigabytes_are_refused() -> None:
    bomb = chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(50_000_000), 9))
    data = png(8, 8, bytes(16))
    with pytest.raises(InvalidPictureError):
        prepare(data[:33] + bomb + data[33:], "image/png", HARD)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_damage_anywhere_is_refused_or_shown_but_never_a_bug(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.effect_noise((40, 40), 60), kind, exif=exif)
    for at in range(0, len(data), 7):
        broken = data[:at] + bytes([data[at] ^ 0xA5]) + data[at + 1 :]
        try:
            shown(broken)
        except (InvalidPictureError, PictureTooLargeError) as error:
            assert str(error)  # noqa: PT017 - either way is right
