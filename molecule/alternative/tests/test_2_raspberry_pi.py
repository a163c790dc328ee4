"""The whole playbook on a Raspberry Pi to which no panel is connected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

PLAYBOOK, HERE = ROOT / "playbook.yml", ROOT / "molecule" / "alternative" / "vars"
NO_PIN_FOR_A_CONTAINER = json.dumps({"pigpiod_line": "simulated"})


@pytest.fixture(scope="module")
def attempt(state: Path) -> Callable[..., testing.Run]:
    """Give a function that runs a playbook with the settings of this scenario."""
    files = (f"@{HERE / 'instance.yml'}", f"@{HERE / 'settings.yml'}")
    given = [part for file in files for part in ("-e", file)]
    options = ("-i", str(state / "inventory"), *given)

    def run(*more: str, playbook: Path = PLAYBOOK) -> testing.Run:
        return testing.play(playbook, *options, *more, MOLECULE_PROJECT_DIRECTORY=str(ROOT))

    return run


def containers(pi: Any) -> str:
    return str(pi.check_output("docker ps --no-trunc --format '{{.ID}} {{.Names}}' | sort"))


def test_a_machine_that_is_none_takes_what_is_simulated(attempt: Callable[..., Any]) -> None:
    closing = attempt("--tags=always").closing
    assert "panel simulated, because this is no Raspberry Pi" in closing
    assert "button simulated, because this is no Raspberry Pi" in closing


@pytest.mark.usefixtures("raspberry_pi")
class TestRaspberryPi:
    def test_it_takes_spi_and_the_gpio_chip(self, attempt: Callable[..., Any]) -> None:
        run = attempt("--tags=always")
        assert run.status == 0, run.output
        assert "panel on SPI, 2.0 inch with film 230, because this is a Raspb" in run.closing
        assert "button on GPIO 17, because this is a Raspberry Pi 4 Model B" in run.closing

    def test_without_a_panel_all_else_is_deployed_and_the_last_lines_say_so(
        self, pi: Any, attempt: Callable[..., Any]
    ) -> None:
        before = containers(pi)
        run = attempt("-e", NO_PIN_FOR_A_CONTAINER)
        assert run.status != 0
        assert "FAILED at epd_driver : verify | Require a panel that answers" in run.closing
        assert "No panel answers on inkstand-molecule-alternative, while all else" in run.closing
        assert "no identity (0x00)" in run.closing
        assert "rescued=0" in run.output
        assert containers(pi) == before
        assert pi.file("/etc/systemd/system/epd-fuse.service").contains("--bus spi")

    def test_the_appliance_serves_and_says_why_there_is_no_panel(
        self, owner: Any, wait_for: Callable[..., Any]
    ) -> None:
        def panel() -> Any:
            return owner.ask("GET", "/api/v1/panel")[1]

        wait_for("the driver's reason", lambda: "0x00" in (panel().get("reason") or ""))
        assert panel()["state"] == "unavailable"
        assert owner.ask("POST", "/messages", {"message": "kept"})[0] == 201

    def test_the_doctor_says_it_too(self, attempt: Callable[..., Any]) -> None:
        run = attempt(playbook=ROOT / "doctor.yml")
        assert run.status != 0
        assert "FAIL panel: panel" in run.words, run.output

    def test_what_is_simulated_comes_back_when_it_is_asked_for(
        self, pi: Any, owner: Any, attempt: Callable[..., Any], wait_for: Callable[..., Any]
    ) -> None:
        settings = {"pigpiod_line": "simulated", "epd_driver_bus": "simulated"}
        run = attempt("-e", json.dumps(settings))
        assert run.status == 0, run.output
        wait_for("a panel", lambda: owner.ask("GET", "/api/v1/panel")[1]["state"] == "ok")
