"""An Ansible module that finds who else has our container names and ports.

Needs neither Docker nor a package on the host: it reads /proc, and asks the engine's socket.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOCUMENTATION = """
module: conflicts_info
short_description: Finds who else has names and ports of an appliance
description:
  - Lists containers that have one of the names and lack the label, and programs or containers
    that listen on one of the ports.
author: The Inkstand authors
options:
  containers:
    description: Names of containers that are ours.
    type: list
    elements: str
    default: []
  label:
    description: A label that each container of ours has.
    type: str
    required: true
  ports:
    description: TCP ports that are ours.
    type: list
    elements: int
    default: []
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look who is there already
  conflicts_info:
    containers: [inkstand-app]
    label: inkstand.role
    ports: [80, 443]
  register: found
"""

RETURN = """
conflicts:
  description: A sentence for each.
  returned: always
  type: list
  elements: str
  sample: ["port 443 is used by nginx (nginx.service, process 812)"]
"""

SOCKET = "/run/docker.sock"
_TIMEOUT = 30
# Of /proc/net/tcp: a local address, and the state in which a socket listens (TCP_LISTEN).
_LISTENS = "0A"
# Who holds a port for a container: the engine itself, or one process of it a port.
_ENGINE = ("dockerd", "docker-proxy")


class _Connection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def ask_engine(path: str) -> Any:
    """Return the engine's answer, None where there is no engine or no such thing."""
    connection = _Connection("docker", timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return json.loads(body) if answer.status == http.HTTPStatus.OK else None


def is_ours(container: dict[str, Any], label: str) -> bool:
    """Tell whether a container of the engine's list has the label."""
    return label in (container.get("Labels") or {})


def taken_names(names: Iterable[str], label: str) -> Iterator[str]:
    """Yield a sentence for each of `names` that a container without the label has."""
    for name in names:
        told = ask_engine(f"/containers/{quote(name)}/json")
        if told and label not in (told["Config"].get("Labels") or {}):
            yield f"there is a container {name} of {told['Config']['Image']} that is not Inkstand's"


def listeners(port: int, tables: Iterable[str]) -> set[str]:
    """Return the inodes of sockets that listen on `port`, from the text of /proc/net/tcp and tcp6.

    See proc_net_tcp.rst of Linux: the second column is address:port in hexadecimal, the fourth the
    state, the tenth the inode.
    """
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    return {
        row[9] for row in rows if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port
    }


def holder(inodes: set[str], proc: Path) -> tuple[str, str]:
    """Return name and process number of who has one of the sockets open; empty: nobody known."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in proc.glob("[0-9]*"):
        try:
            if any(str(it.readlink()) in wanted for it in (folder / "fd").iterdir()):
                return (folder / "comm").read_text().strip(), folder.name
        except OSError:
            # It ended meanwhile.
            continue
    return "", ""


def unit_of(process: str, proc: Path) -> str:
    """Return the systemd unit that a process belongs to; empty when it is in none."""
    try:
        groups = (proc / process / "cgroup").read_text()
    except OSError:
        return ""
    found = re.findall(r"/([^/\n]+\.service)", groups)
    return str(found[-1]) if found else ""


def of_container(port: int, label: str) -> str | None:
    """Return which container of others publishes `port`; None: ours does, empty: none does."""
    filters = urlencode({"filters": json.dumps({"publish": [str(port)]})})
    found = ask_engine(f"/containers/json?{filters}") or []
    if any(is_ours(it, label) for it in found):
        return None
    return ", ".join(f"the container {it['Names'][0].lstrip('/')} of {it['Image']}" for it in found)


def taken_port(port: int, label: str, proc: Path = Path("/proc")) -> str:
    """Say who listens on `port`, nothing when nobody or a container of ours does."""
    tables = [it.read_text() for it in (proc / "net").glob("tcp*")]
    inodes = listeners(port, tables)
    publisher = of_container(port, label)
    if publisher is None or not (inodes or publisher):
        return ""
    name, process = holder(inodes, proc)
    if publisher and name in ("", *_ENGINE):
        return f"port {port} is used by {publisher}"
    unit = unit_of(process, proc) if process else ""
    where = ", ".join(filter(None, (unit, f"process {process}" if process else "")))
    return f"port {port} is used by {name or 'a program'}" + (f" ({where})" if where else "")


def main() -> None:
    """Answer as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "containers": {"type": "list", "elements": "str", "default": []},
            "label": {"type": "str", "required": True},
            "ports": {"type": "list", "elements": "int", "default": []},
        },
        supports_check_mode=True,
    )
    label = module.params["label"]
    ports = (taken_port(port, label) for port in module.params["ports"])
    conflicts = [*taken_names(module.params["containers"], label), *filter(None, ports)]
    module.exit_json(changed=False, conflicts=conflicts)


if __name__ == "__main__":
    main()
