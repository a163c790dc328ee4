"""An Ansible module that tells which Docker engine a host has, before anything is installed.

Needs neither the Docker SDK nor `requests`: it asks the programs that are there.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
from dataclasses import asdict, dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Command = Callable[[Sequence[str]], str]

DOCUMENTATION = """
module: docker_engine_info
short_description: Tells which Docker engine a host has
description:
  - Tells which engine there is and how it was set up, what stands in the way of using it, and
    which packages have to be installed. An engine that is not Debian's is taken as it is.
  - Without O(oldest) it only tells whether an engine answers and can be asked, which takes no time.
author: The Inkstand authors
options:
  packages:
    description: Names of the Debian packages that make an engine and let Ansible use it.
    type: list
    elements: str
    default: []
  oldest:
    description: The oldest version that will do.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look which engine there is
  docker_engine_info:
    packages: [docker.io, python3-requests]
    oldest: "20.10"
  register: found

- name: Look whether there is one to ask
  docker_engine_info:
  register: found
"""

RETURN = """
engine:
  description: What is known of the engine.
  returned: with O(oldest)
  type: dict
  sample:
    version: "27.5.1"
    package: docker-ce
    has_unit: true
    has_buildx: true
    in_swarm: false
    given: [log-driver]
    is_podman: false
conflicts:
  description: A sentence for each reason not to use or install an engine here.
  returned: with O(oldest)
  type: list
  elements: str
missing:
  description: Which packages have to be installed.
  returned: with O(oldest)
  type: list
  elements: str
answers:
  description: Whether an engine answers.
  returned: always
  type: bool
askable:
  description: Whether one answers, and Ansible's modules can ask it, which takes python3-requests.
  returned: always
  type: bool
"""

LONGEST_SCRIPT = 4096
DEBIANS = "docker.io"
BUILDX = "docker-buildx"
# Packages that an engine may be from. Beside one of the others Debian's cannot be installed.
ENGINES = (DEBIANS, "docker-ce", "moby-engine", "balena-engine")
SOCKET = "/run/docker.sock"
# sbin is not in the path of everybody who logs in.
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
UNITS = tuple(
    Path(folder, "docker.service") for folder in ("/etc/systemd/system", "/usr/lib/systemd/system")
)
PLUGINS = tuple(
    Path(folder, "docker/cli-plugins", BUILDX)
    for folder in ("/usr/libexec", "/usr/lib", "/usr/local/libexec", "/usr/local/lib")
)
# What may be given several times has its plural in the file (daemon/config/config.go of moby).
PLURALS = {"host": "hosts", "label": "labels", "log-opt": "log-opts", "storage-opt": "storage-opts"}


@dataclass(frozen=True)
class Engine:
    """What is known of a host's engine.

    Attributes:
        version: `26.1.5`; empty when there is no engine.
        package: the Debian package that it is from; empty for none.
        has_unit: whether systemd knows docker.service.
        has_buildx: whether `docker buildx` is there.
        in_swarm: whether it is a part of a swarm, with which it cannot restore live containers.
        given: names of settings that stand on its command line; it does not start when one of them
            is in its file, too.
        is_podman: whether the command `docker` is Podman's.
    """

    version: str = ""
    package: str = ""
    has_unit: bool = False
    has_buildx: bool = False
    in_swarm: bool = False
    given: tuple[str, ...] = ()
    is_podman: bool = False

    @property
    def is_adopted(self) -> bool:
        """Tell whether it is one that Debian's packages cannot complete."""
        return bool(self.version) and self.package != DEBIANS


def version_in(said: str) -> str:
    """Return the first version in a text, `1.2` or `1.2.3`; empty for none."""
    found = re.search(r"\b(\d+\.\d+(?:\.\d+)?)", said)
    return found[1] if found else ""


def is_older(version: str, oldest: str) -> bool:
    """Compare versions by their numbers."""
    first, second = ([int(it) for it in text.split(".")] for text in (version, oldest))
    return first < second


