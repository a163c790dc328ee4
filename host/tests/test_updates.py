"""What apt says of an image is read, kept, and told; what it cannot say is no answer."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host import cli, updates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.unit
# As apt of Debian 13 says it.
SAID = """\
NOTE: This is only a simulation!
The following packages will be upgraded:
  libssl3t64 openssl tzdata
Inst tzdata [2025a-1] (2025b-4+deb13u1 Debian:13.2/stable [all])
Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [arm64]) []
Inst openssl [3.5.1-1] (3.5.1-1+u1 Debian:13.2/stable, Debian-Security:13/stable-security [arm64])
Inst new-dependency (1.0-1 Debian:13.2/stable [all])
Conf tzdata (2025b-4+deb13u1 Debian:13.2/stable [all])
"""
APP, BRIDGE = "inkstand/app:1", "inkstand/pigpiod:1"


def test_what_is_older_is_named_and_what_is_only_new_is_not() -> None:
    assert updates.updates_in(SAID) == {
        "packages": ["libssl3t64", "openssl", "tzdata"],
        "security": ["libssl3t64", "openssl"],
    }
    assert updates.updates_in("0 upgraded, 0 newly installed") == {"packages": [], "security": []}


Answers = dict[str, tuple[int, str, str]]


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Answers], list[list[str]]]:
    """Make a Pi whose program `docker` answers so by what is in the line; gives what was run."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(updates, "RECORD", tmp_path / "state" / "updates.json")
    monkeypatch.setattr(updates, "_DOCKER", tmp_path)

    def make(answers: Answers) -> list[list[str]]:
        ran: list[list[str]] = []

        def run(argv: Any, **_: Any) -> Any:
            ran.append(list(argv))
            known = [answers[part] for part in argv if part in answers]
            return subprocess.CompletedProcess(argv, *(known[0] if known else (1, "", "no such")))

        monkeypatch.setattr("subprocess.run", run)
        return ran

    return make


RUNS: Answers = {"inkstand-app": (0, f"{APP}\n", ""), "inkstand-pigpiod": (0, f"{BRIDGE}\n", "")}


def test_each_image_is_asked_apart_and_what_was_found_is_kept(
    pi: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = pi({**RUNS, APP: (0, SAID, ""), BRIDGE: (0, "", "")})
    assert cli.main(["updates"]) == 0
    said = capsys.readouterr().out
    assert (
        "inkstand-app: 3 older than Debian's, 2 for security: libssl3t64, openssl, tzdata" in said
    )
    assert "inkstand-pigpiod: as Debian has it now" in said
    assert "inkstand_images_as_of" in said
    record = json.loads(updates.RECORD.read_text())
    assert record["images"]["inkstand-app"]["image"] == APP
    assert updates.RECORD.stat().st_mode & 0o777 == 0o644
    started = [line for line in ran if line[1] == "run"]
    assert len(started) == 2
    for line in started:
        assert {"--rm", "ALL", "no-new-privileges", "never"} <= set(line)


def test_where_nothing_is_old_nobody_has_to_do_anything(
    pi: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pi({**RUNS, APP: (0, "", ""), BRIDGE: (0, "", "")})
    assert cli.main(["updates", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["packages"] for each in found["images"].values()] == [[], []]


def test_without_containers_there_is_nothing_to_ask(
    pi: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = pi({})
    assert cli.main(["updates"]) == 0
    assert "no container" in capsys.readouterr().out
    assert [line for line in ran if line[1] == "run"] == []


def test_an_archive_that_does_not_answer_leaves_what_was_known(
    pi: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pi({**RUNS, APP: (0, SAID, ""), BRIDGE: (0, "", "")})
    assert cli.main(["updates"]) == 0
    known = updates.RECORD.read_text()
    pi({**RUNS, APP: (100, "", "E: Failed to fetch the list\n")})
    assert cli.main(["updates"]) == 1
    assert "E: Failed to fetch the list" in capsys.readouterr().err
    assert updates.RECORD.read_text() == known


def test_a_container_that_hangs_is_removed(pi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(argv: Any, **_: Any) -> Any:
        ran.append(list(argv))
        if argv[1] == "run":
            raise subprocess.TimeoutExpired(argv, 1)
        return subprocess.CompletedProcess(argv, 0, f"{APP}\n", "")

    pi({})
    monkeypatch.setattr("subprocess.run", run)
    assert cli.main(["updates"]) == 1
    assert ran[-1] == ["docker", "rm", "--force", "inkstand-updates"]


def test_a_card_that_is_nearly_full_is_left_alone(
    pi: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = pi(RUNS)
    monkeypatch.setattr(updates, "_ROOM", 1 << 60)
    assert cli.main(["updates"]) == 1
    assert "room" in capsys.readouterr().err
    assert ran == []
