"""SSH, updates and the rest, and how all of it goes again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

SSH = "sudo -u pi ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
PASSWORDS = "-o PubkeyAuthentication=no -o NumberOfPasswordPrompts=0"
PACKAGES = ("nftables", "systemd-zram-generator", "unattended-upgrades")
FILES = (
    "/etc/apt/apt.conf.d/52inkstand-unattended-upgrades",
    "/etc/inkstand",
    "/etc/ssh/sshd_config.d/00-inkstand.conf",
    "/etc/systemd/journald.conf.d",
    "/etc/systemd/system.conf.d",
    "/etc/systemd/system/inkstand-firewall.service",
    "/etc/systemd/zram-generator.conf.d",
)


@pytest.fixture
def no_key(pi: Any) -> Iterator[None]:
    """Nobody's key is known."""
    pi.check_output("mv /home/pi/.ssh/authorized_keys /home/pi/.ssh/away")
    yield
    pi.check_output("mv /home/pi/.ssh/away /home/pi/.ssh/authorized_keys")


def test_a_key_lets_in_and_a_password_is_not_asked_for(pi: Any) -> None:
    pi.check_output("install -o pi -m 0600 /srv/key /home/pi/.ssh/id_ed25519")
    assert pi.check_output(f"{SSH} pi@localhost echo welcome") == "welcome"
    refused = pi.run(f"{SSH} {PASSWORDS} pi@localhost true")
    assert "Permission denied (publickey)" in refused.stderr


@pytest.mark.usefixtures("no_key")
def test_who_would_be_locked_out_is_told_before_anything_changes(
    attempt: Callable[..., Any], pi: Any
) -> None:
    run = attempt(journal_max="16M")
    assert run.status != 0
    assert "ssh-copy-id pi@" in run.words
    assert run.changed == 0
    assert (
        "RuntimeMaxUse=32M" in pi.file("/etc/systemd/journald.conf.d/inkstand.conf").content_string
    )


@pytest.mark.usefixtures("no_key")
def test_a_key_may_come_with_the_run(apply: Callable[..., Any], pi: Any) -> None:
    key = pi.check_output("cat /srv/key.pub")
    apply(ssh_keys=[key])
    assert key in pi.file("/home/pi/.ssh/authorized_keys").content_string


def test_what_is_no_key_is_refused(attempt: Callable[..., Any]) -> None:
    run = attempt(ssh_keys=["/home/me/.ssh/id_ed25519.pub"])
    assert run.status != 0
    assert "is no public key" in run.words


def test_updates_come_every_night(pi: Any) -> None:
    asked = pi.check_output("apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1"' in asked
    assert 'Automatic-Reboot-Time "04:00"' in asked
    assert "origin=Raspbian,codename=${distro_codename}" in asked
    assert "label=Debian-Security" in asked
    assert pi.service("apt-daily-upgrade.timer").is_enabled
    said = pi.run("unattended-upgrade --dry-run --debug")
    assert said.rc == 0, said.stderr


def test_the_journal_is_in_memory(pi: Any) -> None:
    """What it wrote to the card before stays there; nothing is added."""
    pi.check_output("logger a-line-for-the-memory && journalctl --sync")
    assert pi.run("grep -rqa a-line-for-the-memory /run/log/journal").rc == 0
    assert pi.run("grep -rqa a-line-for-the-memory /var/log/journal").rc == 1


def test_watchdog_and_swap_are_written_down(pi: Any) -> None:
    watchdog = pi.check_output("systemd-analyze cat-config systemd/system.conf")
    assert "RuntimeWatchdogSec=15s" in watchdog
    swap = pi.file("/etc/systemd/zram-generator.conf.d/inkstand.conf").content_string
    assert "zram-size = ram * 50 / 100" in swap


def test_no_unit_has_failed(pi: Any) -> None:
    assert pi.check_output("systemctl --failed --no-legend --plain") == ""


def test_a_part_can_be_left_out(apply: Callable[..., Any], pi: Any) -> None:
    apply(firewall=False, journal=False)
    assert not pi.file("/etc/systemd/journald.conf.d/inkstand.conf").exists
    assert pi.run("nft list table inet inkstand").rc != 0
    apply()
    assert pi.run("nft list table inet inkstand").rc == 0


def test_it_goes_without_a_trace(
    apply: Callable[..., Any], pi: Any, outside: Any, wait_for: Callable[..., Any]
) -> None:
    """The last test: what comes after it has no role to look at."""
    assert apply(state="absent").changed > 0
    assert [path for path in FILES if pi.file(path).exists] == []
    assert [name for name in PACKAGES if pi.package(name).is_installed] == []
    asked = pi.check_output("sshd -T")
    assert "passwordauthentication yes" in asked
    assert outside.open_ports("22", "9990-9998") == [22, 9998]
    assert apply(state="absent").changed == 0
