"""The program as users and containers run it."""

import asyncio
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pigpiod_bridge import bootstrap, cli
from pigpiod_bridge.control import Level
from pigpiod_bridge.press import Press
from pigpiod_bridge.wire import Command, Request

HEALTHCHECK = Path(__file__).parents[1] / "bin" / "healthcheck"
PATIENCE = 60

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.unit
def test_the_command_line_offers_every_back_end() -> None:
    assert set(cli.BACK_END_NAMES) == set(bootstrap.BACK_ENDS)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--listen", "8888"], "'8888' is no ADDRESS:PORT such as 127.0.0.1:8888"),
        (["serve", "--listen", "[::1]:x"], "'x' is no port: a number from 0 to 65535"),
        (["serve", "--gpio", "54"], "'54' is no GPIO: a number from 0 to 53"),
        (["serve", "--line", "wish"], "invalid choice: 'wish'"),
        (["press", "22.0"], "'22.0' is no GPIO"),
        (["press", "22", "--for", "0"], "0 is not from 0.01 to 60 seconds"),
        (["press", "22", "--for", "nan"], "nan is not from 0.01 to 60 seconds"),
        (["press", "22", "--for", "long"], "'long' is no number of seconds"),
        (["level", "22", "up"], "invalid choice: 'up'"),
        ([], "required"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_with_success_even_with_clients(
    process: Any, number: signal.Signals
) -> None:
    with socket.create_connection(("127.0.0.1", process.port), PATIENCE) as client:
        process.popen.send_signal(number)
        assert process.popen.wait(PATIENCE) == 0
        assert client.recv(1) == b""
    assert not process.control.exists()


@pytest.mark.integration
def test_a_signal_during_a_press_ends_it_too(process: Any) -> None:
    answer: list[Exception] = []

    def press() -> None:
        try:
            process.order(Press(22, 60))
        except Exception as error:  # noqa: BLE001 whatever it is, it is what is asserted below
            answer.append(error)

    presser = threading.Thread(target=press)
    presser.start()
    while process.order(Level(22)) == 1:
        pass
    process.popen.terminate()
    assert process.popen.wait(PATIENCE) == 0
    presser.join(PATIENCE)
    assert "the bridge went away" in str(answer)


@pytest.mark.integration
def test_check_succeeds_where_a_bridge_is(process: Any, run: Run) -> None:
    answer = run("check", "--port", str(process.port))
    assert answer.returncode == 0
    assert answer.stdout.endswith("speaks the pigpiod protocol, version 79\n")


@pytest.mark.integration
def test_check_fails_with_a_sentence_where_nothing_listens(run: Run) -> None:
    answer = run("check", "--port", "1")
    assert answer.returncode == 1
    assert answer.stderr == "pigpiod-bridge: no answer from 127.0.0.1:1: Connection refused\n"


@pytest.fixture
def impostor() -> Any:
    """Starts a server that answers the first client with the given bytes; returns its port."""
    listeners: list[socket.socket] = []

    def impostor(answer: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            with closing(listener.accept()[0]) as connection:
                connection.recv(16)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield impostor
    for listener in listeners:
        listener.close()


THE_ORIGINAL = struct.pack("<4I", Command.PIGPV, 0, 0, 78)
IMPOSTURES = [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", Request(Command.PIGPV).encode()[:12]]


@pytest.mark.integration
@pytest.mark.parametrize("answer", IMPOSTURES)
def test_check_fails_where_something_else_listens(run: Run, impostor: Any, answer: bytes) -> None:
    assert run("check", "--port", str(impostor(answer))).returncode == 1


@pytest.mark.integration
def test_the_containers_health_check_speaks_the_protocol(process: Any, impostor: Any) -> None:
    def healthy(port: int) -> bool:
        line = [str(HEALTHCHECK), str(port)]
        return (
            subprocess.run(line, timeout=PATIENCE, capture_output=True, check=False).returncode == 0
        )

    assert healthy(process.port)
    assert not healthy(1)
    assert healthy(impostor(THE_ORIGINAL))
    for answer in IMPOSTURES:
        assert not healthy(impostor(answer))


@pytest.mark.integration
def test_press_and_level_reach_the_running_bridge(process: Any, run: Run) -> None:
    control = ("--control", str(process.control))
    assert run("press", "22", "--for", "0.02", "--double", "--bounce", *control).returncode == 0
    assert run("level", "22", "low", *control).stdout == "0\n"
    refused = run("press", "22", *control)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "GPIO 22 is low already" in refused.stderr
    assert run("level", "22", "release", *control).stdout == "1\n"


@pytest.mark.integration
def test_press_without_a_bridge_fails_with_a_sentence(run: Run, tmp_path: Path) -> None:
    answer = run("press", "22", "--control", str(tmp_path / "none.sock"))
    assert answer.returncode == 1
    assert answer.stderr.startswith("pigpiod-bridge: no bridge with simulated lines serves ")


@pytest.mark.integration
def test_a_port_in_use_is_named_and_no_socket_is_left(
    process: Any, run: Run, tmp_path: Path
) -> None:
    control = tmp_path / "second.sock"
    answer = run("serve", "--listen", f"127.0.0.1:{process.port}", "--control", str(control))
    assert answer.returncode == 1
    assert f"cannot listen on 127.0.0.1:{process.port}: " in answer.stderr
    assert not control.exists()


@pytest.mark.integration
def test_a_control_socket_that_cannot_be_made_is_named(run: Run) -> None:
    answer = run("serve", "--listen", "127.0.0.1:0", "--control", "/proc/none/control.sock")
    assert answer.returncode == 1
    assert "cannot make the control socket /proc/none/control.sock: " in answer.stderr


@pytest.mark.integration
def test_it_does_without_tls_in_memory(process: Any) -> None:
    mapped = Path(f"/proc/{process.popen.pid}/maps").read_text()
    assert "libssl" not in mapped


@pytest.mark.integration
async def test_a_failed_callback_ends_the_process_rather_than_leaving_it_half_dead(
    tmp_path: Path,
) -> None:
    settings = bootstrap.Settings(port=0, control=tmp_path / "control.sock")
    serving = asyncio.create_task(bootstrap.serve(settings))
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: loop.call_soon(int, "no number"))
    with pytest.raises(RuntimeError, match="a callback failed"):
        await asyncio.wait_for(serving, PATIENCE)
    assert not settings.control.exists()
