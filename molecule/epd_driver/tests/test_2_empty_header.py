"""A Raspberry Pi to which nothing is connected: what the role takes, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("raspberry_pi")]

UNIT, CONFIG = "/etc/systemd/system/epd-fuse.service", "/boot/firmware/config.txt"
COMMAND_LINE = "/boot/firmware/cmdline.txt"


def test_it_takes_spi_and_ends_with_what_the_driver_says(
    pi: Any, attempt: Callable[..., Any]
) -> None:
    run = attempt()
    assert run.status != 0
    assert "panel on SPI, 2.7 inch with film 231, because this is a Raspberry Pi 4" in run.closing
    assert "No panel answers on" in run.closing
    assert "no identity (0x00)" in run.closing
    assert "epd_driver_bus: simulated" in run.closing
    assert pi.file(UNIT).contains("--bus spi")


def test_the_reason_is_where_programs_look_for_the_panel(pi: Any) -> None:
    assert "no identity (0x00)" in pi.file("/run/epd/panel/reason").content_string


def test_the_driver_goes_on_trying_and_a_second_run_changes_nothing(
    pi: Any, attempt: Callable[..., Any], wait_for: Callable[..., Any]
) -> None:
    def tries() -> int:
        return int(pi.check_output("systemctl show --property=NRestarts --value epd-fuse"))

    before = tries()
    # It waits half a minute at most.
    wait_for("another try", lambda: tries() > before, seconds=60)
    run = attempt()
    assert (run.status != 0, run.changed) == (True, 0)
    assert "no identity (0x00)" in run.closing


def test_a_serial_console_on_its_pins_is_said_and_taken_off_where_a_reboot_is_allowed(
    pi: Any, attempt: Callable[..., Any]
) -> None:
    config, console = pi.file(CONFIG).content_string, "console=serial0,115200 console=tty1 root=x"
    pi.check_output("echo %s >%s; echo enable_uart=1 >>%s", console, COMMAND_LINE, CONFIG)
    said = attempt().closing
    assert "to do /boot/firmware/config.txt has enable_uart=1" in said
    assert pi.file(COMMAND_LINE).content_string == f"{console}\n"
    run = attempt("--check", "--diff", reboot_allowed=True)
    assert "+enable_uart=0" in run.output
    assert "+console=tty1 root=x" in run.output
    pi.check_output("rm %s; printf %s %s >%s", COMMAND_LINE, "%s", config, CONFIG)


def test_who_says_simulated_gets_that(pi: Any, apply: Callable[..., Any]) -> None:
    run = apply(bus="simulated")
    assert "panel simulated, as epd_driver_bus says" in run.closing
    assert pi.file("/run/epd/panel/panel").content_string.startswith("EPD 2.7")
