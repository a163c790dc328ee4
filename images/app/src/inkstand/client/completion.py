"""`inkstand completion`, and what a shell asks when somebody presses Tab."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.client.errors import ClientError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

# Set by the script that print_script() prints.
_ASKED = "_ARGCOMPLETE"


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """Tell a shell that asks what can come next, and end the program; else do nothing.

    Raises:
        ClientError: argcomplete is gone since the shell was told of it.
    """
    if _ASKED in os.environ:
        _argcomplete().autocomplete(parser, default_completer=_files)


def print_script(options: argparse.Namespace) -> int:
    """Print what the shell has to read."""
    print(_argcomplete().shellcode(["inkstand"], use_defaults=False, shell=options.shell))
    return 0


def _argcomplete() -> Any:
    try:
        import argcomplete  # noqa: PLC0415 - the client works without
    except ImportError:
        raise ClientError("this needs argcomplete; run: pipx inject inkstand argcomplete") from None
    return argcomplete


def _files(prefix: str, action: argparse.Action, **_: object) -> Iterable[str]:
    """Return files that begin with `prefix` for what takes one, and nothing for any other text."""
    if action.type is not Path and not str(action.metavar).startswith("FILE"):
        return ()
    found: Iterable[str] = _argcomplete().completers.FilesCompleter()(prefix)
    return found
