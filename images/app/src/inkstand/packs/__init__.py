"""Packs: data screens without code. One TOML file says what is fetched, picked of it and shown."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# No packs of an owner's own, which are texts of TOML by their names.
NO_PACKS: Mapping[str, str] = MappingProxyType({})
