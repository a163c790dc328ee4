"""Read a bundle: images and packages for a Pi without internet."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path
from typing import IO, Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: bundle
short_description: The manifest of a bundle, or one of its parts
description:
  - A bundle is what C(make image-bundle) writes, a tar of C(manifest.json) and the parts it lists.
options:
  _terms:
    description:
      - The path of the bundle.
      - After it, the name of a part.
    required: true
"""
EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ lookup('bundle', 'inkstand-arm64.tar').architecture }}"
- ansible.builtin.unarchive:
    src: "{{ lookup('bundle', 'inkstand-arm64.tar', 'packages.tar') }}"
    dest: /var/lib/packages
"""
RETURN = """
_raw:
  description:
    - The manifest with its own checksum as C(id), 12 hexadecimal digits.
    - Of a part, the path of a copy on the controller, which Ansible removes at its end.
  type: list
  elements: raw
"""

FORMAT = 1
DIGITS = 12
CHUNK = 1 << 20


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    if content is None:
        raise KeyError(f"{name} is no file")
    return content


def _manifest(archive: tarfile.TarFile, path: Path) -> dict[str, Any]:
    content = _member(archive, "manifest.json").read()
    found: dict[str, Any] = json.loads(content)
    if found.get("format") != FORMAT:
        raise ValueError(f"{path} has format {found.get('format')}, not {FORMAT}; make a new one")
    return {**found, "id": hashlib.sha256(content).hexdigest()[:DIGITS]}


def manifest(path: Path) -> dict[str, Any]:
    """Give the manifest of a bundle, and its checksum as `id`.

    Raises:
        ValueError: it is no bundle, or one of another format.
        OSError: it cannot be read.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            return _manifest(archive, path)
    except (tarfile.TarError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no bundle of Inkstand: {error}") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def extract(path: Path, part: str, target: Path) -> None:
    """Write a part of a bundle to a file, and check it.

    Raises:
        ValueError: it is no bundle, has no such part, or the part is damaged.
        OSError: it cannot be read or written.
    """
    wanted = manifest(path)["parts"].get(part)
    if wanted is None:
        raise ValueError(f"{path} has no {part}")
    try:
        with tarfile.open(path, "r:") as archive, target.open("wb") as file:
            shutil.copyfileobj(_member(archive, part), file, CHUNK)
    except (tarfile.TarError, KeyError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if _digest(target) != wanted["sha256"]:
        raise ValueError(f"{path} is damaged: the checksum of {part} is another; copy it again")


class LookupModule(LookupBase):
    """The plugin, as Ansible calls it."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[Any]:
        """Give the manifest or the path of a part, as a list of one."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            path, *part = (str(term) for term in terms)
            found = manifest(Path(path))
            if not part:
                return [found]
            target = Path(constants.DEFAULT_LOCAL_TMP) / f"bundle-{found['id']}-{part[0]}"
            if not target.exists():
                # Other hosts of the run read it meanwhile: it is there as a whole, or not at all.
                begun = target.with_name(f"{target.name}.{os.getpid()}")
                extract(Path(path), part[0], begun)
                begun.replace(target)
        except (OSError, ValueError) as error:
            raise AnsibleError(f"bundle: {error}") from error
        return [os.fspath(target)]
