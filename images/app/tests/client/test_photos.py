"""Photos as they are sent: small, upright, and without the place where they were taken."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.client.arguments import LARGEST_PICTURE
from inkstand.client.errors import MisusedError
from inkstand.client.photos import fitted
from inkstand.client.server import Server
from inkstand.client.terminal import Progress
from inkstand.media_types import JSON

if TYPE_CHECKING:
    from pathlib import Path

HEIC = b"\0\0\0\x18ftypheic"
ORIENTATION, MAKER = 0x0112, 0x010F


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 90).convert("RGB")


def notes() -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Camera"
    return exif


@pytest.mark.unit
def test_a_photo_that_is_too_large_is_made_smaller(capsys: pytest.CaptureFixture[str]) -> None:
    photo = encoded(noise(3000, 2000), "JPEG", quality=97, exif=notes())
    assert len(photo) > LARGEST_PICTURE
    sent = fitted(photo, "photo.jpg")
    assert len(sent) <= LARGEST_PICTURE
    assert (opened(sent).format, opened(sent).size) == ("JPEG", (1365, 2048))
    assert "photo.jpg has" in capsys.readouterr().err


@pytest.mark.unit
def test_so_is_one_that_is_taken_but_has_more_than_a_panel_shows() -> None:
    """Nor does a server learn who made it, and where."""
    photo = encoded(noise(2600, 1300), "JPEG", quality=75, exif=notes())
    assert len(photo) <= LARGEST_PICTURE
    sent = opened(fitted(photo, "photo.jpg"))
    assert sent.size == (1024, 2048)
    assert dict(sent.getexif()) == {}


@pytest.mark.unit
@pytest.mark.parametrize(
    "data",
    [
        encoded(noise(300, 200), "JPEG", exif=notes()),
        encoded(Image.new("1", (4000, 3000), 1), "PNG"),
        encoded(noise(2600, 1300), "JPEG", quality=75)[:50_000],
    ],
    ids=["small", "as JPEG it would be larger", "broken: let the server say"],
)
def test_others_are_sent_as_they_are(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    assert fitted(data, "picture") == data
    assert capsys.readouterr().err == ""


@pytest.mark.unit
def test_what_is_transparent_is_white() -> None:
    image = noise(2600, 1300).convert("RGBA")
    image.putalpha(0)
    sent = opened(fitted(encoded(image, "TIFF"), "clear.tiff"))
    assert sent.getextrema() == ((255, 255),) * 3


@pytest.mark.unit
def test_16_bits_of_grey_stay_grey() -> None:
    wide = Image.linear_gradient("L").resize((2600, 2600)).convert("I")
    grey = wide.point(lambda value: value * 257).convert("I;16")
    sent = opened(fitted(encoded(grey, "TIFF"), "scan.tiff")).convert("L")
    assert sent.getextrema() == (0, 255)
    assert sent.crop((1000, 1000, 1040, 1040)).resize((1, 1)).tobytes() in (
        b"\x7e",
        b"\x7f",
        b"\x80",
    )


@pytest.mark.unit
@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK"])
def test_other_kinds_of_colour_are_made_smaller_too(mode: str) -> None:
    data = encoded(noise(2600, 1300).convert(mode), "TIFF")
    assert opened(fitted(data, "picture")).size == (2048, 1024)


@pytest.mark.unit
def test_one_that_is_too_large_and_broken_is_said() -> None:
    with pytest.raises(MisusedError, match=r"photo.jpg cannot be made smaller: "):
        fitted(b"\xff\xd8\xff" + bytes(LARGEST_PICTURE), "photo.jpg")


@pytest.mark.unit
def test_a_photo_of_a_telephone_becomes_a_jpeg() -> None:
    pytest.importorskip("pillow_heif", reason="pillow-heif is not installed").register_heif_opener()
    photo = encoded(noise(300, 200), "HEIF")
    sent = opened(fitted(photo, "photo.heic"))
    assert (sent.format, sent.size) == ("JPEG", (300, 200))


@pytest.mark.unit
def test_without_its_decoder_it_goes_as_it_is_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert fitted(HEIC, "photo.heic") == HEIC
    assert "pipx inject inkstand pillow-heif" in capsys.readouterr().err
    with pytest.raises(MisusedError, match=r"or run: pipx inject inkstand pillow-heif$"):
        fitted(HEIC + bytes(LARGEST_PICTURE), "photo.heic")


@pytest.mark.integration
def test_without_pillow_a_photo_that_is_too_large_is_refused(at_home: Any, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + bytes(LARGEST_PICTURE))
    result = at_home("send", "--image", str(photo))
    assert result.returncode == 2
    assert "make it smaller, or run: pipx inject inkstand Pillow" in result.stderr


@pytest.mark.integration
def test_without_pillow_a_large_one_that_is_taken_is_sent(at_home: Any, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encoded(noise(2600, 1300), "JPEG", quality=75))
    result = at_home("send", "--image", str(photo))
    assert (result.returncode, result.stderr) == (0, "")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.unit
def test_a_terminal_shows_how_far_it_is_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    times = iter([0.0, 10.0, 10.0, 10.9, 11.1, 12.0])
    progress = Progress(lambda: next(times))
    progress(0, 4096)
    progress(1024, 4096)
    assert screen.getvalue() == ""
    progress(2048, 4096)
    assert screen.getvalue() == "inkstand: sent 2 of 4 kB\x1b[K\r"
    progress(4096, 4096)
    assert screen.getvalue().endswith("\x1b[K\r\x1b[K\r")


@pytest.mark.unit
def test_what_is_no_terminal_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter(range(0, 100, 10))
    progress = Progress(lambda: next(times))
    for sent in (0, 1024, 4096):
        progress(sent, 4096)
    assert capsys.readouterr().err == ""


@pytest.mark.integration
def test_what_is_counted_arrives_whole(at_home: Any, app: Any) -> None:
    seen: list[tuple[int, int]] = []
    token = at_home("tokens", "create", "counted").stdout.strip()
    server = Server(app.url, token, progress=lambda sent, total: seen.append((sent, total)))
    data = b'{"text": "Hello"}'
    assert server.ask("POST", "/messages", data, {"Content-Type": JSON}).json()["text"] == "Hello"
    assert seen == [(0, len(data)), (len(data), len(data))]
