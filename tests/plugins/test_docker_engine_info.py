"""Which engine there is, and what stands in the way of one, is known before anything is changed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import ModuleType

PACKAGES = ["docker.io", "docker-cli", "docker-buildx", "python3-requests"]
# Of podman-docker 5.4.2 in Debian 13.
PODMANS = """#!/bin/sh
[ -e /etc/containers/nodocker ] || echo "Emulate Docker CLI using podman." >&2
exec /usr/bin/podman "$@"
"""


@pytest.fixture(scope="session")
def docker_engine_info(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/docker_engine_info.py")


@dataclass
class Host:
    """Programs of a host, with what they say, and its packages."""

    module: Any
    folder: Path
    packages: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def has(self, program: str, content: str = "\x7fELF") -> None:
        """Install a program."""
        path = self.folder / program
        path.write_text(content)
        self.there[program] = str(path)

    def run(self, argv: Sequence[str]) -> str:
        """Say what a program says."""
        self.ran.append(argv[0])
        if argv[0] == "dpkg-query":
            asked = [it for it in self.packages if it in argv]
            return "".join(f"installed {it}\n" for it in asked)
        return self.said.get(argv[0].rpartition("/")[2], "")

    def engine(self) -> Any:
        return self.module.engine(self.run, self.there.get, self.module.listens())

    def answer(self, oldest: str = "20.10") -> tuple[list[str], list[str]]:
        """Return the conflicts, and what is missing."""
        found = self.engine()
        missing = self.module.missing(PACKAGES, found, self.run)
        answers = self.module.listens()
        return list(self.module.conflicts(found, answers, oldest, missing, self.run)), missing


@pytest.fixture
def host(docker_engine_info: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host without an engine."""
    monkeypatch.setattr(docker_engine_info, "UNITS", (tmp_path / "docker.service",))
    monkeypatch.setattr(docker_engine_info, "PLUGINS", (tmp_path / "docker-buildx",))
    monkeypatch.setattr(docker_engine_info, "listens", lambda: False)
    monkeypatch.setattr(docker_engine_info, "command_line", list)
    return Host(docker_engine_info, tmp_path)


def installs(host: Host, package: str, version: str) -> None:
    """Give a host an engine."""
    host.has("docker")
    host.has("dockerd")
    host.has("docker.service")
    host.has("docker-buildx")
    host.packages.append(package)
    host.said["dockerd"] = f"Docker version {version}, build a72d7cd\n"


@pytest.mark.integration
def test_where_there_is_no_engine_debians_is_wanted(host: Host) -> None:
    assert host.answer() == ([], PACKAGES)


@pytest.mark.integration
def test_debians_engine_is_completed(host: Host) -> None:
    installs(host, "docker.io", "26.1.5+dfsg1")
    assert host.answer() == ([], ["docker-cli", "docker-buildx", "python3-requests"])


@pytest.mark.integration
def test_an_engine_of_others_is_adopted(host: Host) -> None:
    installs(host, "docker-ce", "27.5.1")
    assert host.engine().version == "27.5.1"
    assert host.answer() == ([], ["python3-requests"])


@pytest.mark.integration
def test_one_without_buildx_gets_that_alone(host: Host) -> None:
    installs(host, "docker-ce", "27.5.1")
    (host.folder / "docker-buildx").unlink()
    assert host.answer() == ([], ["docker-buildx", "python3-requests"])


@pytest.mark.integration
@pytest.mark.parametrize(("version", "is_refused"), [("19.03.15", True), ("20.10.24", False)])
def test_one_that_is_too_old_is_refused(host: Host, version: str, is_refused: bool) -> None:
    installs(host, "docker-ce", version)
    said, _ = host.answer()
    assert [f"there is Docker {version} (docker-ce)" in it for it in said] == [True] * is_refused


@pytest.mark.integration
def test_one_that_systemd_does_not_know_is_refused(host: Host) -> None:
    installs(host, "", "27.5.1")
    (host.folder / "docker.service").unlink()
    assert "no unit docker.service" in host.answer()[0][0]


