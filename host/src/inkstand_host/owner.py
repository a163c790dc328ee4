"""`inkstand-host reset-owner`: for an owner who does not know the password any more."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from inkstand_host.errors import HostError

if TYPE_CHECKING:
    import argparse

_APP = "inkstand-app"
# The app notes it where it keeps its accounts, and does it when it starts.
_STEPS = (
    ("docker", "exec", _APP, "inkstand", "reset-owner"),
    ("docker", "restart", _APP),
)
_DONE = (
    "The owner logs in with the password whose hash is in host_vars (app_password_hash); all of\n"
    "the owner's sessions have ended. Tokens with a name, and other people, are as they were."
)


def add_command(commands: Any) -> None:
    """Add `reset-owner` to those of `inkstand-host`."""
    parser = commands.add_parser(
        "reset-owner",
        help="have the owner's password of the settings count again",
        description="Have the owner's password of the settings count again, whatever was chosen on"
        " the page, and end all of the owner's sessions. The app is restarted.",
    )
    parser.set_defaults(run=reset, needs_root=True)


def reset(_options: argparse.Namespace) -> int:
    """Ask the app for it, and restart it.

    Raises:
        HostError: it does not run, or cannot note it.
    """
    for argv in _STEPS:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HostError(f"{' '.join(argv)} failed: {(done.stderr or done.stdout).strip()}")
    print(_DONE)
    return 0
