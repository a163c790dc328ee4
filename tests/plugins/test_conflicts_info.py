"""Who else has our names and ports is found, and named so that an owner knows what to do."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

LABEL = "inkstand.role"
# Lines of a Linux 6.12: SSH listens on port 22, somebody has a connection to it, nginx has 443.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17001 1
   1: 0100007F:0016 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 17002 1
"""
NOBODY = "0" * 32
REST = "00000000:00000000 00:00000000 00000000     0        0 17443 1"
TCP6 = f"""\
  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode
   0: {NOBODY}:01BB {NOBODY}:0000 0A {REST}
"""


@pytest.fixture(scope="session")
def conflicts_info(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/conflicts_info.py")


@pytest.fixture
def engine(conflicts_info: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Answers of an engine by the beginning of a path; what is not here it does not know."""
    answers: dict[str, Any] = {}

    def ask(path: str) -> Any:
        return next((it for start, it in answers.items() if path.startswith(start)), None)

    monkeypatch.setattr(conflicts_info, "ask_engine", ask)
    return answers


def published(name: str, image: str, **labels: str) -> list[dict[str, Any]]:
    return [{"Names": [f"/{name}"], "Image": image, "Labels": labels}]


@pytest.mark.unit
@pytest.mark.parametrize(("port", "inodes"), [(22, {"17001"}), (443, {"17443"}), (80, set())])
def test_only_who_listens_counts(conflicts_info: Any, port: int, inodes: set[str]) -> None:
    assert conflicts_info.listeners(port, [TCP, TCP6]) == inodes


@pytest.mark.unit
def test_a_name_of_ours_without_our_label_is_a_conflict(conflicts_info: Any, engine: Any) -> None:
    engine["/containers/inkstand-app/"] = {"Config": {"Image": "nextcloud:31", "Labels": None}}
    engine["/containers/inkstand-traefik/"] = {
        "Config": {"Image": "x", "Labels": {LABEL: "traefik"}}
    }
    names = ["inkstand-app", "inkstand-traefik", "inkstand-pigpiod"]
    assert list(conflicts_info.taken_names(names, LABEL)) == [
        "there is a container inkstand-app of nextcloud:31 that is not Inkstand's"
    ]


def fake_proc(folder: Path, comm: str, unit: str) -> Path:
    process = folder / "812"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "6").symlink_to("socket:[17443]")
    (process / "comm").write_text(f"{comm}\n")
    (process / "cgroup").write_text(f"0::/system.slice/{unit}\n")
    (folder / "net").mkdir()
    (folder / "net" / "tcp").write_text(TCP)
    (folder / "net" / "tcp6").write_text(TCP6)
    return folder


@pytest.mark.integration
def test_a_program_is_named_with_its_unit(conflicts_info: Any, engine: Any, tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, "nginx", "nginx.service")
    assert not engine
    said = conflicts_info.taken_port(443, LABEL, proc)
    assert said == "port 443 is used by nginx (nginx.service, process 812)"
    assert conflicts_info.taken_port(80, LABEL, proc) == ""


@pytest.mark.integration
@pytest.mark.parametrize("comm", ["dockerd", "docker-proxy"])
def test_a_container_is_named_where_the_engine_holds_its_port(
    conflicts_info: Any, engine: Any, tmp_path: Path, comm: str
) -> None:
    proc = fake_proc(tmp_path, comm, "docker.service")
    engine["/containers/json?"] = published("traefik", "traefik:v3.7")
    said = conflicts_info.taken_port(443, LABEL, proc)
    assert said == "port 443 is used by the container traefik of traefik:v3.7"


@pytest.mark.integration
def test_our_own_traefik_is_no_conflict(conflicts_info: Any, engine: Any, tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, "dockerd", "docker.service")
    engine["/containers/json?"] = published("inkstand-traefik", "x", **{LABEL: "traefik"})
    assert conflicts_info.taken_port(443, LABEL, proc) == ""


@pytest.mark.integration
def test_a_listener_of_this_machine_is_found(conflicts_info: Any, engine: Any) -> None:
    assert not engine
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        said = conflicts_info.taken_port(port, LABEL)
    assert said.startswith(f"port {port} is used by ")
    assert f"process {os.getpid()}" in said
    assert conflicts_info.taken_port(port, LABEL) == ""


@pytest.mark.integration
def test_without_an_engine_there_are_no_containers(
    conflicts_info: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(conflicts_info, "SOCKET", str(tmp_path / "nobody"))
    assert conflicts_info.ask_engine("/version") is None
