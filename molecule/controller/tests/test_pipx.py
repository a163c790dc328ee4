"""An owner's other computer: a Debian with nothing on it, and the package as pipx installs it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.common import rootfs
from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

NAME = "inkstand-molecule-pipx"
EXTRAS = "server,completion,heic,discover"
HOME = "/home/ada"
# How this machine reaches registries, and whom it trusts there.
REACHES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
PATIENCE = 900


def docker(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        ["docker", *arguments],
        input=given,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def computer(instance: str, pi: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make it in the Pi's network, where localhost is the Pi, with pipx, a user and a clone."""

    def well(*arguments: str) -> None:
        done = docker(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    image = rootfs.load(rootfs.make_base(lambda _: None))
    docker("rm", "--force", NAME)
    network = f"container:{instance}"
    well("run", "--detach", "--name", NAME, "--network", network, image, "sleep", "infinity")
    install = "apt-get install --quiet --yes --no-install-recommends pipx"
    script = f"apt-get update --quiet && {install} && useradd --create-home ada"
    well("exec", "--env", "DEBIAN_FRONTEND=noninteractive", NAME, "sh", "-c", script)
    for path in filter(lambda path: Path(path).exists(), REACHES):
        well("cp", "--follow-link", path, f"{NAME}:{path}")
    clone = tmp_path_factory.mktemp("clone")
    left_out = shutil.ignore_patterns("tests", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT / "images" / "app", clone / "images" / "app", ignore=left_out)
    (clone / "ca.pem").write_text(pi.file("/etc/inkstand/traefik/ca.pem").content_string)
    well("cp", f"{clone}/.", f"{NAME}:{HOME}")
    well("exec", NAME, "chown", "--recursive", "ada", HOME)
    yield
    docker("rm", "--force", NAME)


@pytest.fixture(scope="module")
def ada(computer: None) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that does something there as an ordinary user, who has installed it."""
    path = f"PATH={HOME}/.local/bin:/usr/bin:/bin"
    user = ("exec", "--interactive", "--user", "ada", "--workdir", HOME, "--env", path)

    def do(*argv: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        more = [f"--env={name}={value}" for name, value in variables.items()]
        return docker(*user, *more, NAME, *argv, given=given)

    done = do("pipx", "install", f"./images/app[{EXTRAS}]")
    assert done.returncode == 0, done.stdout + done.stderr
    return do


def test_all_that_it_needs_is_there(ada: Any) -> None:
    checked = ada("pipx", "runpip", "inkstand", "check")
    assert checked.returncode == 0, checked.stdout
    assert ada("inkstand", "--version").stdout.startswith("inkstand ")
    assert ada("test", "-s", f"{HOME}/.local/share/man/man1/inkstand.1").returncode == 0


def test_a_shell_completes(ada: Any) -> None:
    script = ada("inkstand", "completion", "bash")
    assert script.returncode == 0, script.stderr
    assert ada("bash", "-n", given=script.stdout).returncode == 0
    typed = "inkstand que"
    asked = {"COMP_LINE": typed, "COMP_POINT": str(len(typed)), "_ARGCOMPLETE": "1"}
    said = "/tmp/said"
    ada("inkstand", **asked, _ARGCOMPLETE_STDOUT_FILENAME=said)
    assert ada("cat", said).stdout.split() == ["queue"]


def test_who_has_not_logged_in_is_told_how(ada: Any) -> None:
    refused = ada("inkstand", "send", "Hello")
    assert refused.returncode == 3
    assert refused.stderr == "inkstand: you are not logged in; run: inkstand login URL\n"


def test_a_message_comes_onto_the_glass(ada: Any, state: Path) -> None:
    password = testing.login(state)["password"]
    login = ("login", "https://localhost", "--ca", "ca.pem", "--password-stdin")
    entered = ada("inkstand", *login, given=password)
    assert entered.returncode == 0, entered.stderr
    sent = ada("inkstand", "send", "--urgent", "--wait", "shown", "Dinner is ready")
    assert sent.returncode == 0, sent.stderr
