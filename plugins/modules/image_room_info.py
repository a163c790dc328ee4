"""An Ansible module that tells whether there is room for images that a Docker engine lacks.

Needs neither the Docker SDK nor `requests`: it asks the programs that are there.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = Callable[[Sequence[str]], str]

DOCUMENTATION = """
module: image_room_info
short_description: Tells whether there is room for images that a Docker engine lacks
description:
  - Compares what is free where the engine keeps its data with about what the images need.
author: The Inkstand authors
options:
  images:
    description: Names with tags of the images that are to be there.
    type: list
    elements: str
    required: true
  engine:
    description: Whether the engine itself has to be installed, too.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look whether there is room
  image_room_info:
    images: [inkstand/app:0123456789ab]
  register: room
"""

RETURN = """
enough:
  description: Whether there is room for all of them.
  returned: always
  type: bool
sentence:
  description: What is needed and what is free; empty when no image is lacking.
  returned: always
  type: str
"""

# sbin is not in the path of everybody who logs in.
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
SETTINGS = Path("/etc/docker/daemon.json")
DATA = Path("/var/lib/docker")
MEGABYTE = 1_000_000
# Measured on Debian 13: the images are 150 to 205 MB each, the base that two of them share counted
# twice; while one is made, packages lie beside it. An engine with its packages takes 330 MB.
FOR_AN_IMAGE, FOR_MAKING, FOR_AN_ENGINE = 200, 100, 350


@dataclass(frozen=True)
class Room:
    """What is needed and what is free, in MB of 10^6 bytes, and where."""

    images: int
    needed: int
    free: int
    place: Path

    @property
    def is_enough(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.images or self.free >= self.needed

    def __str__(self) -> str:
        """Say it in a sentence, with what makes room."""
        if not self.images:
            return ""
        what = "1 image needs" if self.images == 1 else f"{self.images} images need"
        missing = self.needed - self.free
        told = f": free {missing} MB" if missing > 0 else ": free more"
        return (
            f"{what} about {self.needed} MB, and there are {self.free} MB free on {self.place}"
            f"{told}, for example with  docker image prune --all  (images of which there is no "
            "container) or  sudo apt-get clean ."
        )


def existing(path: Path) -> Path:
    """Return the directory, or the first above it that is there."""
    return next(it for it in (path, *path.parents) if it.exists())


def data_root(run: Command, client: str | None, settings: Path = SETTINGS) -> Path:
    """Return where the engine keeps its data, or will."""
    said = run([client, "info", "--format", "{{.DockerRootDir}}"]).strip() if client else ""
    if said.startswith("/"):
        return Path(said)
    try:
        given = json.loads(settings.read_text())
    except (OSError, ValueError):
        given = {}
    return Path(given.get("data-root", DATA))


def lacking(images: Sequence[str], run: Command, client: str | None) -> list[str]:
    """Return which images the engine has not."""
    form = "{{.Repository}}:{{.Tag}}"
    there = run([client, "image", "ls", "--format", form]).split() if client else []
    return [name for name in images if name not in there]


def look(
    images: Sequence[str],
    engine: bool,
    run: Command,
    client: str | None,
    free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> Room:
    """Compare what is needed with what is free."""
    count = len(lacking(images, run, client))
    if not count:
        return Room(0, 0, 0, DATA)
    needed = FOR_MAKING + FOR_AN_IMAGE * count + (FOR_AN_ENGINE if engine else 0)
    root = data_root(run, client)
    return Room(count, needed, free(existing(root)) // MEGABYTE, root)


def main() -> None:
    """Answer as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "str", "required": True},
            "engine": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )

    def run(argv: Sequence[str]) -> str:
        # An engine that does not answer has no image, and says nothing of its data.
        status, said, _ = module.run_command(list(argv), environ_update={"LC_ALL": "C"})
        return "" if status else str(said)

    client = shutil.which("docker", path=PATHS)
    given: dict[str, Any] = module.params
    room = look(given["images"], given["engine"], run, client)
    module.exit_json(changed=False, enough=room.is_enough, sentence=str(room))


if __name__ == "__main__":
    main()
