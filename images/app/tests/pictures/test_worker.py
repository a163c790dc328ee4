"""Large pictures are developed by a process of their own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from inkstand import worker_process
from inkstand.errors import InvalidPictureError, PictureTooLargeError
from inkstand.pictures import worker
from inkstand.pictures.conversion import Look, is_costly, prepare
from inkstand.pictures.worker import convert
from inkstand.worker_process import Limits

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration
LOOK = Look((264, 176))


def encoded(size: tuple[int, int], kind: str, mode: str = "L", **options: object) -> bytes:
    output = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(output, kind, **options)
    return output.getvalue()


async def test_it_returns_what_this_process_would() -> None:
    data = encoded((300, 200), "PNG")
    assert await convert(data, "image/png", LOOK) == prepare(data, "image/png", LOOK)


async def test_what_is_wrong_is_told_as_in_this_process() -> None:
    with pytest.raises(InvalidPictureError, match="The PNG picture ends too early"):
        await convert(encoded((300, 200), "PNG")[:80], "image/png", LOOK)
    with pytest.raises(PictureTooLargeError, match="25 megapixels"):
        await convert(encoded((5001, 5000), "PNG", "1"), "image/png", LOOK)


@pytest.mark.parametrize("script", ["import os; os.kill(os.getpid(), 9)", "raise SystemExit(1)"])
async def test_a_picture_that_the_process_does_not_survive_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    (tmp_path / "inkstand" / "pictures").mkdir(parents=True)
    (tmp_path / "inkstand" / "__init__.py").touch()
    (tmp_path / "inkstand" / "pictures" / "__init__.py").touch()
    (tmp_path / "inkstand" / "pictures" / "worker.py").write_text(
        f"import sys; sys.stdin.read(); {script}"
    )
    monkeypatch.setattr(worker_process, "_PARENT", tmp_path)
    with pytest.raises(PictureTooLargeError, match="more memory or time than there is"):
        await convert(bytes(1000), "image/png", LOOK)


async def test_a_picture_that_takes_too_long_is_too_large_and_the_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_PATIENCE", 0.0)
    with pytest.raises(PictureTooLargeError, match="time"):
        await convert(encoded((300, 200), "PNG"), "image/png", LOOK)


async def test_no_secret_goes_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INKSTAND_TOKEN_SECRET", "0123456789abcdef" * 2)
    (tmp_path / "inkstand" / "pictures").mkdir(parents=True)
    (tmp_path / "inkstand" / "__init__.py").touch()
    (tmp_path / "inkstand" / "pictures" / "__init__.py").touch()
    script = 'import json, os, sys; sys.stdin.read(); print(json.dumps({"png": "", **os.environ}))'
    (tmp_path / "inkstand" / "pictures" / "worker.py").write_text(script)
    monkeypatch.setattr(worker_process, "_PARENT", tmp_path)
    answer = await worker_process.ask("inkstand.pictures.worker", {}, Limits(60))
    assert answer is not None
    assert not [name for name in answer if name.startswith("INKSTAND")]


@pytest.mark.parametrize(
    ("data", "costly"),
    [
        (encoded((1000, 1000), "PNG"), False),
        (encoded((1001, 1000), "PNG"), True),
        (encoded((1001, 1000), "WEBP"), True),
        (encoded((900, 900), "WEBP"), False),
        (encoded((4000, 3000), "JPEG"), False),
        (encoded((4000, 3000), "JPEG", progressive=True), True),
        (encoded((1200, 1000), "JPEG", "CMYK"), True),
        # Refused at once.
        (encoded((5001, 5000), "PNG", "1"), False),
        (b"nonsense", False),
    ],
    ids=range(9),
)
def test_what_is_decoded_as_a_whole_and_large_is_costly(data: bytes, *, costly: bool) -> None:
    assert is_costly(data) is costly
