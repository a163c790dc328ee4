"""Faults are found on each Pi, each with its fix, and nothing is changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

STATE = "/var/lib/inkstand"


def findings(output: str, host: str) -> dict[str, str]:
    """Give the lines that the doctor prints for a host, by what they are about."""
    told = re.search(
        rf"^ok: \[{re.escape(host)}\] => ?\n +msg: \|-\n((?: {{8}}.*\n)+)", output, re.MULTILINE
    )
    assert told, output[-4000:]
    lines = [line.strip() for line in told[1].splitlines()]
    return {line[6:30].strip(): line for line in lines}


@pytest.fixture
def faults(two: Any) -> Iterator[None]:
    """The driver stopped, a disk full, a container gone."""
    two.shell.check_output("systemctl stop epd-fuse; docker stop inkstand-pigpiod")
    two.shell.check_output(f"mount -t tmpfs -o size=1m tmpfs {STATE}")
    two.shell.run(f"head -c 2M /dev/zero > {STATE}/full")
    yield
    two.shell.check_output(f"umount {STATE}")
    two.shell.check_output("systemctl start epd-fuse; docker start inkstand-pigpiod")


@pytest.fixture
def ghost(place: Path) -> str:
    """A Pi that is switched off, in an inventory of its own."""
    path = place / "ghost.yml"
    host = "{ansible_connection: community.docker.docker, traefik_host: ghost.test}"
    path.write_text(f"inkstand: {{hosts: {{inkstand-ghost: {host}}}}}\n")
    return str(path)


def test_each_fault_is_named_with_its_fix(  # noqa: PLR0913, PLR0917  (fixtures)
    play: Callable[..., Any], one: Any, two: Any, broken: Any, faults: None, ghost: str
) -> None:
    run = play("doctor.yml", f"--inventory={ghost}")
    assert run.status != 0
    well, sick, bare = (findings(run.output, pi.name) for pi in (one, two, broken))
    assert [line for line in well.values() if line.startswith("FAIL")] == []
    assert well["inkstand-app: image"].endswith("as it should be")
    assert well["port 443"].startswith("ok")
    assert well["certificate"].startswith("ok")
    assert sick["epd-fuse"].startswith("FAIL")
    assert "systemctl enable --now epd-fuse" in sick["epd-fuse"]
    assert sick["inkstand-pigpiod"].startswith("FAIL")
    assert "docker start inkstand-pigpiod" in sick["inkstand-pigpiod"]
    assert sick[f"disk {STATE}"].startswith("FAIL")
    assert "docker image prune" in sick[f"disk {STATE}"]
    assert bare["docker"].startswith("FAIL")
    assert bare["driver"].startswith("FAIL")
    assert findings(run.output, "inkstand-ghost")["host"].startswith("FAIL")
    assert "wrong on" in run.about(two.name)


def test_a_clock_that_nobody_sets_is_a_fault_where_it_counts(
    play: Callable[..., Any], one: Any
) -> None:
    one.shell.check_output("timedatectl --version")
    run = play("doctor.yml", "--limit", one.name, "-e", "app_time_source=host")
    synchronised = one.shell.check_output("timedatectl show --property=NTPSynchronized --value")
    told = findings(run.output, one.name)["time server"]
    assert told.startswith("ok" if synchronised == "yes" else "FAIL")


def test_a_setting_that_is_wrong_is_a_fault(play: Callable[..., Any], one: Any) -> None:
    run = play("doctor.yml", "--limit", one.name, "-e", "app_memory=much")
    assert run.status != 0
    told = findings(run.output, one.name)
    assert "app_memory" in told["settings of app"]
    assert told["port 443"].startswith("ok")


def test_the_doctor_changes_nothing_and_is_content_at_last(
    play: Callable[..., Any], one: Any, two: Any, wait_for: Callable[..., None]
) -> None:
    for pi in (one, two):
        ask = pi.api.ask
        wait_for("panel and button", lambda ask=ask: ask("GET", "/healthz")[1]["status"] == "ok")
    run = play("doctor.yml", "--limit", f"{one.name},{two.name}")
    assert run.status == 0, run.output[-4000:]
    assert "changed=0" in run.output
    assert re.search(r"changed=[1-9]", run.output) is None
