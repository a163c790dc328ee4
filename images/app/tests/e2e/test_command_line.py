"""The command line."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e
SECRET = "0123456789abcdef" * 2


def changed(path: Path, before: bytes) -> bytes:
    """Return what is in the file once that is something else than `before`."""
    deadline = time.monotonic() + 60
    while (now := path.read_bytes()) == before:
        assert time.monotonic() < deadline, f"{path} did not change"
        time.sleep(0.02)
    return now


def hears(url: str, reason: str) -> None:
    """Wait until the app says why the panel is not well; it may be busy with the panel."""
    deadline = time.monotonic() + 60
    while reason not in (said := requests.get(url + "healthz", timeout=60).json()["panel"]):
        assert time.monotonic() < deadline, said
        time.sleep(0.01)


@pytest.fixture
def secrets(password_hash: str, tmp_path: Path) -> dict[str, str]:
    """The secrets in files, as on the appliance."""
    files = {"password_hash": password_hash, "token_secret": SECRET}
    for name, content in files.items():
        (tmp_path / name).write_text(content + "\n")
    return {f"INKSTAND_{name.upper()}_FILE": str(tmp_path / name) for name in files}


def test_without_arguments_it_says_what_there_is(inkstand: Callable[..., Any]) -> None:
    result = inkstand()
    assert result.returncode == 2
    assert "COMMAND" in result.stderr


def test_help_lists_every_command(inkstand: Callable[..., Any]) -> None:
    result = inkstand("--help")
    assert result.returncode == 0
    for command in ("serve", "check-config", "hash-password", "render", "healthcheck", "demo"):
        assert command in result.stdout


def test_without_secrets_it_does_not_start_and_says_how_to_make_them(
    inkstand: Callable[..., Any], secrets: dict[str, str]
) -> None:
    result = inkstand("serve")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "inkstand: password_hash is not set and has no default; "
        "make one with: inkstand hash-password\n"
    )
    del secrets["INKSTAND_TOKEN_SECRET_FILE"]
    assert "openssl rand -hex 32" in inkstand("serve", **secrets).stderr


@pytest.mark.parametrize(
    "broken",
    [
        ("token_secret", "needs 32 bytes or more on each line"),
        ("inkstand.toml", "is not TOML"),
    ],
)
def test_what_cannot_start_says_why_once_and_on_the_panel_and_is_in_no_hurry(
    start: Callable[..., Any], secrets: dict[str, str], driver: Any, broken: tuple[str, str]
) -> None:
    tmp_path, (file, reason) = driver.directory.parent, broken
    settings = tmp_path / "inkstand.toml"
    settings.write_text('app_title = "Inkstand"\n')
    (tmp_path / file).write_bytes(b"\xfe[" if file == settings.name else b"\n")
    white = (driver.directory / "current").read_bytes()
    variables = {"INKSTAND_PANEL_DIRECTORY": str(driver.directory), **secrets}
    command = ("serve", "--slow-retry", "--config", str(settings))
    running = start(*command, **variables)
    running.wait_for("CRITICAL .* cannot start, the next try is in 60 s: ")
    changed(driver.directory / "current", white)
    assert running.process.poll() is None
    assert running.interrupt(signal.SIGTERM) == 2
    assert len(running.lines) == 1
    assert reason in running.lines[0]


def test_a_good_configuration_is_printed_without_secrets(
    inkstand: Callable[..., Any], secrets: dict[str, str], tmp_path: Path
) -> None:
    address = "https://calendar.example/who-knows-it-reads-it.ics"
    screens = f'screens = [{{name = "a", pack = "calendar", settings = {{address = "{address}"}}}}]'
    (tmp_path / "inkstand.toml").write_text(f'timezone = "Europe/Stockholm"\n{screens}\n')
    result = inkstand("check-config", "--config", str(tmp_path / "inkstand.toml"), **secrets)
    assert result.returncode == 0
    assert "timezone = Europe/Stockholm" in result.stdout
    assert "screens = (set, not shown)" in result.stdout
    assert address not in result.stdout
    assert SECRET not in result.stdout
    assert "argon2id" not in result.stdout


def test_a_hash_is_made_of_what_is_read(inkstand: Callable[..., Any]) -> None:
    result = inkstand("hash-password", given="four words or so\n")
    assert result.returncode == 0
    assert result.stdout.startswith("$argon2id$")
    config = inkstand(
        "check-config",
        INKSTAND_PASSWORD_HASH=result.stdout.strip(),
        INKSTAND_TOKEN_SECRET=SECRET,
    )
    assert config.returncode == 0


def test_a_short_password_gets_no_hash(inkstand: Callable[..., Any]) -> None:
    result = inkstand("hash-password", given="abc\n")
    assert (result.returncode, result.stdout) == (2, "")
    assert "the password has 3 characters; take 12 or more" in result.stderr


def test_an_obvious_password_gets_no_hash(inkstand: Callable[..., Any]) -> None:
    result = inkstand("hash-password", given="Inkstand-2026\n")
    assert (result.returncode, result.stdout) == (2, "")
    assert "tried first" in result.stderr
    assert "2026" not in result.stderr


def test_the_whole_line_of_a_setting_is_printed(inkstand: Callable[..., Any]) -> None:
    result = inkstand("hash-password", "--setting", "app_password_hash", given="x" * 12)
    assert re.fullmatch(r"app_password_hash: '[$]argon2id[$][^']+'\n", result.stdout)


def test_an_empty_password_gets_no_hash(inkstand: Callable[..., Any]) -> None:
    result = inkstand("hash-password", given="\n")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "inkstand: the password is empty\n"


@pytest.mark.parametrize("screen", ["clock", "message", "status"])
def test_a_screen_is_drawn_into_a_file(
    inkstand: Callable[..., Any], tmp_path: Path, screen: str
) -> None:
    path = tmp_path / "screen.png"
    result = inkstand("render", screen, "-o", str(path), "--size", "200x96", "--text", "Hej")
    assert (result.returncode, result.stderr) == (0, "")
    with Image.open(path) as picture:
        assert (picture.size, picture.mode) == ((200, 96), "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "/nowhere/x.png"), "cannot write /nowhere/x.png: No such file"),
        (("-o", "x.png", "--size", "big"), "the size must be WIDTHxHEIGHT"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    inkstand: Callable[..., Any], arguments: tuple[str, ...], words: str
) -> None:
    result = inkstand("render", "clock", *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_nobody_there_is_unhealthy(
    inkstand: Callable[..., Any], secrets: dict[str, str], free_port: int
) -> None:
    result = inkstand("healthcheck", INKSTAND_LISTEN_PORT=str(free_port), **secrets)
    assert result.returncode == 1
    assert "no answer from 127.0.0.1" in result.stderr


def test_it_serves_without_panel_and_button_says_so_and_stops_on_sigterm(
    start: Callable[..., Any],
    inkstand: Callable[..., Any],
    secrets: dict[str, str],
    free_port: int,
    tmp_path: Path,
) -> None:
    (tmp_path / "inkstand.toml").write_text(
        f'listen_port = {free_port}\npanel_directory = "{tmp_path}/epd"\npigpiod_port = 1\n'
    )
    config = ("--config", str(tmp_path / "inkstand.toml"))
    running = start("serve", *config, **secrets)
    running.wait_for(f"serving http://127.0.0.1:{free_port}/")
    health = inkstand("healthcheck", *config, **secrets)
    assert health.returncode == 0
    assert '"status": "degraded"' in health.stdout
    assert f"no panel at {tmp_path}/epd: no driver is mounted there" in health.stdout
    assert running.interrupt(signal.SIGTERM) == 0
    log = "".join(running.lines)
    assert log.count("WARNING inkstand.display.display: the panel is not usable") == 1
    assert log.count("WARNING inkstand.button") == 1
    assert "Traceback" not in log


def test_a_code_made_beside_the_running_app_logs_the_owner_in_once(
    start: Callable[..., Any], inkstand: Callable[..., Any], secrets: dict[str, str], tmp_path: Path
) -> None:
    variables = {
        "INKSTAND_PANEL": "memory",
        "INKSTAND_BUTTON": "none",
        "INKSTAND_STATE_DIRECTORY": str(tmp_path / "state"),
        "INKSTAND_LISTEN_PORT": "0",
        **secrets,
    }
    url = start("serve", **variables).wait_for(r"serving (http://\S+/)")[1]
    made = inkstand("login-code", **variables)
    assert made.returncode == 0
    assert made.stderr == "Good once within 10 minutes, as the password of owner.\n"
    body = {"username": "owner", "password": made.stdout.strip()}
    answers = [requests.post(url + "api/v1/session", json=body, timeout=60) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 401]
    assert answers[0].json()["scope"] == "admin"


def test_a_message_goes_through_a_real_driver(
    start: Callable[..., Any],
    secrets: dict[str, str],
    free_port: int,
    driver: Any,
    password: str,
) -> None:
    options = {"LISTEN_PORT": str(free_port), "BUTTON": "none"}
    variables = {f"INKSTAND_{key}": value for key, value in options.items()}
    directory = str(driver.directory)
    running = start("serve", INKSTAND_PANEL_DIRECTORY=directory, **secrets, **variables)
    url = running.wait_for(r"serving (http://\S+/)")[1]
    body = {"username": "owner", "password": password}
    token = requests.post(url + "login", json=body, timeout=60).json()["token"]
    headers = {"Authorization": token}
    assert requests.get(url + "healthz", timeout=60).json()["status"] == "ok"
    before = (driver.directory / "current").read_bytes()
    requests.post(url + "messages", json={"message": "Hello"}, headers=headers, timeout=60)
    glass = changed(driver.directory / "current", before)
    driver.kill()
    hears(url, "the driver has died")
    driver.restart()
    assert (driver.directory / "current").read_bytes() == glass
    assert running.interrupt(signal.SIGTERM) == 0
