"""Run the playbook against a virtual Pi, and see that it answers afterwards."""

from __future__ import annotations

import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tools.common.commands import read_bytes, show
from tools.common.errors import ToolError
from tools.common.paths import ROOT
from tools.common.steps import wait_until
from virtual_pi import container
from virtual_pi.credentials import Credentials, write_private

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtual_pi.settings import VirtualPi

PLAYBOOK = ROOT / "playbook.yml"
ANSWER_SECONDS = 60
CA_ON_THE_PI = "/etc/inkstand/traefik/ca.pem"
UNAUTHORIZED = 401


def _program(name: str) -> str:
    """Find a program beside this Python first."""
    beside = Path(sys.executable).with_name(name)
    return os.fspath(beside) if beside.exists() else name


def command_line(pi: VirtualPi, *options: str, playbook: Path = PLAYBOOK) -> list[str]:
    """Give the command that deploys."""
    argv = [_program("ansible-playbook"), os.fspath(playbook)]
    return [*argv, "--inventory", f"{pi.inventory}", *options]


def run_playbook(pi: VirtualPi, *options: str, playbook: Path = PLAYBOOK) -> None:
    """Run a playbook, that of the appliance by default, with its output as it comes.

    Raises:
        ToolError: it failed.
    """
    environment = {**os.environ, "ANSIBLE_CONFIG": os.fspath(ROOT / "ansible.cfg")}
    status = show(command_line(pi, *options, playbook=playbook), env=environment)
    if status:
        raise ToolError(
            f"The playbook ended with {status}.",
            todo="The task that failed stands above; run the same command again after a change.",
        )


def fetch_ca(pi: VirtualPi, read: Sequence[str] = ()) -> None:
    """Copy the CA certificate that the role made to the state directory.

    `read` is the command that reads it, by default from a container.
    """
    pi.ca_file.write_bytes(read_bytes(read or container.execute(pi, "cat", CA_ON_THE_PI)))


def answers(pi: VirtualPi) -> bool:
    """Tell whether the app asks for a token over HTTPS with a certificate of the fetched CA."""
    context = ssl.create_default_context(cafile=os.fspath(pi.ca_file))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        opener.open(pi.url, timeout=15).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == UNAUTHORIZED
    except OSError:
        return False
    return False


def wait_answers(pi: VirtualPi) -> None:
    """Wait until HTTPS answers as it should.

    Raises:
        ToolError: it did not within a minute.
    """
    wait_until(
        lambda: answers(pi),
        seconds=ANSWER_SECONDS,
        failure=lambda: ToolError(
            f"{pi.url} does not answer as it should.",
            todo=f"Try `curl --cacert {pi.ca_file} {pi.url}`, and look at docs/troubleshooting.md.",
        ),
    )


def write_login(pi: VirtualPi, secrets: Credentials) -> None:
    """Keep the body of a login request in a file, so that no command line holds the password."""
    body = {"username": secrets.username, "password": secrets.password}
    write_private(pi.login_file, json.dumps(body))


def _short(path: Path) -> str:
    here = Path.cwd()
    return os.fspath(path.relative_to(here)) if path.is_relative_to(here) else os.fspath(path)


def _send_command(pi: VirtualPi) -> str:
    curl = f"curl -sS --cacert {_short(pi.ca_file)} -H 'Content-Type: application/json'"
    read = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"token\"])'"
    token = f"$({curl} -d @{_short(pi.login_file)} {pi.url}/login | {read})"
    message = '-d \'{"message": "Hello World!"}\''
    return f'{curl} -H "Authorization: {token}" {message} {pi.url}/messages'


def summary(pi: VirtualPi, secrets: Credentials, commands: str = "") -> str:
    """Say where it is, how to log in, and what to try; its commands stand below `commands`."""
    program = f"{_short(Path(sys.executable))} -m virtual_pi{commands}"
    return f"""
The virtual Pi is up.
  URL       {pi.url}
  CA file   {pi.ca_file}
  User      {secrets.username}
  Password  {secrets.password}

Try next:
  1. Send a message:
     {_send_command(pi)}
  2. Save a picture of what is on the glass:
     {program} panel --output panel.png
  3. Press the button, and the clock is back:
     {program} press
"""
