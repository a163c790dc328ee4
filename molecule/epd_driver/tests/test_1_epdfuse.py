"""Inkstand's own driver, as the role installs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

UNIT = "epd-fuse.service"
KEPT, MEMORY = "/var/lib/epdfuse/glass", "/run/epdfuse"
PANEL = "/run/epd/panel"
FIRST = "EPD 2.7 264x176 COG 2 FILM 231\n"
MOST_EXPOSED = 3.5
"""As `systemd-analyze security` counts, from 0 to 10; the same unit as plain root has 9.6."""


def said(pi: Any) -> str:
    """Give what the panel says it is, or nothing while there is none."""
    return str(pi.run(f"cat {PANEL}/panel").stdout)


def test_the_panel_is_served_at_both_names(pi: Any) -> None:
    assert said(pi) == pi.file("/dev/epd/panel").content_string == FIRST
    assert pi.mount_point(PANEL).exists
    assert pi.mount_point(PANEL).filesystem == "fuse"


def test_the_driver_is_not_root_and_has_no_capability(pi: Any) -> None:
    process = pi.check_output(f"systemctl show -p MainPID --value {UNIT}")
    status = pi.file(f"/proc/{process}/status").content_string
    uid = pi.user("epdfuse").uid
    assert uid != 0
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert f"CapEff:\t{'0' * 16}" in status
    assert "Seccomp:\t2" in status


def test_the_unit_is_closed_as_far_as_a_mount_allows(pi: Any) -> None:
    report = pi.check_output(f"systemd-analyze security --no-pager {UNIT}")
    exposure = float(report.split("Overall exposure level for")[1].split()[1])
    assert exposure <= MOST_EXPOSED, report


def test_another_user_draws_and_the_glass_shows_it(pi: Any) -> None:
    draw = f"head -c 5808 /dev/zero | tr '\\0' '\\252' >{PANEL}/display && echo U >{PANEL}/command"
    pi.check_output("sudo -u pi sh -c %s", draw)
    assert pi.file(f"{PANEL}/error").content_string == "OK\n"
    assert set(pi.file(f"{PANEL}/current").content) == {0o252}


def test_a_killed_driver_is_back_within_five_seconds_with_the_same_glass(
    pi: Any, wait_for: Callable[..., Any]
) -> None:
    process = pi.check_output(f"systemctl show -p MainPID --value {UNIT}")
    pi.check_output(f"systemctl kill --signal KILL {UNIT}")
    wait_for(
        "another driver",
        lambda: (
            pi.check_output(f"systemctl show -p MainPID --value {UNIT}") not in ("0", process)
            and said(pi) == FIRST
        ),
        seconds=5,
    )
    assert set(pi.file(f"{PANEL}/current").content) == {0o252}


def test_a_driver_that_hangs_is_killed_and_back_within_thirty_seconds(
    pi: Any, wait_for: Callable[..., Any]
) -> None:
    """A process that is stopped hangs as one does that waits for ever: nothing is answered."""
    process = pi.check_output(f"systemctl show -p MainPID --value {UNIT}")
    pi.check_output(f"systemctl kill --kill-whom main --signal STOP {UNIT}")
    assert pi.run(f"timeout 1 cat {PANEL}/panel").rc != 0
    wait_for(
        "another driver",
        lambda: (
            pi.check_output(f"systemctl show -p MainPID --value {UNIT}") not in ("0", process)
            and said(pi) == FIRST
        ),
        seconds=30,
    )
    assert "watchdog" in pi.check_output(f"journalctl --unit {UNIT} --lines 50 --no-pager")
    assert set(pi.file(f"{PANEL}/current").content) == {0o252}


def test_what_is_on_the_glass_comes_to_the_disk_when_the_driver_is_stopped(pi: Any) -> None:
    assert not pi.file(KEPT).exists
    pi.check_output(f"systemctl stop {UNIT}")
    assert pi.file(KEPT).exists
    assert not pi.file(MEMORY).exists
    pi.check_output(f"systemctl start {UNIT}")
    assert set(pi.file(f"{PANEL}/current").content) == {0o252}
    pi.check_output(f"echo C >{PANEL}/command")
    assert not pi.file(KEPT).exists


def test_the_size_is_where_programs_for_gratis_look(pi: Any) -> None:
    """They read it with a shell, and PaPiRus' with Python."""
    assert pi.check_output(". /etc/default/epd-fuse && echo $EPD_SIZE") == "2.7"
    script = "exec(open('/etc/default/epd-fuse').read()); print(EPD_SIZE)"
    assert pi.check_output("python3 -c %s", script) == "2.7"


def test_the_owner_makes_the_panel_fail_and_heals_it(pi: Any) -> None:
    pi.check_output("epdfuse simulate fail broken")
    assert pi.run(f"echo U >{PANEL}/command").rc != 0
    assert pi.file(f"{PANEL}/error").content_string == "Panel broken\n"
    pi.check_output("epdfuse simulate fail ok")
    pi.check_output(f"echo C >{PANEL}/command")
    assert pi.file(f"{PANEL}/error").content_string == "OK\n"


def test_no_compiler_is_there(pi: Any) -> None:
    assert not pi.exists("gcc")


def test_another_panel_is_one_setting_and_one_run(pi: Any, apply: Callable[..., Any]) -> None:
    assert apply("--check", "--tags=run", panel="2.0").changed > 0
    assert said(pi) == FIRST
    assert apply(panel="2.0", panel_line="short").changed > 0
    assert said(pi) == "EPD 2.0 200x96 COG 2\n"
    assert pi.check_output(". /etc/default/epd-fuse && echo $EPD_SIZE") == "2.0"
    assert len(pi.file(f"{PANEL}/current").content) == 200 * 96 // 8


def test_older_films_are_settings_too(pi: Any, apply: Callable[..., Any]) -> None:
    apply("--tags=run,verify", panel="2.0", film=230)
    assert said(pi) == "EPD 2.0 200x96 COG 2 FILM 230\n"


def test_a_panel_that_does_not_exist_is_refused_first(pi: Any, attempt: Callable[..., Any]) -> None:
    before = said(pi)
    run = attempt(panel="1.9", film=110)
    assert run.status != 0
    assert "There is no panel of 1.9 inch with film 110." in run.words
    assert run.changed == 0
    assert said(pi) == before
