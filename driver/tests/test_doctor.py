"""`epdfuse doctor` names what is missing, each with its fix."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from epdfuse import doctor
from epdfuse.cli import main
from epdfuse.doctor import Finding, Machine, Question
from epdfuse.panel.spec import panel_spec

if TYPE_CHECKING:
    from driver.tests.conftest import Driver


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Raspberry Pi 5 where everything is installed."""
    for name in ("spidev0.0", "gpiochip0", "gpiochip4", "fuse"):
        (tmp_path / name).touch()
    (tmp_path / "fuse.conf").write_text("# a remark\nuser_allow_other\n")
    labels = {"gpiochip0": "gpio-brcmstb@107d508500", "gpiochip4": "pinctrl-rp1"}
    return Machine(
        devices=tmp_path,
        fuse_settings=tmp_path / "fuse.conf",
        label_of=lambda chip: labels[chip.name],
        has_module=lambda _name: True,
        find_program=lambda name: f"/usr/bin/{name}",
        user_id=lambda: 1000,
    )


@pytest.fixture
def question(tmp_path: Path) -> Question:
    return Question("spi", panel_spec("2.7"), tmp_path / "spidev0.0", tmp_path / "panel")


def ills(question: Question, machine: Machine) -> dict[str, Finding]:
    """What is missing, by subject."""
    found = doctor.examine(question, machine)
    return {finding.subject: finding for finding in found if finding.well is False}


@pytest.fixture
def simulated(question: Question) -> Question:
    return replace(question, bus="simulated")


@pytest.mark.unit
class TestWithoutAMount:
    def test_on_a_machine_with_all_it_needs_only_the_mount_and_the_panel_are_missing(
        self, question: Question, machine: Machine
    ) -> None:
        assert set(ills(question, machine)) == {"mounted directory", "panel"}

    def test_the_chip_is_found_by_its_label(self, question: Question, machine: Machine) -> None:
        seen = {finding.subject: finding.seen for finding in doctor.examine(question, machine)}
        assert seen["GPIO chip"] == f"{machine.devices}/gpiochip4 is pinctrl-rp1"

    @pytest.mark.parametrize(
        ("change", "subject", "fix"),
        [
            ("rm spidev0.0", "SPI", "dtparam=spi=on"),
            ("rm gpiochip*", "GPIO chip", "Raspberry Pi"),
            ("rm gpiochip4", "GPIO chip", "Raspberry Pi"),
            ("rm fuse", "FUSE", "modprobe fuse"),
            ("rm fuse.conf", "user_allow_other", "echo user_allow_other >>"),
            ("sed -i s/^user/#user/ fuse.conf", "user_allow_other", "echo user_allow_other >>"),
        ],
    )
    def test_each_missing_file_has_its_fix(
        self, question: Question, machine: Machine, change: str, subject: str, fix: str
    ) -> None:
        assert os.system(f"cd {machine.devices} && {change}") == 0
        assert fix in ills(question, machine)[subject].fix

    @pytest.mark.parametrize(
        ("module", "subject", "fix"),
        [
            ("gpiod", "GPIO library", "apt install python3-libgpiod"),
            ("pyfuse3", "Python libraries", "apt install python3-pyfuse3"),
            ("trio", "Python libraries", "apt install python3-trio"),
        ],
    )
    def test_each_missing_library_has_its_fix(
        self, question: Question, machine: Machine, module: str, subject: str, fix: str
    ) -> None:
        without = replace(machine, has_module=lambda name: name != module)
        assert ills(question, without)[subject].fix == fix

    def test_a_missing_fusermount3_has_its_fix(self, question: Question, machine: Machine) -> None:
        without = replace(machine, find_program=lambda _name: None)
        assert ills(question, without)["fusermount3"].fix == "apt install fuse3"

    @pytest.mark.parametrize("group", ["spi", "gpio"])
    def test_a_device_that_is_closed_to_the_user_names_the_group(
        self, question: Question, machine: Machine, monkeypatch: pytest.MonkeyPatch, group: str
    ) -> None:
        monkeypatch.setattr(doctor, "_allowed", lambda device: not device.name.startswith(group))
        fixes = [finding.fix for finding in ills(question, machine).values()]
        assert any(f"--groups {group} " in fix for fix in fixes)

    def test_a_simulated_panel_needs_no_hardware(
        self, simulated: Question, machine: Machine
    ) -> None:
        bare = replace(machine, devices=Path("/nowhere"))
        assert set(ills(simulated, bare)) == {"FUSE", "mounted directory"}

    def test_root_needs_no_permission_to_share(self, question: Question, machine: Machine) -> None:
        (machine.devices / "fuse.conf").unlink()
        as_root = replace(machine, user_id=lambda: 0)
        assert "user_allow_other" not in ills(question, as_root)

    @pytest.mark.skipif(Path("/dev/spidev0.0").exists(), reason="this machine has SPI")
    @pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has GPIO")
    def test_a_machine_with_no_spi_and_no_gpio_is_told_each_missing_thing_and_its_fix(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert main(["doctor", "--mountpoint", str(tmp_path)]) == 1
        out, err = capsys.readouterr()
        for missing in ("SPI: there is no /dev/spidev0.0", "GPIO chip: there is no", "mounted"):
            assert f"MISSING  {missing}" in out
        assert out.count("MISSING") == out.count("fix:")
        assert err.endswith("things are missing\n")
        assert main(["doctor", "--json", "--mountpoint", str(tmp_path)]) == 1
        out, err = capsys.readouterr()
        (line,) = out.splitlines()
        told = {one["subject"]: one for one in json.loads(line)}
        assert (told["SPI"]["well"], told["SPI"]["fix"] != "") == (False, True)
        assert err.endswith("things are missing\n")


@pytest.mark.integration
class TestWithAMount:
    @pytest.fixture
    def asked(self, simulated: Question, driver: Driver) -> Question:
        return replace(simulated, mountpoint=driver.files)

    def test_a_mount_that_serves_is_well(
        self, asked: Question, machine: Machine, driver: Driver
    ) -> None:
        assert ills(asked, machine) == {}
        driver.command("C")
        assert ills(asked, machine) == {}

    def test_what_the_panel_complains_of_has_its_fix(
        self, asked: Question, machine: Machine, driver: Driver
    ) -> None:
        driver.simulate("fail", "dc-failed")
        with pytest.raises(OSError, match="Input/output"):
            driver.command("C")
        assert "supply" in ills(asked, machine)["panel"].fix

    def test_a_dead_mount_is_told_from_none(
        self, asked: Question, machine: Machine, driver: Driver
    ) -> None:
        assert driver.process is not None
        driver.process.kill()
        driver.process.wait()
        assert f"umount --lazy {driver.files}" in ills(asked, machine)["mounted directory"].fix
