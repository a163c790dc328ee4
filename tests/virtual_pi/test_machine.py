"""How the machine in QEMU is made, started and reached."""

from __future__ import annotations

import io
import json
import socket
import stat
import tarfile
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tools.common.commands import CommandError
from tools.common.errors import ToolError
from virtual_pi import inventory
from virtual_pi.machine import actions, disk, monitor, qemu, ssh, tools
from virtual_pi.machine.settings import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from virtual_pi.credentials import Credentials

pytestmark = pytest.mark.unit


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    state = tmp_path / "state, with a comma"
    state.mkdir()
    return Machine(name="pi", state=state)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "base"


def after(argv: list[str], word: str) -> list[str]:
    return [argv[i + 1] for i, found in enumerate(argv) if found == word]


def test_ports_are_on_loopback_only(machine: Machine, base: Path) -> None:
    (nic,) = after(qemu.command_line(machine, base), "-netdev")
    forwards = [part for part in nic.split(",") if part.startswith("hostfwd")]
    assert forwards == [
        "hostfwd=tcp:127.0.0.1:8022-:22",
        "hostfwd=tcp:127.0.0.1:8444-:443",
        "hostfwd=tcp:127.0.0.1:8081-:80",
    ]


def test_no_comma_of_a_path_is_taken_for_an_option(machine: Machine, base: Path) -> None:
    argv = qemu.command_line(machine, base)
    assert all("with a comma" not in drive for drive in after(argv, "-drive"))
    assert f"--chdir={machine.state}" in argv


def test_no_secret_is_on_the_command_line(machine: Machine, base: Path) -> None:
    secrets = ssh.make_secrets(machine)
    line = " ".join(qemu.command_line(machine, base))
    assert secrets["password"].decode().strip() not in line


def test_the_disk_does_not_go_through_this_machines_memory(machine: Machine, base: Path) -> None:
    root, seed = after(qemu.command_line(machine, base), "-drive")
    assert "cache=none" in root
    assert "readonly=on" in seed


def test_the_kernel_leaves_the_buttons_line_alone(machine: Machine, base: Path) -> None:
    assert "module_blacklist=gpio_keys" in after(qemu.command_line(machine, base), "-append")[0]


@pytest.mark.parametrize("content", ["", "nonsense", "1"])
def test_a_pid_file_of_an_earlier_life_names_no_machine(machine: Machine, content: str) -> None:
    assert qemu.process_id(machine) is None
    machine.pid_file.write_text(content)
    assert qemu.process_id(machine) is None
    assert not qemu.cut_power(machine)


def test_a_machine_that_runs_is_known_by_its_pid_file(machine: Machine, tmp_path: Path) -> None:
    machine.pid_file.write_text("4711\n")
    (tmp_path / "4711").mkdir()
    (tmp_path / "4711" / "cmdline").write_bytes(b"qemu\0-pidfile\0%b\0" % bytes(machine.pid_file))
    assert qemu.process_id(machine, tmp_path) == 4711


@pytest.mark.parametrize(
    ("said", "todo"),
    [
        ("qemu: Could not set up host forwarding rule 'tcp:…'", "--ssh-port"),
        ("qemu: no memory", "are QEMU's"),
    ],
)
def test_a_refusal_says_what_to_do(
    machine: Machine, base: Path, monkeypatch: pytest.MonkeyPatch, said: str, todo: str
) -> None:
    def refuses(_: object) -> str:
        raise CommandError("`qemu` ended with 1.", tail=said)

    monkeypatch.setattr(qemu, "run", refuses)
    with pytest.raises(ToolError, match=todo):
        qemu.start(machine, base)


def test_secrets_are_new_for_each_machine_and_only_the_owner_can_read_them(
    machine: Machine,
) -> None:
    first, second = ssh.make_secrets(machine), ssh.make_secrets(machine)
    assert all(first[name] != second[name] for name in ("password", "ssh_host_ed25519_key"))
    for path in (machine.password_file, machine.key_file, machine.known_hosts):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (machine.state / "ssh_host_ed25519_key").exists()
    assert machine.known_hosts.read_text().startswith("[127.0.0.1]:8022 ssh-ed25519 ")


def test_the_seed_is_an_archive_that_only_the_owner_can_read(machine: Machine) -> None:
    disk.write_seed(machine, {"password": b"secret\n"})
    assert stat.S_IMODE(machine.seed.stat().st_mode) == 0o600
    with tarfile.open(machine.seed) as archive:
        content = archive.extractfile("password")
        assert content
        assert content.read() == b"secret\n"


