"""What the owner set for their engine stays; what is missing is added, and goes again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.integration

DEFAULTS = {
    "log-driver": "local",
    "log-opts": {"max-size": "5m", "max-file": "3"},
    "live-restore": True,
    "userland-proxy": False,
}


@pytest.fixture(scope="session")
def daemon_settings(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/daemon_settings.py")


@dataclass
class Machine:
    """A folder in which an engine has its settings."""

    module: Any
    folder: Path
    check_mode: bool = False
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "daemon.json"

    def has(self, **settings: Any) -> None:
        named = {name.replace("_", "-"): value for name, value in settings.items()}
        self.file.write_text(json.dumps(named))

    def run(self, **params: Any) -> Any:
        given = {"defaults": DEFAULTS, "options": {}, "state": "present", **params}
        record = self.folder / "record" / "daemon.json"
        self.params = {**given, "path": str(self.file), "record": str(record)}
        return self.module.apply(self)

    @property
    def now(self) -> Any:
        return json.loads(self.file.read_text())


@pytest.fixture
def machine(daemon_settings: Any, tmp_path: Path) -> Machine:
    return Machine(daemon_settings, tmp_path)


def test_where_there_is_nothing_all_is_ours_and_goes_again(machine: Machine) -> None:
    assert machine.run()["changed"]
    assert machine.now == DEFAULTS
    assert not machine.run()["changed"]
    assert machine.run(state="absent")["changed"]
    assert not machine.file.exists()


def test_what_the_owner_set_stays_and_what_is_missing_is_added(machine: Machine) -> None:
    machine.has(dns=["192.0.2.1"], data_root="/srv/docker", live_restore=False)
    before = machine.file.read_text()
    told = machine.run()
    assert machine.now == {
        **DEFAULTS,
        "dns": ["192.0.2.1"],
        "data-root": "/srv/docker",
        "live-restore": False,
    }
    assert told["kept"] == ["live-restore"]
    assert (machine.folder / "daemon.json.before-inkstand").read_text() == before
    machine.run(state="absent")
    assert machine.now == json.loads(before)


def test_options_of_our_log_driver_are_not_given_to_another_one(machine: Machine) -> None:
    machine.has(log_driver="journald")
    machine.run()
    assert machine.now["log-driver"] == "journald"
    assert "log-opts" not in machine.now


def test_our_log_driver_is_not_given_options_of_another_one(machine: Machine) -> None:
    machine.has(log_opts={"tag": "{{.Name}}"})
    machine.run()
    assert "log-driver" not in machine.now
    assert machine.now["log-opts"] == {"tag": "{{.Name}}"}


def test_a_setting_of_ours_that_changes_is_changed(machine: Machine) -> None:
    machine.has(dns=["192.0.2.1"])
    machine.run()
    other = {**DEFAULTS, "log-opts": {"max-size": "1m", "max-file": "2"}}
    assert machine.run(defaults=other)["changed"]
    assert machine.now["log-opts"]["max-size"] == "1m"
    assert machine.now["dns"] == ["192.0.2.1"]


def test_what_the_owner_changed_of_ours_is_theirs(machine: Machine) -> None:
    machine.run()
    machine.has(**{**machine.now, "userland-proxy": True})
    machine.run()
    assert machine.now["userland-proxy"] is True
    machine.run(state="absent")
    assert machine.now == {"userland-proxy": True}


def test_what_is_asked_for_in_host_vars_wins(machine: Machine) -> None:
    machine.has(live_restore=False)
    machine.run(options={"live-restore": True, "bip": "10.9.0.1/24"})
    assert machine.now == {**DEFAULTS, "bip": "10.9.0.1/24"}


def test_what_host_vars_took_the_place_of_comes_back(machine: Machine) -> None:
    machine.has(live_restore=False, dns=["192.0.2.1"])
    machine.run(options={"live-restore": True})
    machine.run(options={"live-restore": True, "debug": True})
    machine.run()
    assert machine.now["live-restore"] is False
    machine.run(options={"dns": []})
    machine.run(state="absent")
    assert machine.now == {"live-restore": False, "dns": ["192.0.2.1"]}


def test_the_owners_file_is_left_as_it_was_letter_by_letter(machine: Machine) -> None:
    text = '{"dns": ["192.0.2.1"],\n\n  "bip": "10.9.0.1/24"}'
    machine.file.write_text(text)
    machine.run()
    machine.run(state="absent")
    assert machine.file.read_text() == text
    assert [it.name for it in machine.folder.iterdir() if it.is_file()] == ["daemon.json"]
    assert not machine.run(state="absent")["changed"]
    assert machine.file.read_text() == text


def test_a_file_that_an_older_inkstand_wrote_is_ours(machine: Machine) -> None:
    machine.file.write_text(json.dumps(DEFAULTS))
    assert machine.run(defaults={**DEFAULTS, "ip6tables": True})["changed"]
    machine.run(state="absent")
    assert not machine.file.exists()


def test_what_the_owner_had_set_as_we_would_stays_when_we_go(machine: Machine) -> None:
    machine.has(live_restore=True)
    machine.run()
    machine.run(state="absent")
    assert machine.now == {"live-restore": True}


def test_in_check_mode_nothing_is_written(machine: Machine) -> None:
    machine.check_mode = True
    assert machine.run()["changed"]
    assert list(machine.folder.iterdir()) == []


@pytest.mark.parametrize("text", ['{"dns": [}', "[]", "live-restore = true"])
def test_what_is_no_json_is_named_and_left(machine: Machine, text: str) -> None:
    machine.file.write_text(text)
    with pytest.raises(ValueError, match=r"daemon\.json is no JSON.*; repair it, or move it away"):
        machine.run()
    assert machine.file.read_text() == text
