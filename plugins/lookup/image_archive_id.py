"""Read which image an archive holds."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: image_archive_id
short_description: The id of the image in an archive of C(docker save)
description:
  - Reads the manifest of an archive on the controller.
options:
  _terms:
    description: The path of the archive, and the name with tag of the image.
    required: true
"""
EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ lookup('image_archive_id', 'debian.tar', 'debian:trixie-slim') }}"
"""
RETURN = """
_raw:
  description: The id, C(sha256:) and 64 hexadecimal digits.
  type: list
  elements: str
"""


def _read(archive: tarfile.TarFile) -> list[dict[str, Any]]:
    content = archive.extractfile("manifest.json")
    found: list[dict[str, Any]] = json.load(content) if content else []
    return found


def image_id(path: Path, name: str) -> str:
    """Give the id of the image with that name in an archive.

    Raises:
        ValueError: the archive holds other images, or is no image archive.
        OSError: it cannot be read.
    """
    try:
        with tarfile.open(path) as archive:
            images = _read(archive)
    except (tarfile.TarError, KeyError) as error:
        raise ValueError(f"{path} is no archive of `docker save`: {error}") from error
    named = {tag: Path(image["Config"]) for image in images for tag in image["RepoTags"] or []}
    if name not in named:
        raise ValueError(f"{path} holds {', '.join(named) or 'no named image'}, not {name}")
    return f"sha256:{named[name].name.removesuffix('.json')}"


class LookupModule(LookupBase):
    """The plugin, as Ansible calls it."""

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[str]:
        """Give the id as a list of one."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [image_id(Path(terms[0]), str(terms[1]))]
        except (IndexError, OSError, ValueError) as error:
            raise AnsibleError(f"image_archive_id: {error}") from error
