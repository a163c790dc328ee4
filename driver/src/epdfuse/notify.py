"""Telling systemd how the service stands (the sd_notify protocol: one datagram)."""

import os
import socket


def notify(state: str) -> None:
    """Send e.g. `READY=1` to the service manager, if one listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
        channel.sendall(state.encode())
