"""An Ansible module that compares the clock of a host with another, and waits for it to be set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = Callable[[Sequence[str]], str]

DOCUMENTATION = """
module: clock_info
short_description: Compares the clock of a host with another
description:
  - A Raspberry Pi has no clock that goes on without power. Before a time server set it, no list of
    packages and no certificate is valid.
  - Waits while a program that asks time servers is at work.
author: The Inkstand authors
options:
  now:
    description: What time it is, in seconds since 1970, by the clock of who asks.
    type: float
    required: true
  tolerance:
    description: By how many seconds the clocks may differ.
    type: int
    default: 600
  patience:
    description: For how many seconds to wait.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look whether the clock is right
  clock_info:
    now: "{{ now().timestamp() }}"
  register: clock
"""

RETURN = """
is_right:
  description: Whether the clocks agree, or the host's was set by a time server.
  returned: always
  type: bool
sentence:
  description: How they differ and what to do; empty when it is right.
  returned: always
  type: str
"""

# Whatever asks time servers on Debian.
PROGRAMS = ("systemd-timesyncd", "chrony", "ntpsec", "ntp", "openntpd")
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Host:
    """The clock of this host, and who sets it.

    Attributes:
        run: runs a command and gives what it says.
        wall: tells the time, in seconds since 1970.
        steady: tells seconds that nobody sets.
        sleep: waits.
    """

    run: Command
    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep

    def is_synchronised(self) -> bool:
        """Tell whether a time server set the clock."""
        asked = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
        return self.run(asked).strip() == "yes"

    def keeper(self) -> str:
        """Return the program that asks time servers; empty for none."""
        states = self.run(["systemctl", "is-active", *PROGRAMS]).split()
        known = zip(PROGRAMS, states, strict=False)
        return next((name for name, state in known if state == "active"), "")


def minute(seconds: float) -> str:
    """Write a time for people."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def compare(host: Host, now: float, tolerance: float, patience: float) -> str:
    """Say how the clock differs from `now`, and what to do; nothing when it is right."""
    begin = host.steady()

    def is_right() -> bool:
        there = now + host.steady() - begin
        return abs(host.wall() - there) <= tolerance or host.is_synchronised()

    if is_right():
        return ""
    keeper = host.keeper()
    while keeper and host.steady() - begin < patience:
        host.sleep(POLL_SECONDS)
        if is_right():
            return ""
    there = minute(now + host.steady() - begin)
    why = (
        f"{keeper} reached no time server in {round(host.steady() - begin)} s: let UDP port 123 "
        "out to the internet"
        if keeper
        else "no program asks a time server:  sudo timedatectl set-ntp true  starts one"
    )
    return (
        f"the clock says {minute(host.wall())}, that of this computer {there}. With a wrong one no "
        f"list of packages and no certificate is valid. On the Pi {why}, or set it there:  "
        f"sudo date --utc --set '{there.removesuffix(' UTC')}'"
    )


def main() -> None:
    """Answer as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "now": {"type": "float", "required": True},
            "tolerance": {"type": "int", "default": 600},
            "patience": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )

    def run(argv: Sequence[str]) -> str:
        # `is-active` answers of each unit, and fails for one that is not.
        return str(module.run_command(list(argv), environ_update={"LC_ALL": "C"})[1])

    given = module.params
    sentence = compare(Host(run), given["now"], given["tolerance"], given["patience"])
    module.exit_json(changed=False, is_right=not sentence, sentence=sentence)


if __name__ == "__main__":
    main()
