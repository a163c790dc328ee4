"""An Ansible module that adds what is missing to the settings of the Docker engine.

What the owner wrote stays: a key of theirs is neither changed nor removed. What this module added
is written down beside, so that it can be changed and taken away again.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: daemon_settings
short_description: Adds what is missing to the settings of the Docker engine
description:
  - Merges settings into C(daemon.json), key by key.
  - A file of the owner's is copied once, to C(daemon.json.before-inkstand).
author: The Inkstand authors
options:
  path:
    description: The file.
    type: path
    default: /etc/docker/daemon.json
  record:
    description: Where to write down which settings are ours.
    type: path
    required: true
  defaults:
    description: Settings for keys that the owner did not set.
    type: dict
    default: {}
  options:
    description: Settings that the owner wants from this run, whatever the file says.
    type: dict
    default: {}
  state:
    description: C(absent) takes away what was added.
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Says what it would change.
  diff_mode:
    support: full
    description: Shows the file before and after.
"""

EXAMPLES = """
- name: Let containers live on while the engine is restarted
  daemon_settings:
    record: /var/lib/inkstand-docker/daemon.json
    defaults: {live-restore: true}
"""

RETURN = """
kept:
  description: Keys of the owner's that were wanted otherwise and stay.
  returned: always
  type: list
  elements: str
"""

Settings = dict[str, Any]
_COPY = ".before-inkstand"
# What an older Inkstand wrote at least.
_OLD_KEYS = {"live-restore", "log-driver", "log-opts", "userland-proxy"}
# A log driver does not start containers with options of another one.
_LOGS = {"log-driver", "log-opts"}


def owners(present: Settings, ours: Settings) -> Settings:
    """Return what of the file is the owner's: what is there and was not added, or was changed."""
    return {key: value for key, value in present.items() if ours.get(key, ...) != value}


def wanted(theirs: Settings, defaults: Settings, options: Settings) -> Settings:
    """Return the settings for a file in which the owner has `theirs`."""
    logs = _LOGS if _LOGS & {*theirs, *options} else set()
    fitting = {key: value for key, value in defaults.items() if key not in logs}
    return {**fitting, **theirs, **options}


def added(whole: Settings, theirs: Settings) -> Settings:
    """Return what of `whole` is not the owner's."""
    return {key: value for key, value in whole.items() if theirs.get(key, ...) != value}


def read(path: Path) -> Settings:
    """Return the settings in a file; none when there is no file, or nothing in it.

    Raises:
        ValueError: it is not a JSON object; says where and what to do.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); repair it, or move it away") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path} is no JSON object; repair it, or move it away")  # noqa: TRY004
    return value


def text_of(settings: Settings) -> str:
    """Return settings as they stand in a file."""
    return json.dumps(settings, indent=4, sort_keys=True) + "\n" if settings else ""


def write(path: Path, content: str) -> None:
    """Write a file as a whole or not at all; remove it when there is nothing to write."""
    if not content:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
        file.write(content)
        file.flush()
        os.fsync(handle)
    Path(name).chmod(0o644)
    Path(name).replace(path)


def keep_copy(path: Path) -> None:
    """Copy a file of the owner's, once."""
    copy = path.with_name(path.name + _COPY)
    if not copy.exists():
        shutil.copy2(path, copy)


def put_back(path: Path, target: Settings) -> None:
    """Write what stays without ours: the owner's file as it was, where that says the same."""
    copy = path.with_name(path.name + _COPY)
    if copy.exists() and read(copy) == target:
        copy.replace(path)
    elif read(path) != target:
        write(path, text_of(target))


def planned(
    present: Settings, record: Settings | None, before: Settings, params: Any
) -> tuple[Settings, Settings, Settings]:
    """Return what is to stand in the file, what of that is ours, and what there is the owner's.

    An older Inkstand wrote the whole file and no record: a file with just what it wrote is ours.
    What a setting of ours took the place of is in `before`.
    """
    if record is None:
        whole = wanted({}, params["defaults"], params["options"])
        is_ours = present.keys() >= _OLD_KEYS and not owners(present, whole)
        record = present if is_ours else {}
    ours = {key for key in record if present.get(key, ...) == record[key]}
    theirs = {**owners(present, record), **{key: before[key] for key in ours & before.keys()}}
    if params["state"] == "absent":
        return theirs, {}, theirs
    target = wanted(theirs, params["defaults"], params["options"])
    return target, added(target, theirs), theirs


def apply(module: Any) -> dict[str, Any]:
    """Do what is asked for; returns what to answer."""
    path, record = Path(module.params["path"]), Path(module.params["record"])
    present = read(path)
    known = read(record) if record.exists() else None
    before = read(path.with_name(path.name + _COPY)) if known else {}
    target, ours, theirs = planned(present, known, before, module.params)
    changed = present != target
    if not module.check_mode:
        # The record first: a run that is cut off here takes nothing for the owner's that is ours.
        if changed and theirs and known is None:
            keep_copy(path)
        if ours and ours != (known or {}):
            write(record, text_of(ours))
        if module.params["state"] == "absent":
            put_back(path, target)
        elif changed:
            write(path, text_of(target))
        if not ours:
            record.unlink(missing_ok=True)
    defaults = module.params["defaults"]
    kept = sorted(key for key, value in defaults.items() if target.get(key, ...) != value)
    diff = {"before": text_of(present), "after": text_of(target), "before_header": str(path)}
    return {"changed": changed, "kept": kept, "diff": diff}


def main() -> None:
    """Answer as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/etc/docker/daemon.json"},
            "record": {"type": "path", "required": True},
            "defaults": {"type": "dict", "default": {}},
            "options": {"type": "dict", "default": {}},
            "state": {"choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**apply(module))
    except (OSError, ValueError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
