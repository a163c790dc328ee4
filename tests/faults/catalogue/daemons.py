"""What the containers run on: the engine, containerd, systemd and its journal, the firewall."""

from __future__ import annotations

from tests.faults.catalogue.scripts import APP, CONTAINERS, TRAEFIK, pids, unit
from tests.faults.fault import Act, Fault, Kind, shell

_RUNC = "runc=/usr/sbin/runc; [ -e $runc ] || [ -e $runc.away ] || runc=/usr/bin/runc"
_BRIDGE = "bridge=br-$(docker network inspect --format '{{.Id}}' inkstand-edge | cut -c 1-12)"
_ENGINE_RUNS = "until systemctl --quiet is-active docker; do sleep 0.1; done"
# What a daemon does not notice at once it may spoil when it is back.
_WATCHED = 10


def _ends(what: str, *lines: str) -> Fault:
    return Fault(what, Kind.DAEMON, shell(*lines), watched=_WATCHED)


def _without(what: str, begin: Act, end: Act, lasts: float = 5) -> Fault:
    return Fault(what, Kind.DAEMON, begin, end, lasts=lasts)


def _with(name: str, daemon: str, signal: str) -> tuple[str, ...]:
    """Hit a daemon, and then at once a container that it would start again."""
    return (f"pids={pids(name)}", unit(signal, daemon), "kill -KILL $pids")


FAULTS = (
    _ends("dockerd: killed", unit("KILL", "docker")),
    _ends("dockerd: killed, and the app with it", *_with(APP, "docker", "KILL")),
    _ends("dockerd: killed, and traefik with it", *_with(TRAEFIK, "docker", "KILL")),
    # Systemd starts it three times within a minute, and then no more.
    _without(
        "dockerd: killed five times, then the app",
        shell(
            "for time in 1 2 3 4 5; do",
            f"timeout 20 sh -c '{_ENGINE_RUNS}' || break",
            f"{unit('KILL', 'docker')} || true",
            "sleep 0.5",
            "done",
        ),
        shell("kill -KILL $(pgrep --full '[i]nkstand serve')"),
        lasts=1,
    ),
    _ends("dockerd: restarted", "systemctl restart --no-block docker"),
    _without(
        "dockerd: stopped for 5 s", shell(unit("STOP", "docker")), shell(unit("CONT", "docker"))
    ),
    _ends("containerd: killed", unit("KILL", "containerd")),
    _without(
        "containerd: stopped for 5 s, and the app killed",
        shell(*_with(APP, "containerd", "STOP")),
        shell(unit("CONT", "containerd")),
    ),
    _ends("dockerd and containerd: killed", unit("KILL", "docker"), unit("KILL", "containerd")),
    _without(
        "runc: gone for 5 s, and the app killed",
        shell(f"pids={pids(APP)}", _RUNC, "mv $runc $runc.away", "kill -KILL $pids"),
        shell(_RUNC, "mv $runc.away $runc"),
    ),
    _ends("all containers: restarted", f"docker restart --time 3 {' '.join(CONTAINERS)}"),
    _ends("firewall: flushed", "iptables -F; iptables -t nat -F"),
    _without(
        "network of the containers: down for 3 s",
        shell(_BRIDGE, "ip link set $bridge down"),
        shell(_BRIDGE, "ip link set $bridge up"),
        lasts=3,
    ),
    _ends("journal: killed", unit("KILL", "systemd-journald")),
    _ends("systemd: starts itself anew", "systemctl daemon-reexec"),
)
