"""Telling systemd how the service stands (the sd_notify protocol: one datagram)."""

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)


def notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send e.g. `READY=1` to the service manager, if one listens."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        _send(f"\0{address[1:]}" if address[0] == "@" else address, state.encode())
    except OSError as error:
        log.warning("cannot tell the service manager %s: %s", state, error)


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds between two signs of life (`WATCHDOG=1`) the service manager wants; None: none.

    That is half the time after which it would kill (sd_watchdog_enabled(3)).
    """
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdecimal() else None


def _send(address: str, datagram: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(address)
        channel.sendall(datagram)
