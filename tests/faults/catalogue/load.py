"""More than it can do is asked of it by many others, while somebody wants to be served as ever."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.catalogue.scripts import CONTAINERS
from tests.faults.fault import Fault, Kind
from tools.common.errors import ToolError
from tools.common.steps import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.appliance import Appliance
    from tests.faults.fault import Act

_PROGRAM = Path(__file__).with_name("crowd.py")
_MOST_SECONDS = 100
# Of its tokens; crowd.py has it as the text of messages.
_NAME = "Crowd"
# Addresses of documentation, which nobody has; crowd.py knows the first as the Pi's.
_SOURCES = [f"198.51.100.{number}" for number in range(2, 62)]
_MAKE = f"""
ip netns add crowd
ip link add crowd type veth peer name eth0 netns crowd
ip link set crowd up
ip -n crowd link set eth0 up
ip address add 198.51.100.1/24 dev crowd
for source in {" ".join(_SOURCES)}; do ip -n crowd address add $source/24 dev eth0; done
"""
_LIVES = f"docker inspect --format '{{{{.State.StartedAt}}}}' {' '.join(CONTAINERS)}"


@contextmanager
def crowd(appliance: Appliance) -> Iterator[None]:
    """Let there be a network beyond the Pi meanwhile, and no container that is started anew.

    Raises:
        ToolError: one was, such as one that took more memory than it may.
    """
    appliance.shell(f"ip netns del crowd 2>/dev/null || true\n{_MAKE}")
    before = appliance.shell(_LIVES)
    try:
        yield
        if appliance.shell(_LIVES) != before:
            raise ToolError("A container was started anew.")
    finally:
        appliance.shell("ip netns del crowd")


def _asked(what: str, number: int, visitors: int, scope: str = "") -> Act:
    """Return the act of asking for something so often, with a token of that scope if one is named.

    Raises:
        ToolError: that took longer than anybody can wait.
    """
    program = shlex.quote(_PROGRAM.read_text())
    words = " ".join([what, str(number), str(visitors), *_SOURCES])
    # Who asks has computers of their own.
    script = f"nice -n 19 timeout {_MOST_SECONDS} ip netns exec crowd python3 -c {program} {words}"

    def act(appliance: Appliance) -> None:
        token = _made(appliance, scope) if scope else ""
        came = appliance.shell(script, stdin=token)
        say(f"{'':10}{number} {what} from {len(_SOURCES)} addresses: {came.strip()}")

    return act


def _made(appliance: Appliance, scope: str) -> str:
    body = {"name": _NAME, "scope": scope, "expires_in_days": 1}
    _, made = appliance.ask("POST", "/api/v1/tokens", json=body)
    token: str = made["token"]
    return token


def _forget(appliance: Appliance) -> None:
    """Leave nothing of what was asked for, nor tokens for it."""
    for kind, path in (("messages", "/api/v1/messages/scheduled"), ("tokens", "/api/v1/tokens")):
        _, said = appliance.ask("GET", path)
        for it in said[kind]:
            if _NAME in (it.get("name"), it.get("text")):
                appliance.ask("DELETE", f"/api/v1/{kind}/{it['id']}")


def _load(name: str, *asked: Any) -> Fault:
    return Fault(f"load: {name}", Kind.LOAD, _asked(*asked), _forget, lasts=0, scene=crowd)


FAULTS = (
    _load("10,000 requests by 200 connections", "pages", 10_000, 200),
    _load("10,000 messages of a token that may only send", "posts", 10_000, 60, "post"),
    _load("5,000 WebSockets of one token", "websockets", 5_000, 120, "read"),
    _load("1,000 half requests, held", "half", 1_000, 1_000),
    _load("200 bodies of 100 MB", "bodies", 200, 40),
    _load("200 bodies of 100 MB that do not say so", "chunks", 200, 40),
)