@pytest.mark.integration
@pytest.mark.parametrize("by_link", [False, True])
def test_a_docker_that_is_podman_is_named(host: Host, by_link: bool) -> None:
    if by_link:
        host.has("podman")
        (host.folder / "docker").symlink_to(host.there["podman"])
        host.there["docker"] = str(host.folder / "docker")
    else:
        host.has("docker", PODMANS)
    assert "remove that (sudo apt remove podman-docker)" in host.answer()[0][0]


@pytest.mark.integration
def test_podman_alone_is_nobodys_business(host: Host) -> None:
    host.has("podman")
    assert host.answer() == ([], PACKAGES)


@pytest.mark.integration
def test_what_apt_would_remove_is_named(host: Host) -> None:
    host.said["apt-get"] = "Remv docker-ce-cli [5:27.5.1]\nInst docker.io (26.1.5 Debian:13)\n"
    assert host.answer()[0][0].startswith("apt would remove docker-ce-cli to install docker.io")


@pytest.mark.integration
def test_another_program_at_the_socket_is_refused(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.module, "listens", lambda: True)
    assert "another program than Docker's dockerd" in host.answer()[0][0]


@pytest.mark.integration
def test_an_engine_that_runs_is_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    installs(host, "docker-ce", "27.5.1")
    monkeypatch.setattr(host.module, "listens", lambda: True)
    told = {"ServerVersion": "27.4.0", "Swarm": {"LocalNodeState": "active"}}
    host.said["docker"] = json.dumps(told)
    assert (host.engine().version, host.engine().in_swarm) == ("27.4.0", True)


class FindsAll:
    """A finder as Mitogen's, which says of every module that there is one."""

    @staticmethod
    def find_spec(name: str, *_: object) -> ModuleSpec:
        return ModuleSpec(name, loader=None)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("answers", "has_library"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_an_engine_is_askable_with_what_ansible_needs_for_it(
    host: Host, monkeypatch: pytest.MonkeyPatch, answers: bool, has_library: bool
) -> None:
    """One that answers and cannot be asked is not one that is not there."""
    (host.folder / "requests.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(host.folder)] * has_library)
    monkeypatch.setattr(sys, "meta_path", [FindsAll, *sys.meta_path])
    monkeypatch.setattr(host.module, "listens", lambda: answers)
    told = host.module.answer([], "", host.run)
    assert told == {"changed": False, "answers": answers, "askable": answers and has_library}
    assert host.ran == []


@pytest.mark.integration
def test_apt_is_not_asked_about_a_library(host: Host) -> None:
    installs(host, "docker-ce", "27.5.1")
    assert host.answer() == ([], ["python3-requests"])
    assert "apt-get" not in host.ran


@pytest.mark.unit
def test_settings_on_the_command_line_have_their_names_in_the_file(docker_engine_info: Any) -> None:
    line = (
        "/usr/sbin/dockerd -H fd:// --log-opt tag=x --log-opt=y=z --live-restore --bip 10.9.0.1/24"
    )
    assert docker_engine_info.settings_given(line.split()) == ("bip", "live-restore", "log-opts")


@pytest.mark.integration
def test_the_command_line_is_that_of_the_engine_that_runs(
    docker_engine_info: Any, tmp_path: Path
) -> None:
    assert docker_engine_info.command_line(tmp_path / "docker.pid", tmp_path) == []
    (tmp_path / "docker.pid").write_text("812\n")
    (tmp_path / "812").mkdir()
    (tmp_path / "812" / "cmdline").write_text("dockerd\0--bip\x0010.9.0.1/24\0")
    found = docker_engine_info.command_line(tmp_path / "docker.pid", tmp_path)
    assert found == ["dockerd", "--bip", "10.9.0.1/24"]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("version", "older"), [("9.5", True), ("20.10.0", False), ("100.1", False)]
)
def test_versions_are_numbers(docker_engine_info: Any, version: str, older: bool) -> None:
    assert docker_engine_info.is_older(version, "20.10") is older
