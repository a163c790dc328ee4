"""The commands of the client, against the real app, over real sockets."""

from __future__ import annotations

import io
import json
import queue
import signal
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.messages import Draft

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration
PATIENCE = 60.0


class Running:
    """A command that runs; what it says is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: dict[str, queue.SimpleQueue[str]] = {}
        for name in ("stdout", "stderr"):
            self._lines[name] = queue.SimpleQueue()
            threading.Thread(target=self._read, args=(name,), daemon=True).start()

    def line(self, name: str = "stdout") -> str:
        """Return the next line."""
        return self._lines[name].get(timeout=PATIENCE).rstrip("\n")

    def until(self, word: str, name: str = "stdout") -> list[str]:
        """Return the lines up to the first with `word` in it."""
        lines = [self.line(name)]
        while word not in lines[-1]:
            lines.append(self.line(name))
        return lines

    def events(self, kind: str, state: str = "") -> list[dict[str, Any]]:
        """Return events of `watch --json` up to the first of that kind."""
        found: list[dict[str, Any]] = [json.loads(self.line())]
        while not is_wanted(found[-1], kind, state):
            found.append(json.loads(self.line()))
        return found

    def end(self) -> int:
        # A signal that comes just before Python begins to read is seen when something was read, and
        # the server says something every 20 seconds.
        return self.process.wait(PATIENCE)

    def _read(self, name: str) -> None:
        with getattr(self.process, name) as stream:
            for line in stream:
                self._lines[name].put(line)


def is_wanted(event: dict[str, Any], kind: str, state: str) -> bool:
    message = event["data"].get("message") or {}
    return event["type"] == kind and (not state or message.get("state") == state)


@pytest.fixture
def start(at_home: Any) -> Iterator[Callable[..., Running]]:
    """Start a command that is logged in."""
    processes: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> Running:
        processes.append(at_home.start(*arguments))
        return Running(processes[-1])

    yield run
    for process in processes:
        process.kill()
        process.wait(PATIENCE)


@pytest.fixture
def picture() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_login_by_tls_is_kept_for_nobody_else(
    inkstand: Any, app: Any, front: Any, authority: Any, password: str
) -> None:
    url = front(app.port, authority.certificate("127.0.0.1")).url
    arguments = ("login", url, "--user", "john", "--ca", str(authority.ca), "--password-stdin")
    result = inkstand(*arguments, given=password + "\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"logged in at {url} as john\n"
    assert inkstand.logins.stat().st_mode & 0o777 == 0o600
    assert inkstand.logins.parent.stat().st_mode & 0o777 == 0o700
    assert password not in inkstand.logins.read_text()
    # The certificate of the CA was kept with the login.
    assert inkstand("send", "Hello").returncode == 0
    assert app.texts() == ["Hello"]


def test_a_wrong_password_is_said_and_soon_has_to_wait(inkstand: Any, app: Any) -> None:
    arguments = ("login", app.url, "--user", "john", "--password-stdin")
    result = inkstand(*arguments, given="guess\n")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"inkstand: {app.url} says: user name or password is wrong\n"
    for _ in range(30):
        result = inkstand(*arguments, given="guess\n")
        if "too many attempts" in result.stderr:
            break
    assert result.returncode == 1
    assert f"too many attempts at {app.url}; try again in " in result.stderr
    assert not inkstand.logins.exists()


def test_a_token_may_be_kept_instead_of_a_password(at_home: Any, app: Any) -> None:
    token = at_home("tokens", "create", "cron", "--scope", "post").stdout
    assert at_home("logout").returncode == 0
    result = at_home("login", app.url, "--token-stdin", given=token)
    assert (result.returncode, result.stderr) == (0, "")
    assert at_home("send", "with", "a", "token").returncode == 0
    assert at_home("tokens").returncode == 3


def test_after_logging_out_the_token_is_worthless(at_home: Any, app: Any) -> None:
    token = json.loads(at_home.logins.read_text())["logins"][0]["token"]
    assert at_home("logout").stdout == f"logged out at {app.url}\n"
    assert json.loads(at_home.logins.read_text()) == {"logins": []}
    result = at_home("history", INKSTAND_SERVER=app.url, INKSTAND_TOKEN=token)
    assert result.returncode == 3
    assert f"run: inkstand login {app.url}" in result.stderr


def test_logging_out_works_when_the_server_is_gone(
    inkstand: Any, app: Any, front: Any, password: str
) -> None:
    cable = front(app.port)
    arguments = ("login", cable.url, "--user", "john", "--password-stdin")
    assert inkstand(*arguments, given=password).returncode == 0
    cable.cut()
    result = inkstand("logout")
    assert result.returncode == 0
    assert "the token is forgotten here" in result.stderr
    assert inkstand("history").returncode == 3


def test_one_of_several_servers_is_chosen(
    inkstand: Any, app: Any, front: Any, password: str
) -> None:
    first, second = front(app.port), front(app.port)
    for one in (first, second):
        arguments = ("login", one.url, "--user", "john", "--password-stdin")
        assert inkstand(*arguments, given=password).returncode == 0
    before = (first.connections, second.connections)
    assert inkstand("history").returncode == 0
    assert (first.connections, second.connections) == (before[0], before[1] + 1)
    assert inkstand("history", "--server", first.url).returncode == 0
    assert first.connections == before[0] + 1
    ambiguous = inkstand("history", "--server", "127")
    assert ambiguous.returncode == 2
    assert "may be any of" in ambiguous.stderr


def test_text_comes_from_the_line_or_from_standard_input(at_home: Any, app: Any) -> None:
    assert at_home("send", "Dinner", "is", "ready").stdout.startswith("message 1 is ")
    assert at_home("send", "-", given="two\nlines\n").returncode == 0
    assert at_home("send", "--", "--wait", "-5").returncode == 0
    assert app.texts() == ["Dinner is ready", "two\nlines", "--wait -5"]


def test_options_reach_the_server(at_home: Any) -> None:
    arguments = ("--urgent", "--for", "5m", "--expires", "2h", "--json")
    result = at_home("send", "now", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    message = json.loads(result.stdout)
    assert (message["text"], message["priority"], message["show_for"]) == ("now", "urgent", 300)
    assert message["expires_at"].endswith("Z")


def test_what_the_server_refuses_is_said_in_its_words(at_home: Any) -> None:
    result = at_home("send", "x" * 3000)
    assert (result.returncode, result.stdout) == (1, "")
    assert "has 3000 characters; at most 2000 are taken" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_picture_is_sent(at_home: Any, app: Any, tmp_path: Path, picture: bytes) -> None:
    (tmp_path / "grey.png").write_bytes(picture)
    result = at_home("send", "--image", str(tmp_path / "grey.png"), "--framing", "fill", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    message = json.loads(result.stdout)
    assert (message["text"], bool(message["picture"])) == ("grey.png", True)
    (tmp_path / "broken.png").write_bytes(picture[:100])
    broken = at_home("send", "--image", str(tmp_path / "broken.png"))
    assert broken.returncode == 1
    assert broken.stderr.startswith(f"inkstand: {app.url} says: ")


def test_escapes_are_new_lines_when_asked_for(at_home: Any, app: Any) -> None:
    assert at_home("send", "-e", r"Milk\nBread").returncode == 0
    assert app.texts() == ["Milk\nBread"]


def test_a_backslash_and_n_is_sent_as_it_is_with_a_hint(at_home: Any, app: Any) -> None:
    result = at_home("send", r"Milk\nBread")
    assert (result.returncode, app.texts()) == (0, [r"Milk\nBread"])
    assert "with -e it is a new line" in result.stderr


def test_colours_of_a_terminal_are_not_kept(at_home: Any, app: Any) -> None:
    assert at_home("send", "-", given="\x1b[31mFAIL\x1b[0m\n").returncode == 0
    assert app.texts() == ["FAIL"]


def test_the_same_key_sends_nothing_again(at_home: Any, app: Any) -> None:
    results = [at_home("send", "backup done", "--key", "2026-11-21") for _ in range(2)]
    assert [result.returncode for result in results] == [0, 0]
    assert app.texts() == ["backup done"]
    other = at_home("send", "something else", "--key", "2026-11-21")
    assert other.returncode == 1
    assert at_home("send", "backup done").returncode == 0
    assert app.texts() == ["backup done"] * 2


def test_an_answer_that_is_lost_does_not_send_twice(
    inkstand: Any, app: Any, front: Any, password: str
) -> None:
    cable = front(app.port)
    arguments = ("login", cable.url, "--user", "john", "--password-stdin")
    assert inkstand(*arguments, given=password).returncode == 0
    cable.swallow = 1
    result = inkstand("send", "once")
    assert result.returncode == 0
    assert "closed the connection; try again (trying again in 0.5 s)" in result.stderr
    assert app.texts() == ["once"]


def test_waiting_ends_when_somebody_pressed_the_button(
    start: Callable[..., Running], app: Any
) -> None:
    sending = start("send", "--wait", "read", "Call", "me")
    sending.until("sent as message 1, waiting until it is read", "stderr")
    app.until(1, "shown")
    assert sending.process.poll() is None
    app.press()
    assert sending.line() == "message 1 is read"
    assert sending.end() == 0


def test_waiting_until_it_is_shown_is_what_bare_wait_means(at_home: Any) -> None:
    result = at_home("send", "--wait", "Hello")
    assert (result.returncode, result.stdout) == (0, "message 1 is shown\n")


def test_waiting_survives_a_cut_connection(
    inkstand: Any, app: Any, front: Any, password: str
) -> None:
    cable = front(app.port)
    arguments = ("login", cable.url, "--user", "john", "--password-stdin")
    assert inkstand(*arguments, given=password).returncode == 0
    sending = Running(inkstand.start("send", "--wait", "read", "Call me"))
    sending.until("waiting until it is read", "stderr")
    app.until(1, "shown")
    cable.cut()
    app.press()
    app.until(1, "read")
    cable.mend()
    assert sending.line() == "message 1 is read"
    assert sending.end() == 0


def test_waiting_in_vain_has_exit_codes_of_its_own(
    start: Callable[..., Running], at_home: Any
) -> None:
    sending = start("send", "--wait", "read", "never mind")
    sending.until("waiting", "stderr")
    assert at_home("delete", "1").stdout == "message 1 is deleted\n"
    assert sending.line("stderr") == "inkstand: message 1 is deleted, and was not read"
    assert sending.end() == 5
    late = at_home("send", "--wait", "read", "--timeout", "1", "too late")
    assert late.returncode == 6
    assert late.stderr.splitlines()[-1] == (
        "inkstand: message 2 is not read after 1 s; it stays where it is"
    )


def test_all_who_watch_see_the_same_and_one_that_is_killed_affects_nobody(
    start: Callable[..., Running], at_home: Any, app: Any
) -> None:
    watchers = [start("watch", "--json") for _ in range(2)]
    people = start("watch")
    for watcher in watchers:
        watcher.events("hello")
    people.until("hello")
    at_home("send", "Hello")
    app.until(1, "shown")
    app.press()
    seen = [watcher.events("message", "read") for watcher in watchers]
    assert seen[0] == seen[1]
    assert [event["id"] for event in seen[0]] == [event["id"] for event in seen[1]]
    lines = people.until("is read")
    assert [line.split()[1] for line in lines] == [event["type"] for event in seen[0]]
    assert any("1 is waiting, from john: Hello" in line for line in lines)
    watchers[0].process.kill()
    at_home("send", "Again")
    assert watchers[1].events("message", "waiting")[-1]["data"]["message"]["text"] == "Again"


def test_watch_gets_what_it_missed_while_the_network_was_gone(
    inkstand: Any, app: Any, front: Any, password: str
) -> None:
    cable = front(app.port)
    arguments = ("login", cable.url, "--user", "john", "--password-stdin")
    assert inkstand(*arguments, given=password).returncode == 0
    process = inkstand.start("watch", "--json")
    watch = Running(process)
    watch.events("hello")
    assert inkstand("send", "before", "--wait", "shown").returncode == 0
    watch.events("message", "shown")
    cable.cut()
    watch.until("trying again in 0.5 s", "stderr")
    app.press()
    app.until(1, "read")
    cable.mend()
    missed = watch.events("message", "read")
    assert "hello" not in [event["type"] for event in missed]
    assert watch.line("stderr") == "inkstand: connected again"
    process.send_signal(signal.SIGINT)
    # Of which a shell makes 130.
    assert watch.end() == -signal.SIGINT


def test_watch_ends_when_its_token_is_revoked(
    at_home: Any, app: Any, start: Callable[..., Running]
) -> None:
    watch = start("watch")
    watch.until("hello")
    assert at_home("logout").returncode == 0
    lines = watch.until("run: inkstand login", "stderr")
    assert lines[-1].startswith(f"inkstand: {app.url} does not take this login any more")
    assert watch.end() == 3


def test_a_reader_that_goes_away_ends_watch_quietly(at_home: Any) -> None:
    process = at_home.start("watch")
    assert "hello" in process.stdout.readline()
    process.stdout.close()
    assert at_home("send", "Hello").returncode == 0
    assert process.wait(PATIENCE) == 128 + signal.SIGPIPE
    with process.stderr as errors:
        assert errors.read() == ""


def test_the_history_has_pages_states_and_json(at_home: Any, app: Any) -> None:
    for text in ("one", "two", "three"):
        assert at_home("send", text).returncode == 0
    app.until(1, "shown")
    app.press()
    app.until(2, "shown")
    lines = at_home("history").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert lines[2].endswith("read      john: one")
    assert len(at_home("history", "--limit", "2").stdout.splitlines()) == 2
    waiting = json.loads(at_home("history", "--state", "waiting", "--json").stdout)
    assert [message["text"] for message in waiting] == ["three"]
    nothing = at_home("history", "--state", "expired")
    assert (nothing.stdout, nothing.stderr) == ("", "inkstand: there are no such messages\n")
    assert at_home("history", "--state", "nonsense").returncode == 1


def test_more_messages_than_a_page_holds_are_listed(at_home: Any, app: Any) -> None:
    for number in range(205):
        app.do(app.system.controller.submit(Draft(author="john", text=f"text {number}")))
    lines = at_home("history", "--limit", "203").stdout.splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(205, 2, -1))


def test_a_message_can_be_shown_again_and_acknowledged(at_home: Any, app: Any) -> None:
    at_home("send", "Hello", "--wait")
    assert at_home("acknowledge", "1").stdout == "message 1 is read\n"
    assert at_home("show", "1").returncode == 0
    app.until(1, "shown")
    missing = at_home("show", "77")
    assert missing.returncode == 1
    assert "There is no message 77" in missing.stderr


def test_the_picture_of_the_panel_is_what_is_on_the_glass(
    at_home: Any, app: Any, tmp_path: Path
) -> None:
    at_home("send", "Hello", "--wait")
    assert at_home("panel", "-o", str(tmp_path / "now.png")).returncode == 0
    with Image.open(tmp_path / "now.png") as picture:
        assert picture.size == (264, 176)
        assert picture.convert("1").tobytes() == bytes(
            byte ^ 0xFF for byte in app.system.display.frame.data
        )
    result = at_home("panel")
    assert result.stdout.startswith("panel: ok\nsize: 264x176\n")
    unwritable = at_home("panel", "-o", "/nowhere/now.png")
    assert unwritable.returncode == 1
    assert unwritable.stderr == (
        "inkstand: cannot write /nowhere/now.png: No such file or directory\n"
    )


def test_the_status_is_told(at_home: Any) -> None:
    result = at_home("status")
    assert (result.returncode, result.stderr) == (0, "")
    assert "panel: ok" in result.stdout
    assert json.loads(at_home("status", "--json").stdout)["panel"]["state"] == "ok"


def test_a_token_for_metrics_reads_nothing_else(at_home: Any, app: Any) -> None:
    token = at_home("tokens", "create", "Prometheus", "--scope", "metrics").stdout.strip()
    environment = {"INKSTAND_SERVER": app.url, "INKSTAND_TOKEN": token}
    assert at_home("status", **environment).returncode == 3
    request = urllib.request.Request(f"{app.url}/api/v1/metrics")
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert b"\ninkstand_panel_up 1\n" in answer.read()


def test_a_token_is_made_used_listed_and_revoked(at_home: Any, app: Any) -> None:
    made = at_home("tokens", "create", "kitchen", "--scope", "read", "--days", "7")
    assert made.returncode == 0
    token = made.stdout.strip()
    number = made.stderr.split()[2]
    environment = {"INKSTAND_SERVER": app.url, "INKSTAND_TOKEN": token}
    assert at_home("history", **environment).returncode == 0
    forbidden = at_home("send", "x", **environment)
    assert forbidden.returncode == 3
    assert "does not let you do that" in forbidden.stderr
    listed = at_home("tokens", "list").stdout
    assert f"{number}  token    read   kitchen" in listed
    assert "(this one)" in listed
    assert token not in listed
    assert at_home("tokens", "revoke", number).stdout == f"token {number} is revoked\n"
    assert at_home("history", **environment).returncode == 3
    assert number not in [one["id"] for one in json.loads(at_home("tokens", "--json").stdout)]
    assert at_home("tokens", "revoke", "nonsense").returncode == 1
