"""Whatever does not work is one sentence that names what to do, and an exit code."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.client.errors import ClientError
from inkstand.client.server import Answer, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "https://mac.example.com"
PROBLEM = {"Content-Type": "application/problem+json"}


def problem(status: int, code: str, detail: str = "Too bad", **headers: str) -> Answer:
    body = {"type": "about:blank", "status": status, "detail": detail, "code": code}
    added = {key.replace("_", "-"): value for key, value in headers.items()}
    return Answer(status, {**PROBLEM, **added}, json.dumps(body).encode())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("answer", "sentence", "exit_code"),
    [
        (
            problem(401, "invalid-token"),
            f"{URL} does not take this login any more; run: inkstand login {URL}",
            3,
        ),
        (
            problem(401, "invalid-credentials", "user name or password is wrong"),
            f"{URL} says: user name or password is wrong",
            1,
        ),
        (problem(403, "forbidden"), f"{URL} does not let you do that: Too bad", 3),
        (
            problem(429, "too-many-attempts", Retry_After="17"),
            f"too many attempts at {URL}; try again in 17 s",
            1,
        ),
        (problem(429, "x"), f"too many attempts at {URL}; try again in 60 s", 1),
        (problem(413, "message-too-long"), f"{URL} says: Too bad", 1),
        (problem(503, "storage"), f"{URL} says: Too bad", 1),
        (
            Answer(502, {"Content-Type": "text/plain"}, b"Bad Gateway"),
            f"{URL} is up, but Inkstand behind it is not; try again soon",
            4,
        ),
        (
            Answer(404, {"Content-Type": "text/html"}, b"<h1>"),
            f"{URL} answers 404 Not Found; is that an Inkstand server?",
            1,
        ),
        (
            Answer(302, {"Location": "/x"}, b""),
            f"{URL} answers 302 Found; is that an Inkstand server?",
            1,
        ),
        (Answer(599, {}, b""), f"{URL} answers 599; is that an Inkstand server?", 1),
        (
            Answer(400, PROBLEM, b"{"),
            f"{URL} answers 400 Bad Request; is that an Inkstand server?",
            1,
        ),
    ],
)
def test_a_refusal_is_a_sentence(answer: Answer, sentence: str, exit_code: int) -> None:
    error = refusal(URL, answer)
    assert (str(error), error.exit_code) == (sentence, exit_code)


@pytest.mark.unit
def test_an_answer_that_is_no_json_is_an_error() -> None:
    with pytest.raises(ClientError, match="not JSON"):
        Answer(200, {}, b"<html>").json()


def fails(result: Any, exit_code: int, sentence: str) -> None:
    assert (result.returncode, result.stdout) == (exit_code, "")
    assert result.stderr.splitlines()[-1] == f"inkstand: {sentence}"
    assert "Traceback" not in result.stderr


@pytest.fixture
def log_in(inkstand: Any) -> Callable[..., Any]:
    """Try to log in somewhere, with a password on standard input."""
    return lambda *arguments: inkstand("login", *arguments, "--password-stdin", given="pw\n")


@pytest.mark.integration
def test_nobody_who_listens(log_in: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    fails(log_in(url), 4, f"nothing listens at {url}; is the port right?")


@pytest.mark.integration
def test_a_host_that_does_not_exist(log_in: Callable[..., Any]) -> None:
    sentence = "there is no host nowhere.invalid; check its name and the network"
    fails(log_in("nowhere.invalid"), 4, sentence)


@pytest.mark.integration
def test_a_certificate_of_somebody_unknown(
    log_in: Callable[..., Any], front: Any, authority: Any
) -> None:
    url = front(9, authority.certificate("127.0.0.1")).url
    sentence = (
        f"the certificate of {url} is signed by nobody you trust; if the server is yours, run on a"
        f" terminal: inkstand login {url}; or give its CA by --ca-fingerprint or --ca"
    )
    fails(log_in(url), 4, sentence)


@pytest.mark.integration
def test_who_gives_a_ca_that_did_not_sign_is_not_told_to_give_one(
    log_in: Callable[..., Any], front: Any, authority: Any, other_authority: Any
) -> None:
    url = front(9, authority.certificate("127.0.0.1")).url
    sentence = (
        f"the certificate of {url} is not signed by the CA that was given for it: somebody may be"
        " in between, or the server has a new one. If it is yours and has, read the fingerprint on"
        f" the Pi, and run: inkstand login {url} --ca-fingerprint SHA256"
    )
    fails(log_in(url, "--ca", str(other_authority.ca)), 4, sentence)


@pytest.mark.integration
def test_a_certificate_for_another_name(
    log_in: Callable[..., Any], front: Any, authority: Any
) -> None:
    url = front(9, authority.certificate("other.example.com")).url
    sentence = f"the certificate of {url} is for another name than 127.0.0.1"
    fails(log_in(url, "--ca", str(authority.ca)), 4, sentence)


@pytest.mark.integration
def test_a_file_that_is_no_certificate(log_in: Callable[..., Any], tmp_path: Path) -> None:
    sentence = "the file of the CA holds no certificate in PEM"
    for content in ("hello\n", "\N{EURO SIGN}\n"):
        (tmp_path / "ca.pem").write_text(content)
        fails(log_in("https://127.0.0.1:9", "--ca", str(tmp_path / "ca.pem")), 4, sentence)
    sentence = f"cannot read {tmp_path}/none: No such file or directory"
    fails(log_in("https://127.0.0.1:9", "--ca", str(tmp_path / "none")), 1, sentence)


@pytest.mark.integration
def test_a_server_without_tls(log_in: Callable[..., Any], front: Any) -> None:
    plain = front(9)
    plain.answer = b"SSH-2.0-OpenSSH_10.0\r\n"
    result = log_in(f"https://127.0.0.1:{plain.port}")
    assert result.returncode == 4
    assert "does not speak TLS as it should" in result.stderr
    fails(log_in(plain.url), 1, f"{plain.url} does not speak HTTP; is the port right?")


@pytest.mark.integration
def test_a_connection_that_is_closed(log_in: Callable[..., Any], front: Any) -> None:
    plain = front(9)
    plain.cut()
    fails(log_in(plain.url), 4, f"{plain.url} closed the connection; try again")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (("history",), 3, "you are not logged in; run: inkstand login URL"),
        (("send", "x", "--server", "mac"), 3, "you are not logged in; run: inkstand login mac"),
        (("login", "http://mac"), 2, "http:// would show your password to others; use https://mac"),
        (("login", "mac"), 2, "there is no terminal to ask for the password; use --password-stdin"),
        (("login", "mac", "--password-stdin"), 2, "the password on standard input is empty"),
    ],
)
def test_what_is_wrong_before_anything_is_sent(
    inkstand: Any, arguments: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    fails(inkstand(*arguments), exit_code, sentence)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("send",), "there is nothing to send; give a text, - for standard input, or --image"),
        (("send", " "), "there is nothing to send; give a text, - for standard input, or --image"),
        (
            ("send", "-", "--image", "x.png"),
            "a picture from standard input is sent with: --image -",
        ),
        (
            ("send", "x", "--expires", "soon"),
            "'soon' is not a time such as 2h, 18:30, 'friday 8:00' or 2026-11-22T08:00",
        ),
        (
            ("send", "--image", __file__),
            f"{__file__} is no picture in PNG, JPEG, WebP, GIF, BMP, TIFF or HEIC",
        ),
    ],
)
def test_what_makes_no_sense_is_not_sent(
    inkstand: Any, arguments: tuple[str, ...], sentence: str
) -> None:
    variables = {"INKSTAND_SERVER": "https://127.0.0.1:9", "INKSTAND_TOKEN": "t"}
    fails(inkstand(*arguments, **variables), 2, sentence)


@pytest.mark.integration
def test_a_token_without_a_server_is_no_use(inkstand: Any) -> None:
    sentence = "INKSTAND_TOKEN is set, but not for which server; set INKSTAND_SERVER as well"
    fails(inkstand("history", INKSTAND_TOKEN="t"), 2, sentence)


@pytest.mark.integration
def test_the_commands_of_the_server_say_what_they_need(inkstand: Any) -> None:
    result = inkstand("demo")
    assert result.returncode == 1
    assert "pipx install --force './images/app[server]'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.integration
def test_help_tells_examples_and_exit_codes(inkstand: Any) -> None:
    result = inkstand("send", "--help")
    assert result.returncode == 0
    assert "uptime | inkstand send -" in result.stdout
    assert "5  a message ended before" in result.stdout
