"""A release that is not well takes the place of the one that runs, and goes by itself."""

from __future__ import annotations

import json
import shlex

from tests.faults.fault import Fault, Kind, shell

# What a run of the playbook makes beside the container that runs, here out of that one.
_MAKE_NEXT = """
import json, sys
from inkstand_host.docker import Engine
engine, changes = Engine(), json.loads(sys.argv[1])
spec = engine.inspect("inkstand-app")
changes["Env"] = spec["Config"]["Env"] + changes.get("Env", [])
spec["Config"].update(changes)
engine.create("inkstand-app-next", spec)
"""
_PYTHON = "PYTHONPATH=/usr/local/lib/inkstand-host python3 -S -c"


def _bad(what: str, **changes: list[str]) -> Fault:
    make = f"{_PYTHON} {shlex.quote(_MAKE_NEXT)} {shlex.quote(json.dumps(changes))}"
    switch = "systemctl start --no-block inkstand-release@switch.service"
    script = shell("inkstand-host release begin", make, switch)
    return Fault(f"release: {what}", Kind.RELEASE, script, watched=10)


FAULTS = (
    _bad("the app ends at once", Cmd=["nothing"]),
    _bad("the app hangs", Entrypoint=["sleep"], Cmd=["1000"]),
    _bad("the app finds no panel", Env=["INKSTAND_PANEL_DIRECTORY=/nowhere"]),
    _bad("the app takes all the memory", Entrypoint=["tail"], Cmd=["/dev/zero"]),
)
