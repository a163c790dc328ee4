"""Know an address for every name that ends in .lan, as some routers do, and for no other.

wildcard_dns.py ADDRESS
"""

from __future__ import annotations

import socket
import sys

NOBODY = bytes([192, 0, 2, 99])
NXDOMAIN = 3
TYPE_A = 1


def name_end(question: bytes) -> int:
    """Return where the name of a question ends."""
    place = 0
    while question[place]:
        place += question[place] + 1
    return place + 1


def answer(request: bytes) -> bytes:
    """Answer a request with one question."""
    question = request[12 : 12 + name_end(request[12:]) + 4]
    known = question[:-4].lower().endswith(b"\x03lan\x00")
    wanted = known and int.from_bytes(question[-4:-2], "big") == TYPE_A
    flags = (0x8180 if known else 0x8180 | NXDOMAIN).to_bytes(2, "big")
    head = request[:2] + flags + bytes([0, 1, 0, int(wanted), 0, 0, 0, 0])
    record = b"\xc0\x0c" + bytes([0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4]) + NOBODY
    return head + question + (record if wanted else b"")


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
    listening.bind((sys.argv[1], 53))
    while True:
        asked, who = listening.recvfrom(512)
        listening.sendto(answer(asked), who)
