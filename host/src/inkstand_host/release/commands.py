"""`inkstand-host release` and `rollback`: what Ansible, systemd and an owner call."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

from inkstand_host.docker import Engine
from inkstand_host.errors import ReleaseError
from inkstand_host.files import read_json, write_json
from inkstand_host.release.settings import load
from inkstand_host.release.switching import Releases
from inkstand_host.systemd import Host

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

# Done by a unit of systemd, which lives on when whoever asked for it does not.
_IN_A_UNIT = ("switch", "switch-without-panel", "abort", "back", "back-with-databases")
_ACTIONS = ("status", "begin", *_IN_A_UNIT, "recover")
_NOT_DONE = ("back", "bad", "refused")


def add_commands(commands: Any) -> None:
    """Add `release` and `rollback` to those of `inkstand-host`."""
    release = commands.add_parser(
        "release",
        help="go from one release to the next (a run of the playbook does)",
        description="Go from one release to the next, as a run of the playbook does.",
    )
    release.add_argument(
        "action", choices=_ACTIONS, help="status changes nothing; the others are a run's steps"
    )
    release.add_argument("--here", action="store_true", help="in this process, not in a unit")
    release.set_defaults(run=_release)
    rollback = commands.add_parser(
        "rollback",
        help="go back to the previous release",
        description="Go back to the previous release. The present one becomes the previous one.",
    )
    rollback.add_argument(
        "--with-messages",
        action="store_true",
        help="bring back the messages of that day, and lose those that came since",
    )
    rollback.set_defaults(run=_rollback, here=False)
    for parser in (release, rollback):
        parser.add_argument("--json", action="store_true", help="tell it as JSON on one line")
        parser.set_defaults(needs_root=True)


def _release(options: argparse.Namespace) -> int:
    return _tell(options.action, options)


def _rollback(options: argparse.Namespace) -> int:
    return _tell("back-with-databases" if options.with_messages else "back", options)


def _tell(action: str, options: argparse.Namespace) -> int:
    try:
        run = _act_in_a_unit if action in _IN_A_UNIT and not options.here else _act
        result = run(action)
    except ReleaseError as error:
        result = _refused(str(error))
    words = [result["sentence"], *result.get("log", [])]
    print(json.dumps(result) if options.json else "\n".join(words), flush=True)
    # A unit that went back did its work; whoever asked for another release did not get it.
    return int(result["verdict"] in _NOT_DONE and not options.here)


def _refused(sentence: str) -> dict[str, Any]:
    return {"verdict": "refused", "sentence": sentence, "gate_seconds": 0.0, "seconds": 0.0}


def _actions(releases: Releases) -> dict[str, Callable[[], dict[str, Any]]]:
    return {
        "begin": releases.begin,
        "switch": releases.switch,
        "switch-without-panel": lambda: releases.switch(without_panel=True),
        "abort": releases.abort,
        "recover": releases.recover,
        "back": releases.back,
        "back-with-databases": lambda: releases.back(with_databases=True),
    }


def _act(action: str) -> dict[str, Any]:
    settings = load()
    releases = Releases(Engine(), settings, Host())
    if action == "status":
        return releases.status()
    begin = time.monotonic()
    try:
        with releases.alone():
            result = _actions(releases)[action]()
    except ReleaseError as error:
        result = _refused(str(error))
    result["seconds"] = round(time.monotonic() - begin, 1)
    # One file an action: what puts things back says nothing of what failed before.
    write_json(settings.state_directory / f"{action}.json", {"action": action, **result})
    return result


def _act_in_a_unit(action: str) -> dict[str, Any]:
    result = load().state_directory / f"{action}.json"
    result.unlink(missing_ok=True)
    unit = f"inkstand-release@{action}.service"
    subprocess.run(["systemctl", "daemon-reload"], check=False, capture_output=True)
    subprocess.run(["systemctl", "start", unit], check=False, capture_output=True)
    return _result(result, unit)


def _result(path: Path, unit: str) -> dict[str, Any]:
    found = read_json(path)
    if found is None:
        return _refused(f"{unit} ended without a result;  journalctl -u {unit}  says why.")
    return dict(found)
