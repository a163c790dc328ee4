"""An Ansible module that removes what a directory holds besides the files that it is to hold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Collection

DOCUMENTATION = """
module: pruned_directory
short_description: Removes the files of a directory that are none of those named
description:
  - M(ansible.builtin.unarchive) only adds, so that a file which a later version has no more stays.
  - What Python compiled stays beside its source.
author: The Inkstand authors
options:
  path:
    description: The directory; one that is not there holds nothing.
    type: path
    required: true
  keep:
    description: The files that stay, by their paths within it.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: It says what would go.
"""

EXAMPLES = """
- name: Remove what the program has no more
  pruned_directory:
    path: /usr/local/lib/lamp
    keep: [__main__.py, lamp/__init__.py]
"""

RETURN = """
removed:
  description: What went, by its path within the directory.
  returned: always
  type: list
  elements: str
"""

COMPILED = "__pycache__"


def superfluous(folder: Path, keep: Collection[str], within: str = "") -> list[str]:
    """Return what is not to be kept; of a directory that holds nothing to be kept, its name."""
    found: list[str] = []
    for path in sorted((folder / within).iterdir()):
        name = os.path.join(within, path.name)  # noqa: PTH118  (keeps an empty first part out)
        is_folder = path.is_dir() and not path.is_symlink()
        if is_folder and any(it.startswith(f"{name}/") for it in keep):
            found += superfluous(folder, keep, name)
        elif name not in keep and path.name != COMPILED:
            found.append(name)
    return found


def remove(path: Path) -> None:
    """Remove a file, a link or a directory with all that it holds."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "keep": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    folder = Path(module.params["path"])
    found = superfluous(folder, frozenset(module.params["keep"])) if folder.is_dir() else []
    for name in [] if module.check_mode else found:
        remove(folder / name)
    module.exit_json(changed=bool(found), removed=found, path=f"{folder}: {', '.join(found)}")


if __name__ == "__main__":
    main()
