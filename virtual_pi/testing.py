"""What tests of a virtual Pi share: its HTTPS, runs of playbooks, and waiting."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import urllib3

from tools.common.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Molecule asks for colours, which would stand in the middle of sentences; tests read
# Ansible's own recap.
PLAIN = {
    "ANSIBLE_FORCE_COLOR": "0",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
}
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
Found = TypeVar("Found")


def login(state: Path) -> dict[str, str]:
    """Give the owner's name and password."""
    kept = json.loads((state / "credentials.json").read_text())
    return {"username": kept["username"], "password": kept["password"]}


def wait_for(what: str, ask: Callable[[], Found], seconds: float) -> Found:
    """Ask until the answer is true, and give that answer."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return found


@dataclass
class Client:
    """The HTTPS interface, with the certificate verified as a browser would."""

    address: str
    ca: str
    token: str = ""
    port: int = 443
    seconds: float = 15
    pool: urllib3.HTTPSConnectionPool = field(init=False)

    def __post_init__(self) -> None:
        """Open no connection yet."""
        self.renew()

    def renew(self) -> None:
        """Keep no connection of before."""
        self.pool = urllib3.HTTPSConnectionPool(
            self.address,
            self.port,
            ca_certs=self.ca,
            cert_reqs=ssl.CERT_REQUIRED,
            server_hostname="localhost",
            assert_hostname="localhost",
            timeout=urllib3.Timeout(self.seconds),
            retries=False,
        )

    def request(self, method: str, path: str, **arguments: Any) -> urllib3.BaseHTTPResponse:
        """Send a request, with the token if there is one."""
        host = "localhost" if self.port == 443 else f"localhost:{self.port}"
        token = {"Authorization": self.token} if self.token else {}
        headers = {"Host": host, **token, **arguments.pop("headers", {})}
        return self.pool.request(method, path, headers=headers, **arguments)

    def ask(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Send a request: status and decoded JSON of the answer."""
        answer = self.request(method, path, **arguments)
        return answer.status, answer.json() if answer.data else None

    def log_in(self, login: Mapping[str, str]) -> None:
        """Get a token by the password."""
        status, body = self.ask("POST", "/login", json=login)
        assert status == 200, body
        self.token = body["token"]


@dataclass(frozen=True)
class Run:
    """How a run of a playbook ended."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """How many tasks changed something, as the recap says."""
        found = re.search(r"\bchanged=(\d+)", self.output)
        assert found, self.output
        return int(found[1])

    @property
    def words(self) -> str:
        """The output without its line breaks, to look for a sentence in."""
        return " ".join(self.output.split())

    @property
    def closing(self) -> str:
        """What it says at its end, without its line breaks."""
        report = self.output.partition("What became of each host")[2]
        return " ".join(report.partition("TASKS RECAP")[0].split())


def play(
    playbook: Path, *options: str, program: Path = ANSIBLE_PLAYBOOK, **environment: str
) -> Run:
    """Run a playbook, whether that ends well or not."""
    done = subprocess.run(
        [str(program), str(playbook), *options],
        cwd=ROOT,
        env={**os.environ, **PLAIN, **environment},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return Run(done.returncode, done.stdout + done.stderr)


def other_ansible(version: str, oldest_python: tuple[int, int]) -> tuple[Path | None, str]:
    """Install another ansible-core beside this one; give its ansible-playbook, or say why not."""
    wanted = ".".join(map(str, oldest_python))
    python = _python_of(oldest_python)
    if not python:
        return None, f"ansible-core {version} needs Python {wanted}, and there is none here"
    place = ROOT / ".cache" / f"ansible-core-{version}"
    program = place / "bin" / "ansible-playbook"
    if not program.exists():
        subprocess.run([python, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(place / "bin" / "pip"), "install", "--quiet", f"ansible-core=={version}"]
        done = subprocess.run(pip, check=False, capture_output=True, text=True)
        if done.returncode:
            return None, f"ansible-core {version} cannot be installed: {done.stderr[-200:]}"
    return program, ""


def _python_of(oldest: tuple[int, int]) -> str:
    places = [*os.environ["PATH"].split(":"), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    names = [f"python{oldest[0]}.{oldest[1] + newer}" for newer in range(3)]
    found = (str(Path(place) / name) for name in names for place in places)
    return next((python for python in found if Path(python).exists() and _runs(python)), "")


def _runs(python: str) -> bool:
    """Tell whether it is one, and no shim of pyenv for a version that is not there."""
    asked = [python, "-c", "import ensurepip, venv"]
    return not subprocess.run(asked, check=False, capture_output=True).returncode
