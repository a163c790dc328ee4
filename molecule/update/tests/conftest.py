"""One appliance, people who use it, and releases made of changed copies of this repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from virtual_pi import container, testing

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
STATE = Path(os.environ["INKSTAND_INSTANCE_STATE"])
NAME = os.environ["INKSTAND_INSTANCE"]
RUN_SECONDS = 900
# What a run of the playbook needs of the repository.
PARTS = ("ansible.cfg", "driver/src", "host/src", "images", "inventory", "plugins", "roles")
PLAYBOOKS = ("playbook.yml", "update.yml", "rollback.yml")


def shell(*argv: str, check: bool = True) -> str:
    """Run a program on the Pi and return what it writes."""
    done = subprocess.run(
        ["docker", "exec", NAME, *argv], capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


wait_for = partial(testing.wait_for, seconds=30)


class Owner(testing.Client):
    """Who has an account and a token, and comes by HTTPS."""

    def connect(self) -> None:
        """Find the Pi, which may have another address after it was off."""
        self.address = container.address(NAME)
        self.renew()

    def ask(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Return status and decoded JSON; 0 when nobody answers."""
        try:
            answer = self.request(method, path, **arguments)
            return answer.status, answer.json() if answer.data else None
        except urllib3.exceptions.HTTPError:
            return 0, None
        except ValueError:
            return answer.status, None

    def send(self, text: str) -> int:
        """Send a message and return the status of the answer."""
        return self.ask("POST", "/messages", json={"message": text})[0]

    def texts(self) -> list[str]:
        """Return the texts of all messages, newest first."""
        found: list[str] = []
        page = "?limit=100"
        while page:
            status, body = self.ask("GET", f"/api/v1/messages{page}")
            assert status == 200, (status, body)
            found += [message["text"] for message in body["messages"]]
            page = f"?limit=100&before={body['next']}" if body["next"] else ""
        return found

    def tokens(self) -> Any:
        """Return the names of the tokens."""
        status, body = self.ask("GET", "/api/v1/tokens")
        assert status == 200, (status, body)
        return sorted(token["name"] for token in body["tokens"])

    def is_served(self) -> bool:
        """Tell whether the appliance answers and nothing is wrong with it."""
        status, body = self.ask("GET", "/healthz")
        return status == 200 and body["status"] == "ok"


@pytest.fixture(scope="session")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    ca = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.write_text(shell("cat", "/etc/inkstand/traefik/ca.pem"))
    found = Owner(container.address(NAME), str(ca), seconds=5)
    wait_for("the appliance serves", found.is_served)
    found.log_in(testing.login(STATE))
    for text in ("One", "Two", "Three"):
        assert found.send(text) == 201
    made = {"name": "doorbell", "scope": "post", "expires_in_days": None}
    assert found.ask("POST", "/api/v1/tokens", json=made)[0] == 201
    return found


@dataclass
class Sender:
    """Somebody who sends messages all the time, and remembers which were accepted.

    `pause` is in seconds; a thousand that nobody reads are as many as are taken.
    """

    owner: Owner
    pause: float = 0.5
    accepted: list[str] = field(default_factory=list)
    answers: set[int] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Sender:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._end.wait(self.pause):
            number += 1
            status = self.owner.send(f"Number {number}")
            self.answers.add(status)
            if status == 201:
                self.accepted.append(f"Number {number}")


@pytest.fixture
def sender(owner: Owner) -> Sender:
    return Sender(replace(owner))


@dataclass
class Release:
    """A copy of this repository, to be changed and deployed."""

    folder: Path

    @property
    def said(self) -> Path:
        """What the last run wrote."""
        return self.folder / "said.txt"

    def start(self, playbook: str, *options: str) -> subprocess.Popen[bytes]:
        """Begin a run of one of its playbooks."""
        program = Path(sys.executable).with_name("ansible-playbook")
        argv = [str(program), playbook, "--inventory", str(STATE / "inventory"), *options]
        environment = {
            **os.environ,
            **testing.PLAIN,
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
        }
        # A file, for a pipe that nobody reads would stop the run when it is full.
        with self.said.open("w") as said:
            return subprocess.Popen(
                argv, cwd=self.folder, env=environment, stdout=said, stderr=subprocess.STDOUT
            )

    def play(self, playbook: str = "update.yml", *options: str) -> testing.Run:
        """Run one of its playbooks."""
        with self.start(playbook, *options) as process:
            process.wait(timeout=RUN_SECONDS)
        return testing.Run(process.returncode, self.said.read_text())

    def edit(self, path: str, before: str, after: str) -> None:
        """Change one place of a file."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(before) == 1, (path, before)
        file.write_text(text.replace(before, after))

    def begin_the_app_with(self, code: str) -> None:
        """Have code run before the app of this release serves."""
        path = "images/app/container/inkstand"
        self.edit(
            path, "sys.exit(main())", f'if "serve" in sys.argv:\n    {code}\nsys.exit(main())'
        )


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Give this release, as a copy."""
    for part in PARTS:
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for name in PLAYBOOKS:
        shutil.copy(ROOT / name, tmp_path / name)
    return Release(tmp_path)


@pytest.fixture(autouse=True)
def _nothing_failed() -> Iterator[None]:
    yield
    assert shell("systemctl", "--failed", "--no-legend", "--plain", check=False) == ""


class Pi:
    """What a root shell on the Pi tells."""

    shell = staticmethod(shell)
    wait_for = staticmethod(wait_for)

    def result(self) -> dict[str, Any]:
        """Return what the Pi wrote down about the last switch."""
        found: dict[str, Any] = json.loads(shell("cat", "/var/lib/inkstand-releases/switch.json"))
        return found

    def images(self) -> dict[str, str]:
        """Return of which image each container is that runs."""
        lines = shell("docker", "ps", "--format", "{{.Names}} {{.Image}}", check=False)
        return dict(line.split() for line in lines.splitlines())

    def is_switching(self) -> bool:
        """Tell whether a switch is going on."""
        state = "/var/lib/inkstand-releases/open/state.json"
        return "switching" in shell("cat", state, check=False)

    def cut_power(self) -> None:
        """Switch the Pi off and on again."""
        for verb in ("kill", "start"):
            subprocess.run(["docker", verb, NAME], check=True, capture_output=True)


@pytest.fixture(scope="session")
def name() -> str:
    """Name the container that is the Pi."""
    return NAME


@pytest.fixture(scope="session")
def pi() -> Pi:
    return Pi()
