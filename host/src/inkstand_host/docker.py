"""The Docker engine, by its API (v1.40), and a container as something that can be made again."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from inkstand_host.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = "/run/docker.sock"
# What a container is made of again: the answer of `GET /containers/…/json`, made a request.
Spec = dict[str, Any]
_OF_A_NETWORK = ("Driver", "Internal", "Attachable", "EnableIPv6", "IPAM", "Options", "Labels")
_TIMEOUT = 90
_NOT_FOUND = 404
_FIRST_ERROR = 400
_SHORT_ID = 12
# A piece of a log: which stream (1 byte), three zeros, length (4 bytes, big-endian), text.
_PIECE = struct.Struct(">BxxxL")


class _Connection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


@dataclass(frozen=True)
class End:
    """How the process of a container ended: its exit status, and whether memory ran out."""

    status: int
    oom_killed: bool


class Engine:
    """What is needed of the engine. Every method raises EngineError when it refuses."""

    def inspect(self, name: str) -> Spec | None:
        """Return all that the engine knows of a container, None when there is none."""
        status, body = self._ask("GET", f"/containers/{quote(name)}/json", fine=(_NOT_FOUND,))
        return None if status == _NOT_FOUND else json.loads(body)

    def has_image(self, name: str) -> bool:
        """Tell whether there is an image with that name."""
        return self._ask("GET", f"/images/{quote(name)}/json", fine=(_NOT_FOUND,))[0] != _NOT_FOUND

    def images(self, pattern: str) -> list[str]:
        """Return the names of images that match, like `inkstand/*`."""
        filters = urlencode({"filters": json.dumps({"reference": [pattern]})})
        found = json.loads(self._ask("GET", f"/images/json?{filters}")[1])
        return sorted(tag for image in found for tag in image["RepoTags"] or [])

    def remove_image(self, name: str) -> None:
        """Remove an image, unless it is gone already."""
        self._ask("DELETE", f"/images/{quote(name)}", fine=(_NOT_FOUND,))

    def stop(self, name: str, patience: int) -> None:
        """Stop a container, the hard way after `patience` seconds; fine when there is none."""
        self._ask("POST", f"/containers/{quote(name)}/stop?t={patience}", fine=(_NOT_FOUND,))

    def start(self, name: str) -> None:
        """Start a container; fine when it runs."""
        self._ask("POST", f"/containers/{quote(name)}/start")

    def remove(self, name: str) -> None:
        """Remove a container, running or not; fine when there is none."""
        self._ask("DELETE", f"/containers/{quote(name)}?force=1&v=1", fine=(_NOT_FOUND,))

    def rename(self, name: str, new: str) -> None:
        """Give a container another name; it goes on running."""
        self._ask("POST", f"/containers/{quote(name)}/rename?{urlencode({'name': new})}")

    def create(self, name: str, spec: Spec) -> None:
        """Make a container, on all its networks, and do not start it."""
        body, others = creation(spec)
        self._ask("POST", f"/containers/create?name={quote(name)}", body)
        for network, end in others.items():
            body = {"Container": name, "EndpointConfig": end}
            self._ask("POST", f"/networks/{quote(network)}/connect", body)

    def network(self, name: str) -> Spec | None:
        """Return what a network can be made of again, None when there is none."""
        status, body = self._ask("GET", f"/networks/{quote(name)}", fine=(_NOT_FOUND,))
        if status == _NOT_FOUND:
            return None
        told = json.loads(body)
        return {key: told[key] for key in _OF_A_NETWORK}

    def make_network(self, name: str, definition: Spec) -> None:
        """Make a network."""
        self._ask("POST", "/networks/create", {"Name": name, **definition})

    def remove_network(self, name: str) -> None:
        """Remove a network that no container is on; fine when there is none."""
        self._ask("DELETE", f"/networks/{quote(name)}", fine=(_NOT_FOUND,))

    def log(self, name: str, lines: int) -> str:
        """Return the end of what a container wrote; empty when there is none."""
        query = f"stdout=1&stderr=1&timestamps=1&tail={lines}"
        path = f"/containers/{quote(name)}/logs?{query}"
        status, body = self._ask("GET", path, fine=(_NOT_FOUND,))
        return "" if status == _NOT_FOUND else log_text(body)

    def last_end(self, name: str, since: str) -> End | None:
        """Return how a container ended last, if the engine remembers; `since` is RFC 3339."""
        filters = {"type": ["container"], "container": [name], "event": ["die", "oom"]}
        begin = int(datetime.fromisoformat(since).timestamp())
        query = {"since": begin, "until": int(time.time()), "filters": json.dumps(filters)}
        return end_of(self._ask("GET", f"/events?{urlencode(query)}")[1])

    def _ask(
        self, method: str, path: str, body: Any = None, fine: tuple[int, ...] = ()
    ) -> tuple[int, bytes]:
        connection = _Connection("docker", timeout=_TIMEOUT)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        content = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/v1.40{path}", content, headers)
            answer = connection.getresponse()
            status, content_read = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"the Docker engine does not answer {path}: {error}") from error
        finally:
            connection.close()
        if status >= _FIRST_ERROR and status not in fine:
            raise EngineError(f"the Docker engine refuses {path}: {content_read.decode()[:500]}")
        return status, content_read


def end_of(events: bytes) -> End | None:
    """Return what the engine's events, a JSON object a line, say of the last end."""
    found = [json.loads(line) for line in events.splitlines() if line.strip()]
    died = [it["Actor"]["Attributes"]["exitCode"] for it in found if it["Action"] == "die"]
    oom_killed = any(it["Action"] == "oom" for it in found)
    return End(int(died[-1]), oom_killed) if died else None


def creation(spec: Spec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the request that makes a container again, and the networks to add then."""
    ends = {
        name: _end(end, spec["Id"]) for name, end in spec["NetworkSettings"]["Networks"].items()
    }
    first = spec["HostConfig"].get("NetworkMode", "")
    first = first if first in ends else next(iter(ends), "")
    config = {name: value for name, value in spec["Config"].items() if name != "MacAddress"}
    networking = {"EndpointsConfig": {first: ends[first]} if first else {}}
    body = {**config, "HostConfig": spec["HostConfig"], "NetworkingConfig": networking}
    return body, {name: end for name, end in ends.items() if name != first}


def _end(end: dict[str, Any], identity: str) -> dict[str, Any]:
    # The engine adds the short id, and adds it again for the next container.
    aliases = [alias for alias in end.get("Aliases") or [] if alias != identity[:_SHORT_ID]]
    return {"Aliases": aliases, "IPAMConfig": end.get("IPAMConfig"), "Links": end.get("Links")}


def image_of(spec: Spec) -> str:
    """Return the name of the image that a container is of."""
    return str(spec["Config"]["Image"])


def address_on(spec: Spec, network: str) -> str:
    """Return the address of a container on a network, else on any of its own; empty: none."""
    ends = spec["NetworkSettings"]["Networks"]
    known = [ends.get(network, {}), *ends.values()]
    return next((str(end["IPAddress"]) for end in known if end.get("IPAddress")), "")


def log_text(stream: bytes) -> str:
    """Return what a container wrote, out of the engine's pieces."""
    return b"".join(_pieces(stream)).decode("utf-8", "replace")


def _pieces(stream: bytes) -> Iterator[bytes]:
    place = 0
    while place + _PIECE.size <= len(stream):
        _, length = _PIECE.unpack_from(stream, place)
        place += _PIECE.size
        yield stream[place : place + length]
        place += length
