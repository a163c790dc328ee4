"""Programs and plugins lie where no import finds them: beside the playbook, and in roles."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


def _load(path: str) -> ModuleType:
    file = ROOT / path
    specification = importlib.util.spec_from_file_location(file.stem, file)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks its module up while it is made.
    sys.modules[file.stem] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def load() -> Callable[[str], ModuleType]:
    """Give a function that loads a module by its path in the repository."""
    return _load
