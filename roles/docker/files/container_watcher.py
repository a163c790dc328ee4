"""Keep the containers of Inkstand answering, and their published ports within reach.

A container says by its label `inkstand.check` how it is asked: `http:8080/healthz` or
`pigpiod:8888`. Every few seconds each is asked, from here and not by a program in it: that costs a
hundredth of what `docker exec` does. One that takes connections and answers none twice in
a row hangs. Its process is killed, and its restart policy brings it back; the engine would take
`docker kill` for a request to have it down.

A start that fails, the engine does not repeat: such a container stays down whatever its restart
policy says (moby issues 37637 and 48870). It is started from here. One that somebody stopped has
no error, and is left alone. An engine in whose start the power failed may keep a published port
for a container that is no more, until it is restarted (moby issues 20486 and 25981).

One that answers here, and no more at a port that it publishes, has lost the engine's rules:
somebody flushed the firewall. Restarting the engine writes them again, and containers live on
meanwhile. What is asked for that comes from a network namespace of its own, as from another
computer.

An engine that ended so often that systemd starts it no more is started from here.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

API = "v1.40"
CHECK = "inkstand.check"
# Who misses an answer is asked again at once: a hang is noticed within 11 s, lost rules within 15.
PERIOD, ANSWER_TIMEOUT, MISSES = 3.0, 4.0, 2
# A port that refuses at once may be that of a container which has just been started.
REFUSED_PAUSE = 1.0
# Rounds after which the engine is asked who there is, and the port from outside: both cost more.
ROUNDS_LISTED, ROUNDS_OUTSIDE = 10, 2
# A round that takes this much longer than its answers may says more about the Pi than about them.
LATE = 2.0
# Of both together less than systemd waits for a sign of life.
ENGINE_TIMEOUT, RESTART_TIMEOUT = 30.0, 80.0
# Restarts of the engine that do not help, and the pause after one.
MAX_RESTARTS, RESTART_PAUSE = 3, 60.0
# What the engine says of a port that it has given to another, or keeps for nobody.
PORT_KEPT = "port is already allocated"
# From one start of an engine that systemd has given up to the next.
START_PAUSE = 10.0
# TICK of the pigpiod protocol: a question without a side effect.
_TICK = struct.pack("<4I", 16, 0, 0, 0)
# What a server of HTTP answers, and one of TLS refuses.
_NO_MATTER = b"GET / HTTP/1.0\r\n\r\n"

Port = tuple[str, int]
"""An address of this host and a port there."""


@dataclass(frozen=True)
class Container:
    """A container that runs: where and how it is asked, and where the world reaches it."""

    identity: str
    name: str
    address: str
    check: str
    published: tuple[Port, ...] = ()


@dataclass
class Misses:
    """How often in a row each was missed."""

    most: int = MISSES
    _count: dict[Hashable, int] = field(default_factory=dict)

    @property
    def pending(self) -> bool:
        """Whether somebody was missed, and not too often yet."""
        return bool(self._count)

    def see(self, missed: Collection[Hashable]) -> set[Hashable]:
        """Count those that were missed now and forget all others; return who was too often."""
        self._count = {it: self._count.get(it, 0) + 1 for it in missed}
        often = {it for it, count in self._count.items() if count >= self.most}
        for it in often:
            del self._count[it]
        return often


@dataclass
class Restarts:
    """When the engine may be restarted, which is not for ever."""

    _worked: set[Port] = field(default_factory=set)
    _sought: set[Port] = field(default_factory=set)
    _vain: int = 0
    _not_before: float = 0.0

    def reached(self, ports: Collection[Port]) -> None:
        """Take note of ports that were reached."""
        self._worked.update(ports)
        self._sought.difference_update(ports)
        if ports and not self._sought:
            self._vain = 0

    def allowed(self, lost: Collection[Port], now: float) -> bool:
        """Tell whether to restart the engine now for ports that are lost, and count it.

        Not for those that were never reached.
        """
        if not self._worked.intersection(lost) or not self.another(now):
            return False
        self._sought.update(lost)
        return True

    def another(self, now: float) -> bool:
        """Tell whether to restart the engine now, and count it."""
        if self._vain >= MAX_RESTARTS or now < self._not_before:
            return False
        self._vain += 1
        self._not_before = now + RESTART_PAUSE
        return True


def containers(listed: Sequence[Mapping[str, Any]], outside: Sequence[str]) -> list[Container]:
    """Read the engine's list of containers; `outside` are this host's addresses to be asked at."""
    return [it for entry in listed if (it := _container(entry, outside)) is not None]


def _container(entry: Mapping[str, Any], outside: Sequence[str]) -> Container | None:
    ends = list(entry["NetworkSettings"]["Networks"].values())
    address = next((end["IPAddress"] for end in ends if end["IPAddress"]), "")
    if entry["State"] != "running" or not address:
        return None
    six = any(end.get("GlobalIPv6Address") for end in ends)
    ports = sorted({it["PublicPort"] for it in entry["Ports"] if it.get("PublicPort")})
    hosts = [host for host in outside if six or ":" not in host]
    published = tuple((host, port) for host in hosts for port in ports)
    name = entry["Names"][0].lstrip("/")
    return Container(entry["Id"], name, address, entry["Labels"][CHECK], published)


def question(check: str) -> tuple[int, bytes]:
    """Return the port and the request that a label means.

    Raises:
        ValueError: the label means none.
    """
    protocol, _, rest = check.partition(":")
    port, _, path = rest.partition("/")
    if protocol == "http":
        return int(port), f"GET /{path} HTTP/1.0\r\nHost: inkstand\r\n\r\n".encode()
    if protocol == "pigpiod":
        return int(port), _TICK
    raise ValueError(f"{CHECK} is {check}; it must be http:PORT/PATH or pigpiod:PORT")


def answers(address: str, check: str, timeout: float = ANSWER_TIMEOUT) -> bool | None:
    """Tell whether a question is answered; None where nobody listens, or hangs up.

    Who hangs takes connections and answers nothing. Who does not take them starts or ends, and
    that is the engine's affair.
    """
    port, request = question(check)
    try:
        with socket.create_connection((address, port), timeout) as asked:
            asked.sendall(request)
            return True if asked.recv(1) else None
    except TimeoutError:
        return False
    except OSError:
        return None


def _enter(namespace: int) -> None:
    if sys.version_info >= (3, 12):
        os.setns(namespace, os.CLONE_NEWNET)
    else:
        raise OSError("network namespaces need Python 3.12 or newer")


@contextlib.contextmanager
def _in_namespace(path: str) -> Iterator[None]:
    """Let this thread be in another network namespace meanwhile."""
    home, there = (os.open(it, os.O_RDONLY) for it in ("/proc/thread-self/ns/net", path))
    try:
        _enter(there)
        yield
    finally:
        _enter(home)
        os.close(home)
        os.close(there)


def reachable(port: Port, namespace: str, timeout: float = ANSWER_TIMEOUT) -> bool:
    """Tell whether somebody answers at a port of this host to a network namespace.

    To connect proves nothing: the engine itself listens, to keep the port, and never answers.
    """
    family = socket.AF_INET6 if ":" in port[0] else socket.AF_INET
    with _in_namespace(namespace):
        asking = socket.socket(family)
    try:
        with asking:
            asking.settimeout(timeout)
            asking.connect(port)
            asking.sendall(_NO_MATTER)
            asking.recv(1)
    except ConnectionResetError:
        return True
    except OSError:
        return False
    return True


class _Connection(http.client.HTTPConnection):
    """HTTP over the engine's socket, whose path is the host."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def ask_engine(engine: str, path: str, method: str = "GET") -> Any:
    """Return what the engine says, as JSON; None where it has nothing to say.

    Raises:
        OSError: it does not answer, or refuses.
    """
    connection = _Connection(engine, timeout=ENGINE_TIMEOUT)
    try:
        connection.request(method, f"/{API}/{path}", headers={"Host": "docker"})
        answer = connection.getresponse()
        content = answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"the engine does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status not in {http.HTTPStatus.OK, http.HTTPStatus.NO_CONTENT}:
        raise OSError(f"the engine refuses {path}: {answer.status} {content[:300]!r}")
    return json.loads(content) if content else None


