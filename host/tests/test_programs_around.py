"""What systemd and its like are told, by programs of their names that write down what they hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inkstand_host import systemd
from inkstand_host.systemd import Host

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

UNITS = "/etc/systemd/system"


class Heard:
    """The programs, and what they were told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.active: dict[str, str] = {}
        for name in ("systemctl", "udevadm", "systemd-tmpfiles", "journalctl"):
            self.answer(name, "")

    def answer(self, name: str, code: str) -> None:
        program = self.folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/heard\n{code}\n')
        program.chmod(0o700)

    @property
    def words(self) -> list[str]:
        file = self.folder / "heard"
        words = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return words


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heard:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Heard(tmp_path)


def test_the_guard_counts_from_now(heard: Heard) -> None:
    Host().guard()
    assert heard.words == [
        "systemctl stop inkstand-release-guard.timer",
        "systemctl start inkstand-release-guard.timer",
    ]
    Host().unguard()
    assert heard.words == ["systemctl stop inkstand-release-guard.timer"]


def test_the_status_of_systemctl_is_told(heard: Heard) -> None:
    heard.answer("systemctl", "exit 5")
    assert systemd.systemctl("stop", "a.service") == 5


def test_a_unit_is_active_that_runs_or_is_about_to(heard: Heard) -> None:
    states = {"a": "active", "b": "activating", "c": "reloading", "d": "inactive", "e": "failed"}
    cases = " ".join(f"*{name}.service) echo {state};;" for name, state in states.items())
    heard.answer("systemctl", f'case "$*" in {cases} esac')
    paths = [f"{UNITS}/{name}.service" for name in "edcba"]
    assert Host().active_units([*paths, "/etc/hosts"]) == ("a.service", "b.service", "c.service")
    assert len(heard.words) == 5
    Host().stop_units(["a.service", "b.service"])
    assert heard.words == ["systemctl stop a.service", "systemctl stop b.service"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{UNITS}/a.service", ["systemctl daemon-reload"]),
        (f"{UNITS}/timers.target.wants/a.timer", ["systemctl daemon-reload"]),
        ("/etc/udev/rules.d/60-a.rules", ["udevadm control --reload", "udevadm trigger"]),
        ("/etc/tmpfiles.d/a.conf", ["systemd-tmpfiles --create"]),
        ("/etc/inkstand/app/inkstand.toml", []),
    ],
)
def test_who_reads_a_file_is_told_that_it_changed(
    heard: Heard, path: str, words: list[str]
) -> None:
    for paths in ({path}, {path, "/etc/hosts"}):
        Host().follow(paths, ())
        assert heard.words == words


def test_units_run_whose_files_changed_and_the_driver_before_them(
    heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "_UNITS", tmp_path)
    for name, program in {"a": "/usr/a", "b": "/usr/b"}.items():
        (tmp_path / f"{name}.service").write_text(f"ExecStart={program}")
    Host().follow({"/usr/b"}, ("a.service", "b.service", "driver.service"), "driver.service")
    assert heard.words == [
        "systemctl restart driver.service",
        "systemctl --no-block start a.service",
        "systemctl --no-block restart b.service",
    ]


def test_a_journal_is_the_end_of_what_a_unit_wrote(heard: Heard) -> None:
    heard.answer("journalctl", "echo it broke")
    assert Host().journal("driver.service", 7) == "it broke\n"
    (words,) = heard.words
    assert {"--lines=7", "--unit=driver.service"} <= set(words.split())
