"""What Ansible and systemd call, and what they are told."""

from __future__ import annotations

import json
import stat
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host import cli
from inkstand_host.errors import ReleaseError
from inkstand_host.release import commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

SAID = {"verdict": "good", "sentence": "It is well.", "gate_seconds": 1.0}
IN_A_UNIT = ("switch", "switch-without-panel", "abort", "back", "back-with-databases")


class Done:
    """Releases that only remember what was asked of them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, bool]]] = []
        self.result: dict[str, Any] | ReleaseError = SAID

    def alone(self) -> Any:
        return nullcontext()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def act(**options: bool) -> Any:
            self.calls.append((name, options))
            if isinstance(self.result, ReleaseError):
                raise self.result
            return dict(self.result)

        return act


@pytest.fixture
def done(pi: Any, monkeypatch: pytest.MonkeyPatch) -> Done:
    made = Done()
    monkeypatch.setattr(commands, "load", lambda: pi.settings)
    monkeypatch.setattr(commands, "Releases", lambda *_: made)
    return made


@pytest.fixture
def systemctl(pi: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that has a unit say that it is well, and writes down what it was told."""
    folder = pi.settings.state_directory
    program = tmp_path / "systemctl"
    program.write_text(
        f"""#!/bin/sh
        echo "$*" >>{tmp_path}/heard
        action=${{2#*@}}
        [ -z "$2" ] || echo '{json.dumps(SAID)}' >{folder}/${{action%.service}}.json
        """
    )
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return program


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("begin", ("begin", {})),
        ("switch", ("switch", {})),
        ("switch-without-panel", ("switch", {"without_panel": True})),
        ("abort", ("abort", {})),
        ("recover", ("recover", {})),
        ("back", ("back", {})),
        ("back-with-databases", ("back", {"with_databases": True})),
    ],
)
def test_what_is_asked_for_is_done_told_and_written_down(
    pi: Any, done: Done, capsys: pytest.CaptureFixture[str], action: str, call: Any
) -> None:
    assert cli.main(["release", action, "--here", "--json"]) == 0
    said = told(capsys)
    assert done.calls == [call]
    assert {**said, **SAID} == said
    assert 0 <= said["seconds"] < 60
    written = json.loads((pi.settings.state_directory / f"{action}.json").read_text())
    assert written == {"action": action, **said}


def test_a_refusal_is_told_and_written_down_too(
    pi: Any, done: Done, capsys: pytest.CaptureFixture[str]
) -> None:
    done.result = ReleaseError("There is none.")
    assert cli.main(["release", "begin", "--json"]) == 1
    said = told(capsys)
    assert (said["verdict"], said["sentence"]) == ("refused", "There is none.")
    assert json.loads((pi.settings.state_directory / "begin.json").read_text()).items() >= (
        said.items()
    )


@pytest.mark.parametrize("here", [False, True])
@pytest.mark.parametrize("verdict", ["first", "good", "unchanged", "back", "bad", "refused"])
def test_who_asked_for_another_release_and_did_not_get_it_is_told_by_the_status(
    done: Done, verdict: str, here: bool
) -> None:
    done.result = {**SAID, "verdict": verdict}
    is_refused = verdict in ("back", "bad", "refused")
    assert cli.main(["release", "recover", *(["--here"] if here else [])]) == int(
        is_refused and not here
    )


@pytest.mark.parametrize("action", IN_A_UNIT)
def test_what_may_take_longer_than_the_controller_lives_is_done_in_a_unit(
    pi: Any, done: Done, systemctl: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    (pi.settings.state_directory / f"{action}.json").write_text("of the time before")
    assert cli.main(["release", action, "--json"]) == 0
    assert told(capsys) == SAID
    assert done.calls == []
    assert systemctl.with_name("heard").read_text().splitlines() == [
        "daemon-reload",
        f"start inkstand-release@{action}.service",
    ]


def test_a_unit_that_ended_without_a_word_is_named(
    pi: Any, done: Done, systemctl: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pi.settings.state_directory / "switch.json").write_text(json.dumps(SAID))
    systemctl.write_text("#!/bin/sh\n")
    assert cli.main(["release", "switch", "--json"]) == 1
    said = told(capsys)
    assert said["verdict"] == "refused"
    assert "journalctl -u inkstand-release@switch.service" in said["sentence"]
    assert (said["gate_seconds"], said["seconds"]) == (0.0, 0.0)


def test_a_pi_without_settings_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load() -> None:
        raise ReleaseError("run the playbook first")

    monkeypatch.setattr(commands, "load", load)
    assert cli.main(["release", "begin", "--json"]) == 1
    said = told(capsys)
    assert (said["verdict"], said["sentence"]) == ("refused", "run the playbook first")
