"""Have Debian packages installed or removed, and say in a sentence what is in the way."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DOCUMENTATION = """
module: debian_packages
short_description: Installs Debian packages that are missing, and removes nothing that others need
description:
  - Asks apt only when a package is missing, and brings its lists up to date only then.
  - Waits while somebody else, such as the first unattended upgrade, holds the locks of apt or dpkg.
  - In check mode says which would be installed.
  - Removes packages only together, and only when none of somebody else's would go with them.
    What came along with them stays, since apt does not tell it from what others left over.
options:
  name:
    description: The packages.
    type: list
    elements: str
    required: true
  state:
    description: Whether they are there.
    choices: [present, absent]
    default: present
  purge:
    description: Whether their settings are removed, too.
    type: bool
    default: false
  patience:
    description: For how many seconds to wait for the locks.
    type: int
    default: 900
"""
EXAMPLES = """
- debian_packages:
    name: [docker.io, python3-requests]
"""
RETURN = """
missing:
  description: The packages that were not there.
  type: list
  elements: str
  returned: always
needed_by:
  description: Packages of others that need one of those to be removed, so that all stay.
  type: list
  elements: str
  returned: when absent
"""

LOCKS = (
    Path("/var/lib/dpkg/lock-frontend"),
    Path("/var/lib/dpkg/lock"),
    Path("/var/lib/apt/lists/lock"),
)
LISTS = Path("/var/lib/apt/lists")
LISTS_ARE_FRESH = 3600
POLL_SECONDS = 2.0
# A race for the lock between our look and that of apt.
LOCK_TIMEOUT = 60
TAIL_LINES = 6
OPTIONS = (
    *("--yes", "--quiet", "--no-install-recommends"),
    *("-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT}", "-o", "Dpkg::Options::=--force-confold"),
    *("-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"),
)
# Nothing of somebody else's makes room.
INSTALL = ("apt-get", "install", "--no-remove", *OPTIONS)
REASONS: Mapping[str, str] = {
    r"remove is disabled": (
        "apt would have to remove other packages for it, and Inkstand removes nothing of yours:  "
        "sudo apt-get --simulate install  with the package says which; remove them yourself if you "
        "can do without."
    ),
    r"dpkg was interrupted": (
        "An earlier installation was cut off. On the Pi:  sudo dpkg --configure -a  "
        "and then run this again."
    ),
    r"(No space left on device|have enough free space)": (
        "The disk of the Pi is full:  df -h  says how much room there is, and  sudo apt-get clean  "
        "makes some."
    ),
    r"(Temporary failure resolving|Could not resolve|Name or service not known)": (
        "The Pi cannot resolve names:  resolvectl query deb.debian.org  on the Pi, and look at the "
        "name server that the router hands out."
    ),
    r"(is not valid yet|is expired|certificate is not yet valid|Release file .* expired)": (
        "The clock of the Pi is wrong, so that nothing it downloads seems valid:  timedatectl  "
        "says what time it has; it needs an NTP server that it can reach (UDP port 123)."
    ),
    r"([Cc]ould not connect|[Uu]nable to connect|timed out|refused|Network is unreachable)": (
        "The Pi does not reach the server of its packages:  curl -I http://deb.debian.org  on "
        "the Pi says why; a proxy or a firewall may be in between."
    ),
    r"Unable to locate package": (
        "The package sources of the Pi do not have it: is it Raspberry Pi OS 13 or Debian 13, and "
        "does  sudo apt-get update  succeed?"
    ),
}


class Holder(NamedTuple):
    """A process that holds a lock."""

    pid: int
    name: str
    lock: str

    def __str__(self) -> str:
        """Name it as an owner can look it up."""
        return f"{self.name} (process {self.pid})"


def holder(locks: Iterable[Path] = LOCKS, proc: Path = Path("/proc")) -> Holder | None:
    """Find the process that holds one of the locks."""
    held = {
        int(found[2]): int(found[1])
        for found in re.finditer(
            r"^\d+: POSIX .*?WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) ",
            (proc / "locks").read_text(),
            re.MULTILINE,
        )
    }
    for lock in locks:
        pid = held.get(lock.stat().st_ino) if lock.exists() else None
        if pid is not None:
            return Holder(pid, _name_of(pid, proc), str(lock))
    return None


def _name_of(pid: int, proc: Path) -> str:
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "a program"
    names = [Path(os.fsdecode(word)).name for word in words[:2] if word]
    # Of a script, the name of the script.
    interpreted = len(names) > 1 and names[0].startswith(("python", "sh", "bash", "perl"))
    return names[1 if interpreted else 0] if names else "a program"


def wait(
    find: Callable[[], Holder | None],
    patience: float,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Holder | None, float, Holder | None]:
    """Wait until nobody holds a lock: who held it last, for how long, and who holds it still."""
    begin, last = clock(), None
    while (found := find()) and clock() - begin < patience:
        last = found
        sleep(POLL_SECONDS)
    return last, clock() - begin, found


def missing(names: Iterable[str], told: str) -> list[str]:
    """Give the packages that dpkg-query does not call installed, by its `name status` lines."""
    there = {line.split()[0] for line in told.splitlines() if line.endswith(" installed")}
    return [name for name in names if re.split("[=/:]", name)[0] not in there]


def reason(output: str) -> str:
    """Say why apt did not install something, and what to do."""
    said = next((told for pattern, told in REASONS.items() if re.search(pattern, output)), "")
    lines = [line for line in output.splitlines() if line.startswith(("E:", "W:", "dpkg: error"))]
    tail = "\n".join(f"  {line}" for line in (lines or output.splitlines())[-TAIL_LINES:])
    return f"{said}\napt says:\n{tail}" if said else f"apt could not install it. It says:\n{tail}"


def _run(argv: list[str]) -> tuple[int, str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        argv,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def _look(names: list[str]) -> list[str]:
    if not names:
        return []
    form = "--showformat=${Package} ${db:Status-Status}\n"
    plain = [re.split("[=/:]", name)[0] for name in names]
    return missing(names, _run(["dpkg-query", "--show", form, *plain])[1])


def also_gone(names: Iterable[str], simulation: str) -> list[str]:
    """Give the packages that go with others, by the `Remv` lines of a simulated removal."""
    going = re.findall(r"^(?:Remv|Purg) (\S+)", simulation, re.MULTILINE)
    return sorted({*going} - {*names})


def _lists_are_fresh() -> bool:
    return LISTS.exists() and time.time() - LISTS.stat().st_mtime < LISTS_ARE_FRESH


def install(names: list[str]) -> str:
    """Install packages; give what was wrong, or nothing.

    Lists that could not be brought up to date are told only when the packages cannot be had.
    """
    updated = "" if _lists_are_fresh() else _run(["apt-get", "update", *OPTIONS])[1]
    status, said = _run([*INSTALL, *names])
    if status and not updated:
        updated = _run(["apt-get", "update", *OPTIONS])[1]
        status, said = _run([*INSTALL, *names])
    return reason(updated + said) if status else ""


def _wait_for_locks(module: AnsibleModule, names: list[str]) -> None:
    last, seconds, still = wait(holder, module.params["patience"])
    if still:
        module.fail_json(
            msg=f"{still} has held {still.lock} on the Pi for {round(seconds)} s, so that "
            f"{', '.join(names)} cannot be changed. Wait until it has ended, or look what it "
            f"does:  ps -fp {still.pid}",
        )
    if last:
        module.warn(f"Waited {round(seconds)} s for {last}, which was installing packages.")


def make_present(module: AnsibleModule) -> None:
    """Install what is missing."""
    lacking = _look(module.params["name"])
    told = {"missing": lacking, "name": ", ".join(lacking)}
    if not lacking or module.check_mode:
        module.exit_json(changed=bool(lacking), **told)
    _wait_for_locks(module, lacking)
    if wrong := install(lacking):
        module.fail_json(msg=f"{', '.join(lacking)} cannot be installed. {wrong}", **told)
    module.exit_json(changed=True, **told)


def make_absent(module: AnsibleModule) -> None:
    """Remove what is there, unless others need it."""
    names = module.params["name"]
    lacking = _look(names)
    there = [name for name in names if name not in lacking]
    command = ["apt-get", "purge" if module.params["purge"] else "remove", *OPTIONS]
    needed_by = also_gone(there, _run([*command, "--simulate", *there])[1]) if there else []
    told = {"missing": lacking, "needed_by": needed_by, "name": ", ".join(there)}
    if not there or needed_by or module.check_mode:
        module.exit_json(changed=bool(there) and not needed_by, **told)
    _wait_for_locks(module, there)
    status, said = _run([*command, *there])
    if status:
        module.fail_json(msg=f"{', '.join(there)} cannot be removed. {reason(said)}", **told)
    module.exit_json(changed=True, **told)


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "list", "elements": "str", "required": True},
            "state": {"choices": ["present", "absent"], "default": "present"},
            "purge": {"type": "bool", "default": False},
            "patience": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    make_present(module) if module.params["state"] == "present" else make_absent(module)


if __name__ == "__main__":
    main()