def settings_given(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the names of settings on a command line of dockerd, as its file calls them."""
    named = (re.match(r"--([a-z0-9-]+)", it) for it in arguments[1:])
    return tuple(sorted({PLURALS.get(it[1], it[1]) for it in named if it}))


def command_line(pidfile: Path = Path("/run/docker.pid"), proc: Path = Path("/proc")) -> list[str]:
    """Return the arguments of the engine that runs; empty when none does."""
    try:
        text = (proc / pidfile.read_text().strip() / "cmdline").read_text()
    except OSError:
        return []
    return text.rstrip("\0").split("\0")


def listens(path: str = SOCKET) -> bool:
    """Tell whether somebody accepts connections there."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return False
    return True


def is_podmans(client: str) -> bool:
    """Tell whether a command `docker` is Podman's: a script of its package, or a link."""
    program = Path(client).resolve()
    if program.name == "podman":
        return True
    with program.open("rb") as file:
        head = file.read(LONGEST_SCRIPT)
    return head.startswith(b"#!") and b"podman" in head


def installed(packages: Sequence[str], run: Command) -> set[str]:
    """Return which packages are installed."""
    form = "--showformat=${db:Status-Status} ${Package}\\n"
    rows = (line.split() for line in run(["dpkg-query", "--show", form, *packages]).splitlines())
    return {row[1] for row in rows if row[0] == "installed"}


def engine(run: Command, which: Callable[[str], str | None], answers: bool) -> Engine:
    """Look which engine this host has; `answers` tells whether it can be asked itself."""
    client, daemon = which("docker"), which("dockerd")
    is_podman = bool(client and is_podmans(client))
    info = {}
    if client and daemon and answers and not is_podman:
        info = json.loads(run([client, "info", "--format", "{{json .}}"]) or "{}")
    said = info.get("ServerVersion") or (run([daemon, "--version"]) if daemon else "")
    packages = installed(ENGINES, run)
    return Engine(
        version=version_in(said),
        package=next((it for it in ENGINES if daemon and it in packages), ""),
        has_unit=any(it.exists() for it in UNITS),
        has_buildx=any(it.exists() for it in PLUGINS),
        in_swarm=info.get("Swarm", {}).get("LocalNodeState") == "active",
        given=settings_given(command_line()),
        is_podman=is_podman,
    )


def missing(packages: Sequence[str], found: Engine, run: Command) -> list[str]:
    """Return which packages have to be installed: beside an engine of others, none of Debian's."""
    there = installed(packages, run) if packages else set()
    if found.is_adopted:
        there |= {it for it in packages if it.startswith("docker") and it != BUILDX}
        there |= {BUILDX} if found.has_buildx else set()
    return [name for name in packages if name not in there]


def would_go(packages: Sequence[str], run: Command) -> list[str]:
    """Return which packages apt would remove for an engine; none when it does not know."""
    options = ["--simulate", "--no-install-recommends", "-o", "Debug::NoLocking=true"]
    # Seconds on a Pi, and no library takes the place of something.
    parts = [it for it in packages if it.startswith("docker")]
    said = run(["apt-get", *options, "install", *parts]) if parts else ""
    return re.findall(r"^Remv (\S+)", said, re.MULTILINE)


def conflicts(
    found: Engine, answers: bool, oldest: str, wanted: Sequence[str], run: Command
) -> Iterator[str]:
    """Yield a sentence for each reason not to use or install an engine here."""
    if found.is_podman:
        yield (
            "the command docker is Podman's, and Docker's own takes its place: remove that "
            "(sudo apt remove podman-docker), Podman itself may stay"
        )
    elif not found.version and answers:
        yield (
            f"another program than Docker's dockerd answers at {SOCKET}, such as a snap: "
            "remove or stop it"
        )
    elif found.version and is_older(found.version, oldest):
        yield (
            f"there is Docker {found.version} ({found.package or 'of no package'}), and "
            f"{oldest} is the oldest that will do: update it"
        )
    elif found.version and not found.has_unit:
        yield (
            f"there is Docker {found.version}, and systemd has no unit docker.service for it: "
            "give it one, or remove it"
        )
    elif gone := would_go(wanted, run):
        yield (
            f"apt would remove {', '.join(gone)} to install {', '.join(wanted)}: "
            "remove that yourself if you can do without it"
        )


def has_requests() -> bool:
    """Tell whether this host has the library with which Ansible's modules ask an engine.

    Of files alone: Mitogen has a finder of its own, which finds whatever it is asked for.
    """
    return PathFinder.find_spec("requests") is not None


def asked(packages: Sequence[str], oldest: str, answers: bool, run: Command) -> dict[str, Any]:
    """Return what programs of the host say of its engine."""
    found = engine(run, lambda program: shutil.which(program, path=PATHS), answers)
    wanted = missing(packages, found, run)
    return {
        "engine": asdict(found),
        "conflicts": list(conflicts(found, answers, oldest, wanted, run)),
        "missing": wanted,
    }


def answer(packages: Sequence[str], oldest: str, run: Command) -> dict[str, Any]:
    """Return what the module says."""
    answers = listens()
    told = asked(packages, oldest, answers, run) if oldest else {}
    return {"changed": False, "answers": answers, "askable": answers and has_requests(), **told}


def main() -> None:
    """Answer as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "oldest": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )

    def run(argv: Sequence[str]) -> str:
        # dpkg-query fails when it does not know one of several names, and tells of the others.
        return str(module.run_command(list(argv), environ_update={"LC_ALL": "C"})[1])

    module.exit_json(**answer(module.params["packages"], module.params["oldest"], run))


if __name__ == "__main__":
    main()
