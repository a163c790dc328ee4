"""Pack a build context into one file, so that a host gets it in one go."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCUMENTATION = """
name: build_context_archive
short_description: One archive of a directory that something is built from
description:
  - Writes a tar archive of what M(build_context_hash) hashes.
  - It lies in the temporary directory that Ansible removes when it ends.
  - The same files give the same archive, with the owner root, and modes 0755 and 0644.
options:
  _terms:
    description: The directory on the controller.
    required: true
"""
EXAMPLES = """
- ansible.builtin.unarchive:
    src: "{{ lookup('build_context_archive', 'images/app') }}"
    dest: /var/tmp/build
"""
RETURN = """
_raw:
  description: The path of the archive on the controller.
  type: list
  elements: path
"""


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mode = 0o755 if info.isdir() or info.mode & 0o111 else 0o644
    info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "root", "root"
    return info


def _time_of(content: bytes) -> int:
    """Make up a time (seconds, from 2001 to 2010) that changes when the content does.

    Python takes a compiled module for current when time and size of its source are the same.
    """
    return 1_000_000_000 + int(hashlib.sha256(content).hexdigest()[:7], 16)


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    info = _plain(archive.gettarinfo(path, name))
    if not info.isreg():
        archive.addfile(info)
        return
    content = path.read_bytes()
    info.size, info.mtime = len(content), _time_of(content)
    archive.addfile(info, io.BytesIO(content))


def _folders(names: Iterable[str]) -> list[str]:
    found = {parent.as_posix() for name in names for parent in Path(name).parents}
    return sorted(found - {"."})


def write_archive(target: Path, folder: Path, files: list[tuple[str, Path]]) -> None:
    """Write the archive of some files, given with their names in it, and of their directories."""
    with tarfile.open(target, "w") as archive:
        for name in _folders(name for name, _ in files):
            archive.add(folder / name, name, recursive=False, filter=_plain)
        for name, path in files:
            _add_file(archive, name, path)


class LookupModule(LookupBase):
    """The plugin, as Ansible calls it."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[str]:
        """Write the archive, give its path as a list of one."""
        self.set_options(var_options=variables, direct=kwargs)
        # Plugins beside a playbook cannot import each other; in a collection it has a longer name.
        own = self.ansible_name.removesuffix("build_context_archive")
        hasher = lookup_loader.get(f"{own}build_context_hash")
        digest = hasher.run(terms, variables)[0]
        target = Path(constants.DEFAULT_LOCAL_TMP) / f"context-{digest}.tar"
        try:
            folder = Path(terms[0])
            if not target.exists():
                # Other hosts of the run read it meanwhile: it is there as a whole, or not at all.
                part = target.with_name(f"{target.name}.{os.getpid()}")
                write_archive(part, folder, hasher.source_files(folder))
                part.replace(target)
        except OSError as error:
            raise AnsibleError(f"build_context_archive: {error}") from error
        return [os.fspath(target)]