def test_nobody_waits_for_a_machine_that_has_ended(machine: Machine) -> None:
    machine.console.write_text("Kernel panic\n")
    with pytest.raises(ToolError, match="ended before it was up") as refused:
        ssh.wait_listens(machine)
    assert "Kernel panic" in refused.value.tail


def test_arguments_reach_the_machine_as_they_are(machine: Machine) -> None:
    assert ssh.command(machine, "printf", "a b; c")[-1] == "printf 'a b; c'"


def test_no_argument_is_a_shell(machine: Machine) -> None:
    assert ssh.command(machine)[-1] == "pi@127.0.0.1"


def test_no_other_hosts_key_is_taken(machine: Machine) -> None:
    assert "StrictHostKeyChecking=yes" in ssh.options(machine)


def test_the_inventory_says_how_to_log_in(
    machine: Machine, credentials: Credentials, tmp_path: Path
) -> None:
    archives = inventory.image_archives(tmp_path / "base.tar", tmp_path / "traefik.tar")
    settings = actions.host_settings(machine, credentials, archives)
    inventory.write(machine, settings, inventory.document(machine, actions.host(machine)))
    host = yaml.safe_load((machine.inventory / "hosts.yml").read_text())["inkstand"]["hosts"]["pi"]
    assert (host["ansible_host"], host["ansible_port"]) == ("127.0.0.1", 8022)
    assert "ansible_password" not in host
    written = yaml.safe_load((machine.inventory / "host_vars" / "pi.yml").read_text())
    assert written["pigpiod_gpio_chip_label"] == "9030000.pl061"
    assert written["traefik_https_public_port"] == 8444


def test_what_is_missing_is_named_by_package() -> None:
    assert tools.missing_packages(lambda program: program != "qemu-img") == ["qemu-utils"]
    assert "debian-archive-keyring" in tools.missing_packages(lambda _: False)


def test_the_disk_is_named_after_all_that_it_is_made_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = disk.folder(tmp_path)
    assert disk.folder(tmp_path) == before
    monkeypatch.setattr(disk, "OPTIONS", ("--include=one",))
    assert disk.folder(tmp_path) != before


@pytest.fixture
def monitored(tmp_path: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """A stand-in for QEMU's monitor in a directory, and what it was told."""
    folder, told = tmp_path / ("long" * 40), []
    folder.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    (tmp_path / "short").symlink_to(folder)
    listener.bind(f"{tmp_path}/short/{monitor.SOCKET}")
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rw") as stream:
            stream.write(json.dumps({"QMP": {}}) + "\n")
            stream.flush()
            for line in stream:
                told.append(json.loads(line))
                known = told[-1]["execute"] in ("qmp_capabilities", "system_powerdown")
                answer = "return" if known else "error"
                stream.write(f'{{"event": "POWERDOWN"}}\n{{"{answer}": {{}}}}\n')
                stream.flush()

    server = threading.Thread(target=serve)
    server.start()
    yield folder, told
    listener.close()
    server.join()


def test_a_press_is_the_power_key(monitored: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, told = monitored
    assert monitor.command(folder, "system_powerdown") == {}
    assert [message["execute"] for message in told] == ["qmp_capabilities", "system_powerdown"]


def test_a_command_has_its_arguments(monitored: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, told = monitored
    monitor.command(folder, "system_powerdown", device="root", bps=1)
    asked, arguments = "system_powerdown", {"device": "root", "bps": 1}
    assert told == [{"execute": "qmp_capabilities"}, {"execute": asked, "arguments": arguments}]


def test_a_command_that_qemu_refuses_is_named(
    monitored: tuple[Path, list[dict[str, Any]]],
) -> None:
    with pytest.raises(ToolError, match="does not do nonsense"):
        monitor.command(monitored[0], "nonsense")


def test_a_machine_that_is_off_cannot_be_pressed(tmp_path: Path, machine: Machine) -> None:
    with pytest.raises(ToolError, match="monitor does not answer"):
        monitor.command(tmp_path, "system_powerdown")
    with pytest.raises(ToolError, match="pi does not run"):
        actions.press(machine)


def test_a_hang_up_is_an_error() -> None:
    with pytest.raises(ToolError, match="does not do x"):
        monitor.answer_to("x", io.StringIO())
