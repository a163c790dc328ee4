"""Say at the end of a run what became of each host: a line each, and in check mode what drifted."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DOCUMENTATION = """
name: closing_report
type: aggregate
short_description: A line for each host at the end of a run
description:
  - Says of each host whether it was updated, unchanged, or failed, at which task and why.
  - In check mode it names what a run would change, such as files that somebody edited by hand.
    Names only, never contents.
  - "Roles hand it what an owner wants to know at the end, with M(ansible.builtin.set_stats) and
    C(per_host: true): C(inkstand_summary), a dictionary of what is to be told and its value, and
    C(inkstand_next), a list of sentences that say what to do now."
  - The report is written as JSON, too, to the file that the variable INKSTAND_REPORT names.
requirements:
  - Name it in callbacks_enabled.
"""

LONGEST_REASON = 1500
# How Ansible begins a reason that begins later.
PREAMBLE = re.compile(r"^(Task failed: )?((Module|Action) failed: )?")
# What Ansible says of a command that failed, which says more itself; two roles know it, too.
NO_REASON = re.compile(r"^(The command exited with a )?non-zero return code[.]?$")
# What Ansible and the programs that it calls say, and what to do about it.
REMEDIES = {
    r"([Mm]issing|[Ii]ncorrect) sudo password|sudo.{0,40}password is (required|incorrect)": (
        "The user of this run needs a password for sudo there: run it again with  -K  and type it."
    ),
    r"Host key verification failed": (
        "Log in once with  ssh USER@HOST  and accept the key, if it is that of your Pi."
    ),
    r"Permission denied \(publickey|Invalid/incorrect password": (
        "SSH did not let this user in: try  ssh USER@HOST , and name the user as ansible_user in "
        "inventory/hosts.yml."
    ),
    r"Failed to import the required Python library \(requests\)": (
        "Ansible asks the Docker engine with it:  sudo apt install python3-requests  on the Pi."
    ),
    r"Could not resolve hostname": (
        "This computer does not know that name: set ansible_host in inventory/hosts.yml, to the "
        "address of the Pi if need be."
    ),
    r"No space left on device|Archive potentially corrupt": (
        "The disk is full:  df -h  says which, and  docker image prune --all  may make room."
    ),
}
FILES = (
    *("copy", "file", "template", "blockinfile", "lineinfile", "unarchive", "pruned_directory"),
    *("openssl_privatekey", "x509_certificate"),
)
# What kind of thing a module changes, and which of its arguments names it.
NAMED = {
    "apt": ("package", "name"),
    "debian_packages": ("package", "name"),
    "docker_container": ("container", "name"),
    "docker_image_build": ("image", "name"),
    "docker_image_load": ("image", "path"),
    "docker_network": ("network", "name"),
    "group": ("group", "name"),
    "systemd_service": ("unit", "name"),
    "user": ("user", "name"),
}
PATHS = ("dest", "path", "filename")
# What docker_container says besides the options of a container.
STATES = {"running": "started", "exists": "made", "status": "started", "restart": "restarted"}


@dataclass
class Ending:
    """How a run ended for one host.

    `changes` counts tasks; `things` names what they change, in check mode only.
    """

    host: str
    changes: int = 0
    failed_at: str = ""
    reason: str = ""
    unreachable: bool = False
    tried: bool = True
    things: list[str] = field(default_factory=list)
    summary: dict[str, str] = field(default_factory=dict)
    next: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """True when nothing failed."""
        return self.tried and not self.unreachable and not self.failed_at


def short(action: str) -> str:
    """Give a module's name without its collection."""
    return action.rpartition(".")[2]


