"""Give the images of an archive other names."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION = """
name: image_archive_renamed
short_description: An archive of C(docker save) with other names for its images
description:
  - Writes a compressed copy of an archive, in the controller's temporary directory, which Ansible
    removes at its end.
  - Images that are not named are left out of the list of names, and are loaded without one.
options:
  _terms:
    description:
      - The path of the archive.
      - A dictionary from a name in the archive, with its tag, to the new name.
    required: true
"""
EXAMPLES = """
- ansible.builtin.copy:
    src: "{{ lookup('image_archive_renamed', 'app.tar', {'app:1-arm64': 'app:1'}) }}"
    dest: /var/tmp/app.tar.gz
"""
RETURN = """
_raw:
  description: The path of the copy on the controller.
  type: list
  elements: path
"""

# What an engine would read instead of manifest.json, with the old names.
OTHER_INDEXES = ("index.json", "oci-layout", "repositories")


def new_manifest(manifest: list[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give a manifest with the new names; names without a new one are dropped.

    Raises:
        ValueError: a name is not in the manifest.
    """
    there = {tag for image in manifest for tag in image["RepoTags"] or []}
    missing = names.keys() - there
    if missing:
        raise ValueError(f"the archive holds {', '.join(sorted(there))}, not {', '.join(missing)}")
    return [
        {**image, "RepoTags": [names[tag] for tag in image["RepoTags"] or [] if tag in names]}
        for image in manifest
    ]


def _manifest(archive: tarfile.TarFile) -> list[dict[str, Any]]:
    content = archive.extractfile("manifest.json")
    found: list[dict[str, Any]] = json.load(content) if content else []
    return found


def _copy(source: tarfile.TarFile, target: tarfile.TarFile) -> None:
    for member in source:
        if member.name not in (*OTHER_INDEXES, "manifest.json"):
            target.addfile(member, source.extractfile(member) if member.isreg() else None)


def rename(source: Path, target: Path, names: Mapping[str, str], *, compression: int = 1) -> None:
    """Write a copy of an archive, gzipped, with new names for its images.

    Raises:
        ValueError: a name is not in it, or it is no image archive.
        OSError: it cannot be read or written.
    """
    try:
        with (
            tarfile.open(source) as old,
            tarfile.open(target, "w:gz", compresslevel=compression) as new,
        ):
            content = json.dumps(new_manifest(_manifest(old), names)).encode()
            info = tarfile.TarInfo("manifest.json")
            info.size = len(content)
            # First, so that a reader does not go through the layers to find it.
            new.addfile(info, io.BytesIO(content))
            _copy(old, new)
    except (tarfile.TarError, KeyError) as error:
        raise ValueError(f"{source} is no archive of `docker save`: {error}") from error


class LookupModule(LookupBase):
    """The plugin, as Ansible calls it."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[str]:
        """Write the copy, give its path as a list of one."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            source, names = Path(str(terms[0])), dict(terms[1])
            digest = hashlib.sha256(json.dumps([os.fspath(source), names]).encode()).hexdigest()
            target = Path(constants.DEFAULT_LOCAL_TMP) / f"images-{digest[:12]}.tar.gz"
            if not target.exists():
                # Other hosts of the run read it meanwhile: it is there as a whole, or not at all.
                part = target.with_name(f"{target.name}.{os.getpid()}")
                rename(source, part, names)
                part.replace(target)
        except (IndexError, OSError, ValueError) as error:
            raise AnsibleError(f"image_archive_renamed: {error}") from error
        return [os.fspath(target)]
