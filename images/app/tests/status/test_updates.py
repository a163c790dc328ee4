"""What the host has found to be older than Debian's, as the app reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.status.updates import Updates, UpdatesFile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit
IMAGE = "inkstand/app:1"


def found(image: str = IMAGE, packages: Any = (), security: Any = ()) -> dict[str, Any]:
    return {"image": image, "packages": packages, "security": security}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "updates.json"


def write(file: Path, **images: Any) -> None:
    file.write_text(json.dumps({"at": "2026-11-29T18:00:00+01:00", "images": images}))


def test_a_package_of_two_images_is_one(file: Path) -> None:
    bridge = found("inkstand/pigpiod:1", ["libc6", "tzdata"], ["libc6"])
    write(file, app=found(packages=["openssl", "libc6"], security=["libc6", "openssl"]), b=bridge)
    at = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)
    assert UpdatesFile(file, IMAGE).read() == Updates(at, ("libc6", "openssl", "tzdata"), 2)


def test_what_was_found_of_another_image_is_none_of_ours(file: Path) -> None:
    write(file, app=found("inkstand/app:0", ["openssl"], ["openssl"]))
    assert UpdatesFile(file, IMAGE).read() is None


def test_where_nobody_has_looked_nothing_is_said(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert UpdatesFile(file, IMAGE).read() is None
    assert caplog.messages == []


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"at": 5, "images": {"a": 1}}', b"\xff", b"null"], ids=range(6)
)
def test_rubbish_is_said_and_nothing_else(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(content)
    assert UpdatesFile(file, IMAGE).read() is None
    assert "cannot be read" in caplog.text


def test_a_file_that_is_no_file_is_said(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.mkdir()
    assert UpdatesFile(file, IMAGE).read() is None
    assert "cannot be read" in caplog.text


def test_what_is_found_anew_is_read_and_rubbish_said_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found_by = UpdatesFile(file, IMAGE)
    for content in ("[]", "{}"):
        new = file.with_suffix(".new")
        new.write_text(content)
        new.replace(file)
        for _ in range(3):
            assert found_by.read() is None
    assert len(caplog.messages) == 2
    new = file.with_suffix(".new")
    write(new, app=found(packages=["openssl"]))
    new.replace(file)
    known = found_by.read()
    assert known is not None
    assert known.packages == ("openssl",)
