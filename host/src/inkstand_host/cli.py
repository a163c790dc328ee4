"""The command `inkstand-host`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from inkstand_host import owner, updates
from inkstand_host.backup import commands as backup
from inkstand_host.doctor import commands as doctor
from inkstand_host.errors import HostError
from inkstand_host.release import commands as release

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Look after an Inkstand, on its Raspberry Pi and as root.

  sudo inkstand-host doctor            what is wrong, and how to put it right
  sudo inkstand-host release status    what runs, and what can be gone back to
  sudo inkstand-host rollback          back to the previous release
  sudo inkstand-host backup create --recipient age1... --output FILE
  sudo inkstand-host updates           what Debian has mended since the images were built
  sudo inkstand-host reset-owner       the owner's password of the settings counts again
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="inkstand-host",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    doctor.add_command(commands)
    release.add_commands(commands)
    backup.add_commands(commands)
    owner.add_command(commands)
    updates.add_command(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Do what is asked; 0 when it was done, 1 with a sentence when it was not."""
    options = _parser().parse_args(argv)
    if options.needs_root and os.geteuid() != 0:
        print("inkstand-host needs root for this: write sudo before it.", file=sys.stderr)
        return 1
    try:
        status: int = options.run(options)
    except HostError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return status
