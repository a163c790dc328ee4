"""What a user of the command line meets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tools.common import commands, steps
from tools.common.errors import ToolError
from virtual_pi import actions, cli, container

if TYPE_CHECKING:
    from virtual_pi.settings import VirtualPi

pytestmark = pytest.mark.unit

COMMANDS = ["up", "create", "deploy", "destroy", "status", "restart", "exec", "press", "panel"]
MACHINE_COMMANDS = [*COMMANDS, "leave-key", "cut", "start"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert "--state-directory" in capsys.readouterr().out


@pytest.mark.parametrize("command", MACHINE_COMMANDS)
def test_every_command_of_the_machine_has_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["machine", command, "--help"])
    assert ended.value.code == 0
    assert "--ssh-port" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["0", "65536", "https"])
def test_a_port_that_cannot_be_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["up", "--https-port", port])
    assert "is no port number" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["512", "half", "0m"])
def test_a_size_that_cannot_be_is_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["up", "--memory", size])
    assert "is no size such as 512m" in capsys.readouterr().err


def test_an_error_is_a_sentence_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: object) -> None:
        raise ToolError("It did not work.", todo="Try again.", tail="the last line")

    monkeypatch.setattr(actions, "status", fails)
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == (
        "\nIt did not work.\n    | the last line\nWhat to do: Try again.\n"
    )


def test_a_command_that_fails_gives_the_end_of_what_it_said() -> None:
    lines = "import sys; [print(i) for i in range(50)]; sys.exit(3)"
    with pytest.raises(commands.CommandError) as failed:
        commands.run([sys.executable, "-c", lines])
    assert "ended with 3" in failed.value.what
    assert failed.value.tail.splitlines() == [str(i) for i in range(35, 50)]


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(commands.CommandError, match="`no-such-program` is not installed"):
        commands.run(["no-such-program"])


def test_a_program_that_hangs_is_given_up() -> None:
    with pytest.raises(commands.CommandError, match="did not end within"):
        commands.run(["sleep", "infinity"], timeout=0.01)


def test_a_step_says_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with steps.step("Do it") as remark:
        remark("for a reason")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "==> Do it"
    assert second.startswith("    done in ")
    assert second.endswith("(for a reason)")


def test_a_failed_step_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ToolError), steps.step("Do it"):
        raise ToolError("no")
    assert "FAILED after" in capsys.readouterr().err


def test_waiting_ends_at_the_deadline() -> None:
    with pytest.raises(ToolError, match="too late"):
        steps.wait_until(lambda: False, seconds=0, failure=lambda: ToolError("too late"))


def test_a_container_of_somebody_else_is_refused(
    pi: VirtualPi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "attempt", lambda _: "running nginx <no value>|\n")
    with pytest.raises(ToolError, match="is no virtual Pi"):
        container.state(pi)
