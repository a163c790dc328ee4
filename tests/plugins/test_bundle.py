"""A bundle is read, and what is damaged is refused; archives of images get other names."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.unit

PART = b"what a part holds"


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def names_in(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return archive.getnames()


def manifest_of(path: Path) -> Any:
    with tarfile.open(path) as archive:
        content = archive.extractfile("manifest.json")
        assert content
        return json.load(content)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a bundle of one part, with changes to its manifest."""

    def written(part: bytes = PART, **changes: Any) -> Path:
        parts = {"part.tar": {"sha256": hashlib.sha256(PART).hexdigest(), "bytes": len(PART)}}
        about = {"format": 1, "architecture": "arm64", "parts": parts, **changes}
        files = {"manifest.json": json.dumps(about).encode(), "part.tar": part}
        return write_tar(tmp_path / "bundle.tar", files)

    return written


def test_the_manifest_comes_with_its_checksum(bundle: Any, make: Callable[..., Path]) -> None:
    found = bundle.manifest(make())
    assert found["architecture"] == "arm64"
    assert len(found["id"]) == 12
    assert bundle.manifest(make(architecture="armhf"))["id"] != found["id"]


def test_a_part_is_taken_out(bundle: Any, make: Callable[..., Path], tmp_path: Path) -> None:
    bundle.extract(make(), "part.tar", tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == PART


def test_a_damaged_part_is_refused(bundle: Any, make: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"damaged: the checksum of part\.tar is another"):
        bundle.extract(make(b"what a part h0lds"), "part.tar", tmp_path / "part")


def test_a_cut_off_bundle_is_refused(bundle: Any, make: Callable[..., Path]) -> None:
    path = make(PART * 10_000)
    path.write_bytes(path.read_bytes()[:4096])
    with pytest.raises(ValueError, match="unexpected end of data"):
        bundle.manifest(path)


def test_a_part_that_is_not_there_is_refused(
    bundle: Any, make: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"has no other\.tar"):
        bundle.extract(make(), "other.tar", tmp_path / "part")


def test_another_format_is_refused(bundle: Any, make: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="has format 2, not 1; make a new one"):
        bundle.manifest(make(format=2))


def test_what_is_no_bundle_is_refused(bundle: Any, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="is no bundle of Inkstand"):
        bundle.manifest(tmp_path / "text")
    with pytest.raises(ValueError, match="is no bundle of Inkstand"):
        bundle.manifest(write_tar(tmp_path / "other.tar", {"hello": b""}))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """An archive as `docker save` writes it, with the indexes of newer engines."""
    manifest = [
        {"Config": "blobs/sha256/aa", "RepoTags": ["app:1-arm64"], "Layers": ["layer"]},
        {"Config": "blobs/sha256/bb", "RepoTags": ["base:1"], "Layers": ["layer"]},
    ]
    return write_tar(
        tmp_path / "saved.tar",
        {
            "blobs/sha256/aa": b"{}",
            "index.json": b"{}",
            "layer": PART,
            "manifest.json": json.dumps(manifest).encode(),
            "oci-layout": b"{}",
            "repositories": b"{}",
        },
    )


def test_images_get_other_names(image_archive_renamed: Any, saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "renamed.tar.gz"
    image_archive_renamed.rename(saved, target, {"app:1-arm64": "app:1"})
    assert names_in(target) == ["manifest.json", "blobs/sha256/aa", "layer"]
    assert [image["RepoTags"] for image in manifest_of(target)] == [["app:1"], []]
    with tarfile.open(target) as archive:
        content = archive.extractfile("layer")
        assert content
        assert content.read() == PART


def test_a_name_that_is_not_there_is_refused(
    image_archive_renamed: Any, saved: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"holds app:1-arm64, base:1, not app:2"):
        image_archive_renamed.rename(saved, tmp_path / "renamed", {"app:2": "app:3"})


def test_what_is_no_image_archive_is_not_renamed(
    image_archive_renamed: Any, tmp_path: Path
) -> None:
    other = write_tar(tmp_path / "other.tar", {"hello": b""})
    with pytest.raises(ValueError, match="is no archive of `docker save`"):
        image_archive_renamed.rename(other, tmp_path / "renamed", {})
