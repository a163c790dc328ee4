"""What the parts say about themselves, and what that means for a new release."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import ssl
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand_host.docker import End, address_on, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inkstand_host.docker import Engine, Spec
    from inkstand_host.release.settings import Settings

_OK = "ok"
_TIMEOUT = 4.0
_UNAUTHORIZED = 401
_UNAVAILABLE = 503
# More restarts than this are no accident.
_RESTARTS = 3
# What a process that was killed leaves (128 + SIGKILL).
_KILLED = 137
_REFRESHES = re.compile(r"^inkstand_refreshes_total\{.*\} (\d+)", re.MULTILINE)
_FRAME = re.compile(r'^inkstand_frame_info\{sha256="([0-9a-f]+)"\}', re.MULTILINE)
PARTS = ("panel", "button", "storage")


@dataclass(frozen=True)
class Observation:
    """The appliance at one moment.

    `parts` is what the app's /healthz says (None: no answer), `frames` how often it compared the
    glass with what it wants to show (None: not known), `frame` a hash of what it says is there
    (None: it does not tell), `glass` hashes of what the driver says, `answer` the status that a
    stranger gets by HTTPS, `ends` how containers ended that did.
    """

    containers: Mapping[str, Spec | None]
    parts: Mapping[str, str] | None = None
    frames: int | None = None
    frame: str | None = None
    glass: tuple[str, ...] = ()
    bridge: str = _OK
    answer: int | str = 0
    ends: Mapping[str, End] = field(default_factory=dict)


@dataclass(frozen=True)
class Demands:
    """What a release has to show: the containers it has, and the parts that worked before it.

    `app` and `edge` say whether these are among its containers; `restarts` is how often each was
    restarted before.
    """

    containers: tuple[str, ...]
    parts: tuple[str, ...] = PARTS
    app: bool = True
    edge: bool = True
    restarts: Mapping[str, int] = field(default_factory=dict)


def failures(seen: Observation, demands: Demands) -> list[str]:
    """Return a sentence for each thing that is not well; none: the release is good."""
    down = [it for name in demands.containers if (it := _of_container(name, seen))]
    return down or [*_of_app(seen, demands), *_of_glass(seen, demands), *_of_edges(seen, demands)]


def _of_container(name: str, seen: Observation) -> str:
    found = seen.containers.get(name)
    if found is None:
        return f"there is no container {name}"
    state = found["State"]
    if state["Running"] and not state["Restarting"]:
        return ""
    return f"{name} does not run: {how_it_ended(found, seen.ends.get(name))}"


def how_it_ended(found: Spec, end: End | None) -> str:
    """Say how the process of a container ended; one that was started again has forgotten it."""
    end = end or End(found["State"]["ExitCode"], found["State"]["OOMKilled"])
    limit = found["HostConfig"].get("Memory", 0)
    if end.oom_killed or end.status == _KILLED:
        allowed = f" of {limit >> 20} MiB" if limit else ""
        return f"it was killed, as is what needs more memory than its limit{allowed}"
    return f"it ended with exit status {end.status}"


def _of_app(seen: Observation, demands: Demands) -> Iterator[str]:
    if not demands.app:
        return
    if seen.parts is None:
        yield "the app does not answer /healthz"
        return
    for part in demands.parts:
        if seen.parts.get(part, "missing") != _OK:
            yield f"/healthz says {part}: {seen.parts.get(part, 'missing')}"


def _of_glass(seen: Observation, demands: Demands) -> Iterator[str]:
    if not demands.app or "panel" not in demands.parts or seen.parts is None:
        return
    if not seen.frames:
        yield "no frame of it was read back from the panel"
    elif seen.frame and seen.frame not in seen.glass:
        yield "the panel shows something else than its frame"


def _of_edges(seen: Observation, demands: Demands) -> Iterator[str]:
    if seen.bridge != _OK:
        yield f"pigpiod does not answer: {seen.bridge}"
    # In maintenance a stranger may look, and is asked for a token.
    if demands.app and demands.edge and seen.answer != _UNAUTHORIZED:
        yield f"HTTPS answers {seen.answer} instead of {_UNAUTHORIZED}"


def crash_looping(seen: Observation, demands: Demands) -> str:
    """Say which container dies again and again, or nothing."""
    for name in demands.containers:
        found = seen.containers.get(name)
        if found and found["RestartCount"] - demands.restarts.get(name, 0) >= _RESTARTS:
            ended = how_it_ended(found, seen.ends.get(name))
            return f"{name} was restarted {found['RestartCount']} times: {ended}"
    return ""


def observe(engine: Engine, settings: Settings) -> Observation:
    """Ask everybody."""
    containers = {name: engine.inspect(name) for name in settings.containers}
    app = containers.get(settings.app)
    address = address_on(app, settings.app_network) if app else ""
    parts = ask_parts(address, settings.app_port)
    metrics = (ask(address, settings.app_port, "/metrics") or "") if parts else ""
    frame = _FRAME.search(metrics)
    return Observation(
        containers,
        parts,
        frames_in(metrics),
        frame[1] if frame else None,
        glass(Path(settings.panel)),
        ask_bridge(settings) if containers.get(settings.bridge) else _OK,
        ask_https(settings),
        _ends(engine, containers),
    )


def _ends(engine: Engine, containers: Mapping[str, Spec | None]) -> dict[str, End]:
    died = {name: it for name, it in containers.items() if it and _has_died(it)}
    ends = {name: engine.last_end(name, it["Created"]) for name, it in died.items()}
    return {name: end for name, end in ends.items() if end}


def _has_died(found: Spec) -> bool:
    return found["RestartCount"] > 0 or not found["State"]["Running"]


def frames_in(metrics: str) -> int | None:
    """Return how often the app compared the glass with its frame, by its metrics."""
    found = _REFRESHES.findall(metrics)
    return sum(map(int, found)) if found else None


def glass(panel: Path) -> tuple[str, ...]:
    """Return hashes of what is on the glass, in both orders of bits; none when nobody says.

    A release of before the order was known reads `current`, later ones `LE/current`.
    """
    return tuple(it for name in ("current", "LE/current") if (it := _hash(panel / name)))


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def ask_parts(address: str, port: int) -> Mapping[str, str] | None:
    """Return what /healthz says of each part; None when the app does not answer."""
    body = ask(address, port, "/healthz")
    try:
        found = json.loads(body or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def ask(address: str, port: int, path: str) -> str | None:
    """Return the body of an answer with 200 by plain HTTP, None for any other."""
    if not address:
        return None
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body if answer.status == http.HTTPStatus.OK else None


def ask_bridge(settings: Settings) -> str:
    """Ask pigpiod by its own check: `ok`, or what is wrong."""
    argv = ["docker", "exec", settings.bridge, *settings.bridge_check]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=2 * _TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return "its check does not end"
    last = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
    return _OK if done.returncode == 0 else last[-1]


def ask_https(settings: Settings, method: str = "GET") -> int | str:
    """Return the status that a stranger gets, or what is wrong."""
    if not settings.host:
        return _UNAUTHORIZED
    # Whether the certificate is the right one is asked when the role is verified.
    context: Any = ssl._create_unverified_context()  # noqa: S323, SLF001
    connection = http.client.HTTPSConnection(
        "127.0.0.1", settings.https_port, timeout=_TIMEOUT, context=context
    )
    try:
        connection.request(method, "/", headers={"Host": settings.host, "Content-Length": "0"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"nothing ({error})"
    finally:
        connection.close()


def is_in_maintenance(settings: Settings) -> bool:
    """Tell whether what would change something is refused."""
    return ask_https(settings, "POST") == _UNAVAILABLE


def summary(seen: Observation) -> str:
    """Write down an observation, for the log of a failed release."""
    lines = [f"{name}: {_container_line(found)}" for name, found in seen.containers.items()]
    lines += [f"/healthz: {json.dumps(seen.parts)}", f"frames compared: {seen.frames}"]
    lines += [f"pigpiod: {seen.bridge}", f"HTTPS: {seen.answer}"]
    return "\n".join(lines)


def _container_line(found: Spec | None) -> str:
    if found is None:
        return "not there"
    state = found["State"]
    known = f"{state['Status']}, {found['RestartCount']} restarts, exit {state['ExitCode']}"
    return f"{image_of(found)}, {known}, OOMKilled {state['OOMKilled']}"