class Watcher:
    """Asks all containers of ours, round after round."""

    def __init__(self, engine: str, namespace: str, outside: Sequence[str]) -> None:
        self._engine, self._namespace, self._outside = engine, namespace, outside
        self._hanging, self._lost, self._restarts = Misses(), Misses(), Restarts()
        self._revived = -math.inf
        self._threads = ThreadPoolExecutor(16)
        self._found: list[Container] = []
        self._coming = False
        self._rounds = 0

    @property
    def pause(self) -> float:
        """Seconds until the next round: fewer while it is in doubt whether something is wrong."""
        if self._hanging.pending:
            return 0.0
        return REFUSED_PAUSE if self._lost.pending else PERIOD

    def round(self) -> None:
        """Ask everybody once, and do what follows.

        Raises:
            OSError: the engine does not answer.
        """
        if self._rounds % ROUNDS_LISTED == 0:
            self._found = self._list()
        begin = time.monotonic()
        said = dict(zip(self._found, self._threads.map(_ask, self._found), strict=True))
        if time.monotonic() - begin < ANSWER_TIMEOUT + LATE:
            self._kill_hanging(said)
        if self._rounds % ROUNDS_OUTSIDE == 0 or self._lost.pending:
            self._look_from_outside([it for it, answered in said.items() if answered])
        # Who does not answer may be another by now, or have another address; who was about to start
        # was not asked.
        self._rounds = 0 if self._coming or not all(said.values()) else self._rounds + 1

    def miss_engine(self, now: float) -> None:
        """Start an engine that systemd has given up, at most once in START_PAUSE.

        One that somebody stopped has not failed, and one that is about to start neither.
        """
        if now - self._revived < START_PAUSE or not engine_has_failed():
            return
        self._revived = now
        say("The engine ended too often, and systemd starts it no more: it is started from here.")
        start_engine()

    def _list(self) -> list[Container]:
        filters = quote(json.dumps({"label": [CHECK]}))
        listed = ask_engine(self._engine, f"containers/json?all=1&filters={filters}")
        self._coming = any(entry["State"] == "restarting" for entry in listed)
        for entry in listed:
            if entry["State"] == "exited":
                self._start_again(entry["Id"], entry["Names"][0].lstrip("/"))
        return containers(listed, self._outside)

    def _start_again(self, identity: str, name: str) -> None:
        found = ask_engine(self._engine, f"containers/{identity}/json")
        error = found["State"]["Error"]
        if not error or found["HostConfig"]["RestartPolicy"]["Name"] != "always":
            return
        say(f"{name} is started: the engine failed at it, and does not try again ({error})")
        # It stays in the list, and is tried again with the next one.
        try:
            ask_engine(self._engine, f"containers/{identity}/start", "POST")
        except OSError as refusal:
            if PORT_KEPT in str(refusal):
                self._free_ports(name, found["HostConfig"]["PortBindings"])

    def _free_ports(self, name: str, bindings: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
        wanted = {int(it["HostPort"]) for each in bindings.values() for it in each}
        running = ask_engine(self._engine, "containers/json")
        taken = {port.get("PublicPort") for entry in running for port in entry["Ports"]}
        if wanted & taken or not self._restarts.another(time.monotonic()):
            return
        say(f"No container has the ports of {name}, and the engine keeps them: it is restarted.")
        restart_engine()
        self._coming = True

    def _look_from_outside(self, well: Sequence[Container]) -> None:
        begin = time.monotonic()
        ports = [port for it in well for port in it.published]
        reached = dict(zip(ports, self._threads.map(self._reachable, ports), strict=True))
        if time.monotonic() - begin < ANSWER_TIMEOUT + LATE:
            self._restore(reached)

    def _reachable(self, port: Port) -> bool:
        return reachable(port, self._namespace)

    def _kill_hanging(self, said: Mapping[Container, bool | None]) -> None:
        names = {it.identity: it.name for it, answered in said.items() if answered is False}
        for identity in self._hanging.see(names) & names.keys():
            self._kill(str(identity), names[str(identity)])

    def _kill(self, identity: str, name: str) -> None:
        state = ask_engine(self._engine, f"containers/{identity}/json")["State"]
        if not state["Running"] or state["Paused"]:
            return
        say(f"{name} takes connections and answers none: it is killed, and started again.")
        # Who is gone meanwhile need not be killed.
        with contextlib.suppress(ProcessLookupError):
            os.kill(state["Pid"], signal.SIGKILL)

    def _restore(self, reached: Mapping[Port, bool]) -> None:
        lost = {port for port, there in reached.items() if not there}
        self._restarts.reached(reached.keys() - lost)
        often = lost & self._lost.see(lost)
        if often and self._restarts.allowed(often, time.monotonic()):
            ports = " and ".join(sorted({str(port) for _, port in often}))
            say(
                f"What is published at {ports} answers on the Pi, and no more from outside: the"
                " engine is restarted and writes its rules again; containers live on."
            )
            restart_engine()


def _ask(container: Container) -> bool | None:
    return answers(container.address, container.check)


def engine_has_failed() -> bool:
    """Tell whether systemd has given it up."""
    argv = ["systemctl", "--quiet", "is-failed", "docker.service"]
    return subprocess.run(argv, check=False, timeout=ENGINE_TIMEOUT).returncode == 0


def start_engine() -> None:
    """Start the engine however often it failed, and wait for it."""
    units = ["docker.service", "docker.socket"]
    subprocess.run(["systemctl", "reset-failed", *units], check=False, timeout=ENGINE_TIMEOUT)
    _systemctl("start")


def restart_engine() -> None:
    """Restart the engine, and wait for it."""
    _systemctl("restart")


def _systemctl(verb: str) -> None:
    # What was asked before may have taken long, and so may this.
    notify("WATCHDOG=1")
    argv = ["systemctl", verb, "docker.service"]
    try:
        done = subprocess.run(argv, check=False, timeout=RESTART_TIMEOUT)
    except subprocess.TimeoutExpired:
        say(f"The engine takes long to {verb}.")
        return
    if done.returncode != 0:
        say(f"The engine does not {verb}:  journalctl -u docker  says why.")


def say(sentence: str) -> None:
    """Write to the journal."""
    print(sentence, flush=True)


def notify(state: str) -> None:
    """Tell systemd how things are (sd_notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        notifying.sendto(state.encode(), address.replace("@", "\0", 1))


def main(argv: Sequence[str] | None = None) -> int:
    """Run until somebody ends this."""
    parser = argparse.ArgumentParser(description="Keep containers answering and within reach.")
    parser.add_argument("--engine", default="/run/docker.sock", help="the engine's socket")
    parser.add_argument("--namespace", default="", help="a network namespace to ask from")
    parser.add_argument("--outside", action="append", default=[], help="this host's address there")
    options = parser.parse_args(argv)
    there = bool(options.namespace) and Path(options.namespace).exists()
    watcher = Watcher(options.engine, options.namespace, options.outside if there else [])
    while True:
        notify("READY=1\nWATCHDOG=1")
        # An engine that is away is systemd's affair, until systemd gives it up.
        try:
            watcher.round()
        except OSError:
            watcher.miss_engine(time.monotonic())
        time.sleep(watcher.pause)


if __name__ == "__main__":
    sys.exit(main())
