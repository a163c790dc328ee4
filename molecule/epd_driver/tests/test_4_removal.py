"""What `epd_driver_state: absent` leaves: packages of Debian, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

PLACES = (
    *("/etc/systemd/system/epd-fuse.service", "/etc/tmpfiles.d/epd-fuse.conf"),
    *("/etc/systemd/system/multi-user.target.wants/epd-fuse.service",),
    *("/etc/udev/rules.d/70-epd-fuse.rules", "/usr/local/bin/epdfuse", "/usr/local/lib/inkstand"),
    *("/var/lib/epdfuse", "/run/epdfuse", "/run/epd", "/dev/epd", "/etc/default/epd-fuse"),
)


@pytest.fixture(scope="module", autouse=True)
def removed(attempt: Callable[..., Any], apply: Callable[..., Any]) -> None:
    """Remove it while everything is there: the lines for SPI, the rules and the groups, too."""
    attempt("--tags=epd_driver_configure", bus="spi")
    assert apply("--check", state="absent").changed > 0
    assert apply(state="absent").changed > 0


@pytest.mark.parametrize("path", PLACES)
def test_the_place_is_empty(pi: Any, path: str) -> None:
    assert pi.run("test -e %s -o -L %s", path, path).rc != 0


def test_user_and_groups_are_gone(pi: Any) -> None:
    assert not pi.user("epdfuse").exists
    assert not pi.group("spi").exists
    assert not pi.group("gpio").exists


def test_no_process_no_mount_and_no_failed_unit_is_left(pi: Any) -> None:
    assert "epdfuse" not in pi.check_output("ps -eo args")
    assert "/run/epd" not in pi.file("/proc/mounts").content_string
    assert pi.check_output("systemctl --failed --no-legend --plain") == ""


def test_files_that_others_own_are_as_they_were(pi: Any) -> None:
    assert "Inkstand" not in pi.file("/boot/firmware/config.txt").content_string
    assert "Inkstand" not in pi.file("/etc/fuse.conf").content_string
    assert pi.run("dpkg --verify fuse3").stdout == ""


def test_the_second_removal_changes_nothing(apply: Callable[..., Any]) -> None:
    assert apply(state="absent").changed == 0


def test_packages_stay(pi: Any) -> None:
    assert pi.package("python3-pyfuse3").is_installed
