"""The command line: what Ansible and systemd call."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from inkstand_release import snapshots
from inkstand_release.engine import Engine
from inkstand_release.errors import ReleaseError
from inkstand_release.host import Host
from inkstand_release.settings import load
from inkstand_release.switching import Releases

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# Done by a unit of systemd, which lives on when whoever asked for it does not.
_IN_A_UNIT = ("switch", "switch-without-panel", "abort", "back", "back-with-databases")
_ACTIONS = ("begin", *_IN_A_UNIT, "recover")


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
    begin = time.monotonic()
    try:
        with releases.alone():
            result = _actions(releases)[action]()
    except ReleaseError as error:
        result = {"verdict": "refused", "sentence": str(error), "gate_seconds": 0.0}
    result["seconds"] = round(time.monotonic() - begin, 1)
    # One file an action: what puts things back says nothing of what failed before.
    snapshots.write_json(settings.state_directory / f"{action}.json", {"action": action, **result})
    return result


def _act_in_a_unit(action: str) -> dict[str, Any]:
    result = load().state_directory / f"{action}.json"
    result.unlink(missing_ok=True)
    unit = f"inkstand-release@{action}.service"
    subprocess.run(["systemctl", "daemon-reload"], check=False, capture_output=True)
    subprocess.run(["systemctl", "start", unit], check=False, capture_output=True)
    return _result(result, unit)


def _result(path: Path, unit: str) -> dict[str, Any]:
    found = snapshots.read_json(path)
    if found is None:
        sentence = f"{unit} ended without a result;  journalctl -u {unit}  says why."
        return {"verdict": "refused", "sentence": sentence, "gate_seconds": 0.0, "seconds": 0.0}
    return dict(found)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what is asked, and say what was done, as JSON on one line; 0 unless that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=_ACTIONS)
    parser.add_argument("--here", action="store_true", help="in this process, not in a unit")
    options = parser.parse_args(argv)
    try:
        run = _act_in_a_unit if options.action in _IN_A_UNIT and not options.here else _act
        result = run(options.action)
    except ReleaseError as error:
        print(json.dumps({"verdict": "refused", "sentence": str(error)}))
        return 1
    print(json.dumps(result), flush=True)
    # A unit that went back did its work; whoever asked for another release did not get it.
    return 1 if result["verdict"] in ("back", "bad", "refused") and not options.here else 0


if __name__ == "__main__":
    sys.exit(main())
