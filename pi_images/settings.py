"""What the roles say: their defaults, the packages they install, and what an owner changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from tools.common.errors import ToolError
from tools.common.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ROLES = ROOT / "roles"
# A role names what it installs in a variable that ends so. Those of gratis build from a repository,
# which is out of reach for whoever needs a bundle.
_PACKAGES = re.compile(r"^(?:__)?[a-z_]+_packages?$")
_LEFT_OUT = ("epd_driver_gratis_packages",)


class _Loader(yaml.SafeLoader):
    """YAML as Ansible writes it: what is encrypted is none of our business."""


_Loader.add_multi_constructor("!", lambda *_: None)


def read(path: Path) -> dict[str, Any]:
    """Read a file of variables, such as one of host_vars.

    Raises:
        ToolError: it cannot be read, or holds something else.
    """
    try:
        found = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506  (a safe loader)
    except (OSError, yaml.YAMLError) as error:
        raise ToolError(f"{path} cannot be read: {error}", todo="Name another file.") from None
    if not isinstance(found, dict):
        raise ToolError(f"{path} holds no variables.", todo="Name one as in host_vars.")
    return found


def _of_roles(place: str, roles: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted(roles.glob(f"*/{place}/main.yml")):
        yield read(path)


def defaults(roles: Path = ROLES) -> dict[str, Any]:
    """Give the defaults of all roles."""
    return {name: value for role in _of_roles("defaults", roles) for name, value in role.items()}


def given(files: Sequence[Path] = (), roles: Path = ROLES) -> dict[str, Any]:
    """Give the settings: the defaults of all roles, and over them the files, the last one first."""
    found = defaults(roles)
    for path in files:
        found.update(read(path))
    return found


def _names(value: object) -> Iterator[str]:
    """Give the packages of one variable, by part or not; an expression names others' variables."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _names(part)
    elif isinstance(value, str) and "{{" not in value:
        yield value


def packages(settings: Mapping[str, Any], roles: Path = ROLES) -> list[str]:
    """Name the Debian packages that the roles install on a Pi."""
    variables = dict(settings)
    for role in _of_roles("vars", roles):
        variables.update(role)
    chosen = [n for n in variables if _PACKAGES.match(n) and n not in _LEFT_OUT]
    # What Ansible's own modules need on the host.
    return sorted({"python3-apt", *(name for key in chosen for name in _names(variables[key]))})
