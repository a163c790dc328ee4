"""What is sent to a host: archives of directories, and archives of images."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def pack(
    build_context_archive: Any, build_context_hash: Any, context: Path, tmp_path: Path
) -> Callable[..., Path]:
    """Give a function that packs the context and gives the archive's path."""

    def packed(name: str = "context.tar") -> Path:
        files = build_context_hash.source_files(context)
        build_context_archive.write_archive(tmp_path / name, context, files)
        return tmp_path / name

    return packed


def test_an_archive_holds_the_source_and_nothing_else(
    pack: Callable[..., Path], context: Path
) -> None:
    (context / "__pycache__").mkdir()
    (context / "__pycache__" / "x.pyc").write_text("")
    with tarfile.open(pack()) as archive:
        assert archive.getnames() == ["src", "Dockerfile", "src/main.py", "start"]


def test_owners_and_modes_are_those_of_a_host(pack: Callable[..., Path], context: Path) -> None:
    (context / "Dockerfile").chmod(0o600)
    with tarfile.open(pack()) as archive:
        found = {member.name: (member.mode, member.uid) for member in archive}
    assert found["Dockerfile"] == (0o644, 0)
    assert found["start"] == (0o755, 0)
    assert found["src"] == (0o755, 0)


def test_the_same_source_gives_the_same_archive(pack: Callable[..., Path], context: Path) -> None:
    first = pack("first.tar").read_bytes()
    os.utime(context / "start", (0, 0))
    assert pack("second.tar").read_bytes() == first


def test_a_change_of_the_same_length_changes_the_time(
    pack: Callable[..., Path], context: Path
) -> None:
    """Python would take the old compiled module for current otherwise."""
    main = context / "src" / "main.py"
    times = []
    for text in ("a = 1\n", "a = 2\n"):
        main.write_text(text)
        with tarfile.open(pack()) as archive:
            times.append(archive.getmember("src/main.py").mtime)
    assert times[0] != times[1]


@pytest.fixture
def image_archive(tmp_path: Path) -> Callable[[Any], Path]:
    """Give a function that writes an archive as `docker save` does, with one manifest."""

    def write(manifest: Any) -> Path:
        path = tmp_path / "image.tar"
        content = json.dumps(manifest).encode()
        with tarfile.open(path, "w") as archive:
            info = tarfile.TarInfo("manifest.json")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        return path

    return write


@pytest.mark.parametrize("config", ["{}.json", "blobs/sha256/{}"])
def test_the_id_is_read_from_old_and_new_archives(
    image_archive_id: Any, image_archive: Callable[[Any], Path], config: str
) -> None:
    path = image_archive([{"Config": config.format("ab" * 32), "RepoTags": ["debian:trixie-slim"]}])
    assert image_archive_id.image_id(path, "debian:trixie-slim") == f"sha256:{'ab' * 32}"


def test_an_archive_of_another_image_is_refused_by_name(
    image_archive_id: Any, image_archive: Callable[[Any], Path]
) -> None:
    path = image_archive([{"Config": "x.json", "RepoTags": ["alpine:3"]}])
    with pytest.raises(ValueError, match="holds alpine:3, not debian:trixie-slim"):
        image_archive_id.image_id(path, "debian:trixie-slim")


def test_an_image_without_a_name_is_refused(
    image_archive_id: Any, image_archive: Callable[[Any], Path]
) -> None:
    path = image_archive([{"Config": "x.json", "RepoTags": None}])
    with pytest.raises(ValueError, match="holds no named image"):
        image_archive_id.image_id(path, "debian:trixie-slim")


def test_a_file_that_is_no_archive_is_refused(image_archive_id: Any, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("not a tar")
    with pytest.raises(ValueError, match="no archive of `docker save`"):
        image_archive_id.image_id(tmp_path / "x.tar", "debian:trixie-slim")
