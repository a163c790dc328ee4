"""The engine and the containers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from inkstand_host.doctor.finding import DEPLOY, FAIL, OK, WARN, Finding, finding
from inkstand_host.doctor.machine import parsed
from inkstand_host.updates import FIX, RECORD, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inkstand_host.doctor.machine import Machine


_IMAGE = "{{.Config.Image}}"


def containers(machine: Machine, images: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether the containers run, are well, and are those of the repository."""
    status, said = machine.run("docker", "version", "--format", "{{.Server.Version}}")
    if status:
        fix = "systemctl unmask docker; systemctl restart docker;  journalctl -u docker  says why"
        last = said.splitlines()[-1] if said else "it does not answer"
        yield finding(FAIL, "Docker", last, fix)
        return
    yield finding(OK, "Docker", said.splitlines()[0])
    for name, image in images.items():
        yield from container(machine, name, image)


def container(machine: Machine, name: str, image: str) -> Iterator[Finding]:
    """Look at one container."""
    status, said = machine.run("docker", "container", "inspect", name)
    told = (parsed(said) or [None])[0] if status == 0 else None
    if told is None:
        yield finding(FAIL, name, "there is no such container", DEPLOY)
        return
    yield _state(name, told["State"])
    yield _image(name, told["Config"]["Image"], image)
    if name == "inkstand-app" and told["State"].get("Running"):
        yield _health(machine, told)


def _state(name: str, state: Mapping[str, Any]) -> Finding:
    health = (state.get("Health") or {}).get("Status", "")
    if state.get("Status") != "running":
        killed = ", killed for want of memory" if state.get("OOMKilled") else ""
        seen = f"is {state.get('Status')} with {state.get('ExitCode')}{killed}"
        return finding(FAIL, name, seen, f"docker logs --tail 20 {name};  docker start {name}")
    if health == "unhealthy":
        return finding(FAIL, name, "runs, and is not well", f"docker logs --tail 20 {name}")
    return finding(OK, name, f"runs{', and is well' if health == 'healthy' else ''}")


def _image(name: str, runs: str, wanted: str) -> Finding:
    what = f"{name}: image"
    if not wanted:
        seen = f"{runs}; the settings do not tell what it should be"
        return finding(WARN, what, seen, "repair the settings")
    if runs == wanted:
        return finding(OK, what, f"{runs}, as it should be")
    return finding(WARN, what, f"{runs}, and {wanted} is the one of the settings", DEPLOY)


def _health(machine: Machine, told: Mapping[str, Any]) -> Finding:
    networks = told["NetworkSettings"]["Networks"].values()
    addresses = [network["IPAddress"] for network in networks if network.get("IPAddress")]
    said = machine.ask(f"http://{addresses[0]}:8080/healthz") if addresses else None
    if not isinstance(said, dict):
        return finding(FAIL, "app: health", "it does not answer", "docker restart inkstand-app")
    words = ", ".join(f"{key} {value}" for key, value in said.items() if key != "status")
    if said.get("status") == "ok":
        return finding(OK, "app: health", words)
    fix = "docker logs --tail 20 inkstand-app, and docs/troubleshooting.md"
    return finding(FAIL, "app: health", f"{said.get('status')}: {words}", fix)


def networks(machine: Machine) -> Iterator[Finding]:
    """Look whether those that talk to each other are on one network."""
    on = {name: _networks(machine, name) for name in ("traefik", "app", "pigpiod")}
    for one, other in (("traefik", "app"), ("app", "pigpiod")):
        mine, theirs = on[one], on[other]
        if mine is not None and theirs is not None and not mine & theirs:
            seen = f"inkstand-{one} and inkstand-{other} are on no common network"
            yield finding(FAIL, "network", seen, DEPLOY)


def updates(machine: Machine) -> Iterator[Finding]:
    """Tell what was found when somebody last looked what is mended, of images that still run."""
    for name, found in (_record(machine).get("images") or {}).items():
        status, said = machine.run("docker", "container", "inspect", "--format", _IMAGE, name)
        if status == 0 and said.strip() == found["image"]:
            level = WARN if found["packages"] else OK
            fix = FIX if found["packages"] else ""
            yield finding(level, f"{name.removeprefix('inkstand-')}: packages", told(found), fix)


def _record(machine: Machine) -> dict[str, Any]:
    return parsed(machine.read(os.fspath(RECORD).lstrip("/"))) or {}


def _networks(machine: Machine, name: str) -> set[str] | None:
    status, said = machine.run("docker", "container", "inspect", f"inkstand-{name}")
    told = (parsed(said) or [None])[0] if status == 0 else None
    return set(told["NetworkSettings"]["Networks"]) if told else None
