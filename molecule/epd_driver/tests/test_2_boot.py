"""A real panel: SPI in the boot configuration, and the reboot that this takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

CONFIG = "/boot/firmware/config.txt"
BLOCK = "# BEGIN Inkstand: epd_driver\n[all]\n{}\n# END Inkstand: epd_driver\n"
SPI, PWM = "dtparam=spi=on", "dtoverlay=pwm,pin=18,func=2"
# Stands for a device that a reboot brings: there is no SPI on a virtual Pi.
THERE = "/dev/null"
ONLY_BOOT = "--tags=epd_driver_configure"


@pytest.fixture(scope="module")
def original(pi: Any) -> str:
    """The boot configuration as the Pi came with it."""
    return str(pi.file(CONFIG).content_string)


def write(pi: Any, content: str) -> None:
    """Write the boot configuration as an owner does."""
    pi.check_output("printf %s %s >" + CONFIG, "%s", content)


def test_spi_is_turned_on_for_every_pi_and_a_reboot_asked_for(
    pi: Any, original: str, attempt: Callable[..., Any]
) -> None:
    """SPI that is on for other Pis, or in a comment, does not count. All else is done."""
    run = attempt(bus="spi")
    assert run.status != 0
    assert f"{CONFIG} turns on what the panel needs, which takes effect with a reboot." in run.words
    assert "epd_driver_reboot_allowed: true" in run.words
    assert pi.file(CONFIG).content_string == original + BLOCK.format(SPI)
    assert pi.package("python3-libgpiod").is_installed
    assert pi.service("epd-fuse").is_enabled
    assert "is SPI on?" in pi.file("/run/epd/panel/reason").content_string


def test_it_is_asked_for_again_until_the_pi_is_booted(
    pi: Any, original: str, attempt: Callable[..., Any]
) -> None:
    run = attempt(ONLY_BOOT, bus="spi")
    assert "takes effect with a reboot" in run.closing
    assert run.changed == 0
    assert pi.file(CONFIG).content_string == original + BLOCK.format(SPI)


def test_a_device_that_no_reboot_would_bring_is_named_and_there_is_no_reboot(
    pi: Any, attempt: Callable[..., Any]
) -> None:
    """A boot configuration that is older than the last boot has taken effect already."""
    pi.check_output(f"touch --date 2000-01-01 {CONFIG}")
    run = attempt(ONLY_BOOT, bus="spi", reboot_allowed=True)
    assert "There is no /dev/spidev0.0" in run.closing
    assert "the Pi was rebooted since" in run.closing
    assert run.changed == 0


def test_film_110_gets_its_clock(pi: Any, original: str, attempt: Callable[..., Any]) -> None:
    assert "takes effect with a reboot" in attempt(ONLY_BOOT, bus="spi", film=110).closing
    assert pi.file(CONFIG).content_string == original + BLOCK.format(f"{SPI}\n{PWM}")


def test_what_the_owner_turned_on_is_left_to_the_owner(
    pi: Any, original: str, attempt: Callable[..., Any]
) -> None:
    own = f"{original}\n[all]\ndtparam=i2c_arm=on,spi=on\n"
    write(pi, own)
    attempt(ONLY_BOOT, bus="spi")
    assert pi.file(CONFIG).content_string == own


def test_the_last_word_counts(pi: Any, original: str, attempt: Callable[..., Any]) -> None:
    own = f"dtparam=spi=on\ndtparam=spi=off\n{original}"
    write(pi, own)
    attempt(ONLY_BOOT, bus="spi")
    assert pi.file(CONFIG).content_string == own + BLOCK.format(SPI)


def test_a_dry_run_says_that_it_would_ask_and_writes_nothing(
    pi: Any, original: str, apply: Callable[..., Any]
) -> None:
    write(pi, original)
    run = apply("--check", ONLY_BOOT, bus="spi")
    assert "Would ask for a reboot at the end" in run.words
    assert pi.file(CONFIG).content_string == original


def test_a_pi_without_a_boot_configuration_is_told_what_to_do(
    attempt: Callable[..., Any],
) -> None:
    run = attempt(ONLY_BOOT, bus="spi", boot_config="/boot/none.txt")
    assert "There is no /dev/spidev0.0" in run.closing
    assert "set epd_driver_boot_config" in run.closing


def test_the_groups_own_the_devices_by_a_rule(pi: Any) -> None:
    assert pi.group("spi").exists
    assert pi.group("gpio").exists
    rules = pi.file("/etc/udev/rules.d/70-epd-fuse.rules").content_string
    assert 'SUBSYSTEM=="spidev", GROUP="spi"' in rules


def test_a_device_that_is_no_spi_is_named_by_the_driver(
    pi: Any, attempt: Callable[..., Any]
) -> None:
    """All of the role's way to a real panel but the panel: the unit starts, and says why not."""
    run = attempt("--tags=run,verify", bus="spi", spi_device=THERE, boot_config="/boot/none.txt")
    assert run.status != 0
    assert "No panel answers on" in run.closing
    assert "the device is there but does not work" in run.closing
    assert "Unable to" not in run.closing


def test_what_has_the_panel_already_is_named_before_anything_is_changed(
    pi: Any, original: str, attempt: Callable[..., Any]
) -> None:
    write(pi, f"{original}[all]\ndtoverlay=papirus,panel=e2271cs021\n")
    run = attempt(bus="spi")
    assert run.status != 0
    assert run.changed == 0
    assert "take the line dtoverlay=papirus,panel=e2271cs021 out of" in run.closing
    write(pi, original)


def test_going_back_to_the_simulated_panel_takes_the_lines_out(
    pi: Any, original: str, apply: Callable[..., Any]
) -> None:
    write(pi, f"{original}{BLOCK.format(SPI)}")
    apply()
    assert pi.file(CONFIG).content_string == original
    assert pi.service("epd-fuse").is_running
