"""Whether this machine runs programs of other architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pi_images import architectures, emulation
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

HANDLER = "enabled\ninterpreter /usr/libexec/qemu-binfmt/arm-binfmt-P\nflags: {}\noffset 0\n"


@pytest.mark.parametrize(
    ("content", "there"),
    [
        (HANDLER.format("POF"), True),
        # Without F a container would have to hold the emulator.
        (HANDLER.format("PO"), False),
        (HANDLER.format("POF").replace("enabled", "disabled"), False),
        (None, False),
    ],
)
def test_a_handler_counts_when_it_serves_containers(
    tmp_path: Path, content: str | None, there: bool
) -> None:
    if content is not None:
        (tmp_path / "qemu-arm").write_text(content)
    assert emulation.is_registered(architectures.named("armhf"), tmp_path) is there


def test_a_handler_is_registered_as_its_package_says(tmp_path: Path) -> None:
    """Debian 12 has one file for qemu-arm, and another for qemu-armeb."""
    (tmp_path / "qemu-arm.conf").write_text(":qemu-arm:M::\n")
    (tmp_path / "qemu-armeb.conf").write_text(":qemu-armeb:M::\n")
    (tmp_path / "register").touch()
    emulation.register(architectures.named("armhf"), tmp_path, tmp_path)
    assert (tmp_path / "register").read_text() == ":qemu-arm:M::"


def test_what_serves_no_containers_gives_way(tmp_path: Path) -> None:
    """To write -1 to a handler removes it; a second one of its name would be refused."""
    (tmp_path / "qemu-arm.conf").write_text(":qemu-arm:M::\n")
    (tmp_path / "qemu-arm").write_text(HANDLER.format("PO"))
    (tmp_path / "register").touch()
    emulation.register(architectures.named("armhf"), tmp_path, tmp_path)
    assert (tmp_path / "qemu-arm").read_text() == "-1"
    assert (tmp_path / "register").read_text() == ":qemu-arm:M::"


def test_a_package_whose_emulators_serve_no_containers_is_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12 offers both, and only one of them is right; in Debian 13 it is the other."""
    (tmp_path / "register").touch()
    installed: list[str] = []

    def install(packages: list[str]) -> None:
        installed.extend(packages)
        flags = "POF" if packages == ["qemu-user-binfmt"] else "PO"
        (tmp_path / "qemu-arm").write_text(HANDLER.format(flags))

    monkeypatch.setattr(emulation, "HANDLERS", tmp_path)
    monkeypatch.setattr(emulation.register, "__defaults__", (tmp_path, tmp_path))
    monkeypatch.setattr(emulation.is_registered, "__defaults__", (tmp_path,))
    monkeypatch.setattr("tools.common.apt.install", install)
    monkeypatch.setattr("tools.common.apt.update", lambda: None)
    monkeypatch.setattr("tools.common.apt.is_offered", lambda _: True)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(emulation, "runs_natively", lambda *_: False)
    said: list[str] = []
    emulation.require(architectures.named("armhf"), said.append)
    assert installed == ["qemu-user-static", "qemu-user-binfmt"]
    assert said == ["QEMU registered for armhf"]


def test_a_kernel_that_refuses_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "qemu-arm.conf").write_text(":qemu-arm:M::\n")
    (tmp_path / "register").mkdir()
    with pytest.raises(ToolError, match=r"QEMU for armhf: .*directory"):
        emulation.register(architectures.named("armhf"), tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("wanted", "here", "natively"),
    [("amd64", "amd64", True), ("armel", "arm64", True), ("arm64", "amd64", False)],
)
def test_what_runs_without_an_emulator(wanted: str, here: str, natively: bool) -> None:
    assert architectures.runs_natively(architectures.named(wanted), here) is natively


def test_an_unknown_architecture_is_an_error_that_names_the_known() -> None:
    with pytest.raises(ToolError, match="riscv64") as caught:
        architectures.named("riscv64")
    assert "amd64, arm64, armhf, armel" in str(caught.value)