def path_of(result: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Give the path that a task writes to; empty when it says none."""
    for source in (result, arguments):
        for key in PATHS:
            if isinstance(source.get(key), str) and source[key]:
                return str(source[key])
    return ""


def differing(result: Mapping[str, Any]) -> list[str]:
    """Name the options of a container that differ, without their values."""
    found = result.get("diff")
    after = found.get("after") if isinstance(found, dict) else None
    return [STATES.get(key, key) for key in sorted(after)] if isinstance(after, dict) else []


def thing(action: str, task: str, result: Mapping[str, Any]) -> str:
    """Name what a task would change: its kind and its name, never its content."""
    if "censored" in result:
        return f"secret      {task}"
    name = short(action)
    arguments = (result.get("invocation") or {}).get("module_args") or {}
    if name in FILES and path_of(result, arguments):
        return f"file        {path_of(result, arguments)}"
    if name in NAMED:
        return _named(name, result, {**arguments, **_own(result)})
    if name == "debug" and isinstance(result.get("msg"), str):
        return f"to do       {result['msg']}"
    return f"task        {task}"


def _own(result: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": result["name"]} if isinstance(result.get("name"), str) else {}


def _named(name: str, result: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    kind, argument = NAMED[name]
    found = arguments.get(argument) or "?"
    text = ", ".join(map(str, found)) if isinstance(found, list) else str(found)
    options = differing(result) if kind == "container" else []
    return f"{kind:<11} {text}" + (f" ({', '.join(options)})" if options else "")


def items(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the results of a loop, or the one result."""
    found = result.get("results")
    if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
        return found
    return [result]


def things(action: str, task: str, result: Mapping[str, Any]) -> list[str]:
    """Name all that a task would change."""
    return [thing(action, task, one) for one in items(result) if one.get("changed")]


def reason(result: Mapping[str, Any]) -> str:
    """Say why a task failed."""
    if "censored" in result:
        return "the reason is kept secret; the same task without no_log says it"
    failed = next((one for one in items(result) if one.get("failed")), result)
    # Facts are gathered by modules of which one failed.
    if isinstance(modules := failed.get("failed_modules"), dict) and modules:
        failed = next(iter(modules.values()))
    found = (failed.get(key) for key in ("msg", "stderr", "module_stderr"))
    told = [PREAMBLE.sub("", str(words).strip()) for words in found if words]
    said = next(
        (words for words in told if not NO_REASON.match(words)), (told or ["no reason given"])[0]
    )
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    text = "\n".join(lines)
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


def remedy(text: str) -> str:
    """Say what to do about a reason, if it is one that is known; else nothing."""
    return next((told for pattern, told in REMEDIES.items() if re.search(pattern, text)), "")


def verdict(ending: Ending, *, check: bool) -> str:
    """Say in a few words how it ended."""
    if not ending.tried:
        return "not tried, because all before it failed"
    if ending.unreachable:
        return f"UNREACHABLE: {' '.join(ending.reason.split())}"
    if ending.failed_at:
        return f"FAILED at {ending.failed_at}"
    if check:
        return "would change" if ending.things else "as it should be"
    return f"updated ({ending.changes} changes)" if ending.changes else "unchanged"


def lines(endings: Iterable[Ending], *, check: bool) -> list[str]:
    """Write the report."""
    known = list(endings)
    width = max((len(ending.host) for ending in known), default=0)
    written = []
    for ending in known:
        written.append(f"  {ending.host:<{width}}  {verdict(ending, check=check)}")
        written += [" " * (width + 6) + line for line in details(ending)]
    return written


def details(ending: Ending) -> list[str]:
    """Give the further lines about a host."""
    told = [*ending.reason.splitlines()] if ending.failed_at else []
    told += [found] if not ending.is_well and (found := remedy(ending.reason)) else []
    # Of what failed, too: a run that ends without a panel has an address all the same.
    told += [f"{name:<11} {value}" for name, value in ending.summary.items()]
    return [*told, *ending.things, *(f"to do       {sentence}" for sentence in ending.next)]


class CallbackModule(CallbackBase):
    """The plugin, as Ansible calls it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "closing_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._endings: dict[str, Ending] = {}
        self._check = False

    def _of(self, host: str) -> Ending:
        return self._endings.setdefault(host, Ending(host))

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Note which hosts there are, so that one that was never tried is not forgotten."""
        told = play.get_variable_manager().get_vars(play=play)
        self._check = self._check or bool(told.get("ansible_check_mode"))
        for host in told.get("ansible_play_hosts_all", []):
            self._endings.setdefault(host, Ending(host, tried=False))

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note what changed, or would."""
        ending = self._of(result.host.get_name())
        ending.tried = True
        if self._check and result.result.get("changed"):
            new = things(result.task.action, result.task.get_name(), result.result)
            ending.things += [one for one in dict.fromkeys(new) if one not in ending.things]

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Note that the host was tried."""
        self._of(result.host.get_name()).tried = True

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Note where and why; whether it was rescued is known at the end."""
        ending = self._of(result.host.get_name())
        ending.tried = True
        if ignore_errors:
            return
        # A task that fails on purpose speaks of the one that failed before it.
        if short(result.task.action) != "fail" or not ending.failed_at:
            ending.failed_at = result.task.get_name()
        ending.reason = reason(result.result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Note that the host could not be reached."""
        ending = self._of(result.host.get_name())
        ending.tried, ending.reason = True, reason(result.result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print the report, and write it where somebody wants it."""
        for ending in self._endings.values():
            told = stats.summarize(ending.host)
            ending.changes, ending.unreachable = told["changed"], bool(told["unreachable"])
            ending.failed_at = ending.failed_at if told["failures"] else ""
            handed = stats.custom.get(ending.host, {})
            ending.summary = {k: str(v) for k, v in handed.get("inkstand_summary", {}).items()}
            ending.next = list(dict.fromkeys(map(str, handed.get("inkstand_next", []))))
        endings = [e for e in self._endings.values() if e.host != "localhost" or not e.is_well]
        if endings:
            self._display.display("\nWhat became of each host", screen_only=False)
        for line in lines(endings, check=self._check):
            self._display.display(line)
        if target := os.environ.get("INKSTAND_REPORT"):
            report = {"check": self._check, "hosts": [asdict(ending) for ending in endings]}
            Path(target).write_text(json.dumps(report))
