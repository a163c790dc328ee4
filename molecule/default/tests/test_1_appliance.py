"""HTTPS, the classic session, the glass and the button."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_stranger_is_asked_for_a_token(anonymous: Any) -> None:
    assert anonymous.ask("GET", "/") == (401, {"error": "Unauthorized"})


def test_the_owner_is_welcome(api: Any) -> None:
    assert api.ask("GET", "/") == (200, {"message": "Welcome to Inkstand owner!"})


def test_a_bearer_token_works_as_well(api: Any) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    assert api.ask("GET", "/", headers=headers)[0] == 200


def test_a_wrong_password_is_refused(anonymous: Any, login: dict[str, str]) -> None:
    wrong = {**login, "password": "wrong"}
    assert anonymous.ask("POST", "/login", json=wrong) == (400, {"error": "Invalid credentials"})


def test_a_login_without_a_password_is_refused(anonymous: Any) -> None:
    incomplete = {"username": "owner"}
    answer = anonymous.ask("POST", "/login", json=incomplete)
    assert answer == (400, {"error": "Invalid arguments"})


def test_a_bad_token_is_refused(anonymous: Any) -> None:
    answer = anonymous.ask("GET", "/", headers={"Authorization": "nonsense"})
    assert answer == (400, {"error": "Token is invalid"})


def test_a_message_is_answered_with_itself(api: Any) -> None:
    answer = api.ask("POST", "/messages", json={"message": "Hello World!"})
    assert answer == (201, {"message": "Hello World!"})


@pytest.mark.parametrize("body", [b"message=hello", b"{}", b'{"message": 1}', b"[]"])
def test_a_message_that_is_none_is_refused(api: Any, body: bytes) -> None:
    headers = {"Authorization": api.token, "Content-Type": "application/json"}
    status, answer = api.ask("POST", "/messages", headers=headers, body=body)
    assert 400 <= status < 500
    assert "error" in answer


def test_the_certificate_is_vouched_for_by_the_own_authority_only(anonymous: Any) -> None:
    stranger = urllib3.HTTPSConnectionPool(
        anonymous.address, 443, server_hostname="localhost", assert_hostname="localhost"
    )
    with stranger, pytest.raises(urllib3.exceptions.HTTPError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.request("GET", "/", retries=False)


def test_http_leads_to_https(anonymous: Any) -> None:
    with urllib3.HTTPConnectionPool(anonymous.address, 80) as plain:
        answer = plain.request("GET", "/", headers={"Host": "localhost"}, redirect=False)
    assert answer.status in (301, 308)
    assert answer.headers["Location"].startswith("https://localhost")


def test_panel_and_button_are_well(anonymous: Any) -> None:
    well = {"status": "ok", "panel": "ok", "button": "ok", "storage": "ok"}
    assert anonymous.ask("GET", "/healthz") == (200, well)


@pytest.mark.usefixtures("clock")
def test_a_message_is_on_the_glass(
    api: Any,
    current: Callable[[], bytes],
    glass_picture: Callable[[], Any],
    wait_for: Callable[..., Any],
) -> None:
    before = current()
    api.send("The quick brown fox")
    wait_for("the message on the glass", lambda: current() != before)
    picture = glass_picture()
    assert picture.size == (264, 176)
    # A picture has white as 1, the glass has black as 1.
    assert bytes(byte ^ 0xFF for byte in picture.tobytes()) == current()


@pytest.mark.usefixtures("clock")
def test_messages_take_turns_at_the_button(
    api: Any, pi: Any, current: Callable[[], bytes], wait_for: Callable[..., Any]
) -> None:
    before = current()
    api.send("One")
    wait_for("the first on the glass", lambda: current() != before)
    first = current()
    api.send("Two")
    pi.check_output("docker exec inkstand-pigpiod press 22")
    wait_for("the second on the glass", lambda: current() not in (before, first))


@pytest.mark.usefixtures("clock")
def test_the_button_brings_back_the_clock_with_the_right_time(
    api: Any,
    pi: Any,
    current: Callable[[], bytes],
    shows_clock: Callable[[], bool],
    wait_for: Callable[..., Any],
) -> None:
    before = current()
    api.send("Press the button")
    wait_for("the message on the glass", lambda: current() != before)
    assert not shows_clock()
    pi.check_output("docker exec inkstand-pigpiod press 22")
    wait_for("the clock on the glass", shows_clock, seconds=15)


def test_the_panel_says_what_it_is(pi: Any) -> None:
    assert pi.file("/dev/epd/version").content_string == "4\n"
    assert pi.file("/dev/epd/panel").content_string == "EPD 2.7 264x176 COG 2 FILM 231\n"
    assert pi.file("/dev/epd/error").content_string == "OK\n"


def test_another_user_may_draw_but_not_change_what_the_panel_says(pi: Any) -> None:
    assert pi.run("sudo -u pi cat /run/epd/panel/current").rc == 0
    assert pi.run("sudo -u pi dd if=/dev/null of=/run/epd/panel/display conv=notrunc").rc == 0
    assert pi.run("sudo -u pi sh -c 'echo > /run/epd/panel/version'").rc != 0


def test_no_unit_has_failed(pi: Any) -> None:
    assert pi.check_output("systemctl --failed --no-legend --plain") == ""


def test_secrets_are_in_no_log_image_or_process_list(pi: Any, state: Path, login: Any) -> None:
    kept = (state / "credentials.json").read_text()
    assert login["password"] in kept
    key = pi.check_output("sudo cat /etc/inkstand/app/secrets/token_secret").split()[0]
    assert len(key) >= 32
    everything = [
        "journalctl --no-pager --output cat",
        "ps -eo args",
        "docker inspect inkstand-app inkstand-pigpiod inkstand-traefik",
        "docker history --no-trunc $(docker inspect -f {{.Image}} inkstand-app)",
        "docker logs inkstand-app 2>&1",
    ]
    for command in everything:
        said = pi.check_output(command)
        assert said
        for secret in (*_secrets(kept), key):
            assert secret not in said, command


def _secrets(kept: str) -> list[str]:
    found = json.loads(kept)
    return [found["password"], found["password_hash"]]
