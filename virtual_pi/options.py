"""What may stand on a command line."""

from __future__ import annotations

import argparse

LARGEST_PORT = 65535


def port(text: str) -> int:
    """Read a TCP port.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdigit() or not 0 < int(text) <= LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port number (1 to {LARGEST_PORT})")
    return int(text)


def number(text: str) -> int:
    """Read a number of things.

    Raises:
        argparse.ArgumentTypeError: it is not 1 or more.
    """
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)
