"""The driver of 2017, built from its source.

The source is a stand-in with the same make targets and options. This proves that the role fetches,
patches, builds, runs and removes such a driver; it does not prove that gratis itself works.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

PATCH = Path(__file__).resolve().parents[1] / "files" / "no_bcm_host.patch"
PANEL = "/run/epd/panel"
LIBRARY = "/usr/local/lib/inkstand"


@pytest.fixture(scope="module")
def gratis() -> dict[str, object]:
    """Settings of the flavour, but for its patch. /dev/null stands for the SPI device."""
    return {
        "flavour": "gratis",
        "bus": "spi",
        "spi_device": "/dev/null",
        "gratis_repository": "/srv/gratis",
        "gratis_version": "master",
        # What the stand-in needs; gratis itself needs libfuse-dev and pkg-config as well.
        "gratis_packages": ["gcc", "git", "libc6-dev", "make"],
    }


@pytest.fixture(scope="module")
def patched(gratis: dict[str, object]) -> dict[str, object]:
    """Settings of the flavour."""
    return {**gratis, "gratis_patches": [PATCH.read_text()]}


def programs(pi: Any) -> list[str]:
    """List what the role keeps of drivers."""
    return sorted(pi.check_output(f"ls {LIBRARY}").split())


def test_it_knows_no_simulated_panel(attempt: Callable[..., Any]) -> None:
    run = attempt(flavour="gratis")
    assert run.status != 0
    assert "gratis, which has no simulated panel" in run.words


def test_without_its_patch_it_does_not_build_and_the_old_driver_stays(
    pi: Any, attempt: Callable[..., Any], gratis: dict[str, object]
) -> None:
    run = attempt(**gratis)
    assert run.status != 0
    assert "bcm_host.h" in run.output
    assert pi.file(f"{PANEL}/panel").content_string.startswith("EPD 2.7")


def test_it_is_built_and_run_after_one_reboot(
    pi: Any, power: Any, apply: Callable[..., Any], patched: dict[str, object]
) -> None:
    pi.check_output(f"echo C >{PANEL}/command")
    apply(**patched, reboot_allowed=True)
    assert power.boots == 1
    assert pi.service("epd-fuse").is_running
    assert pi.service("epd-fuse").is_enabled
    assert pi.file("/dev/epd/panel").content_string == "EPD 2.7 264x176 COG 2 FILM 231\n"
    process = pi.check_output("systemctl show -p MainPID --value epd-fuse")
    line = pi.check_output(f"tr '\\0' ' ' </proc/{process}/cmdline")
    assert line.split()[1:] == [
        *("-f", "--panel=2.7", "--spi=/dev/null"),
        *("-o", "allow_other", "-o", "default_permissions", PANEL),
    ]


def test_what_the_other_driver_remembered_is_gone(pi: Any) -> None:
    """It would be untrue as soon as this one draws."""
    assert pi.run("ls /run/epdfuse /var/lib/epdfuse/glass").stdout == ""


def test_one_program_is_kept_and_no_source(pi: Any) -> None:
    (program,) = programs(pi)
    assert program.startswith("epd_fuse-")
    assert not pi.file("/usr/local/bin/epdfuse").exists


def test_the_second_run_builds_nothing_and_does_not_reboot(
    pi: Any, apply: Callable[..., Any], patched: dict[str, object]
) -> None:
    before = programs(pi)
    assert apply(**patched, reboot_allowed=True).changed == 0
    assert programs(pi) == before


def test_another_film_is_another_program(
    pi: Any, apply: Callable[..., Any], patched: dict[str, object]
) -> None:
    before = programs(pi)
    apply(**patched, film=230)
    assert pi.file(f"{PANEL}/panel").content_string == "EPD 2.7 264x176 COG 2 FILM 230\n"
    assert len(programs(pi)) == 1
    assert programs(pi) != before


def test_the_way_back_leaves_nothing_of_it(pi: Any, apply: Callable[..., Any]) -> None:
    apply()
    assert programs(pi) == ["epdfuse"]
    assert pi.mount_point(PANEL).exists
    assert pi.file(f"{PANEL}/panel").content_string == "EPD 2.7 264x176 COG 2 FILM 231\n"
