"""The plugins lie beside the playbook, where no import finds them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def _load(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks its module up while it is made.
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def build_context_hash() -> ModuleType:
    return _load(ROOT / "plugins" / "lookup" / "build_context_hash.py")


@pytest.fixture(scope="session")
def build_context_archive() -> ModuleType:
    return _load(ROOT / "plugins" / "lookup" / "build_context_archive.py")


@pytest.fixture(scope="session")
def image_archive_id() -> ModuleType:
    return _load(ROOT / "plugins" / "lookup" / "image_archive_id.py")


@pytest.fixture(scope="session")
def image_archive_renamed() -> ModuleType:
    return _load(ROOT / "plugins" / "lookup" / "image_archive_renamed.py")


@pytest.fixture(scope="session")
def bundle() -> ModuleType:
    return _load(ROOT / "plugins" / "lookup" / "bundle.py")


@pytest.fixture(scope="session")
def container_reviver() -> ModuleType:
    return _load(ROOT / "roles" / "docker" / "files" / "container_reviver.py")


@pytest.fixture(scope="session")
def closing_report() -> ModuleType:
    return _load(ROOT / "plugins" / "callback" / "closing_report.py")


@pytest.fixture(scope="session")
def drift() -> ModuleType:
    return _load(ROOT / "tools" / "drift.py")


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with a Dockerfile, a module and a program."""
    folder = tmp_path / "context"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    (folder / "src" / "main.py").write_text("print('hello')\n")
    (folder / "start").write_text("#!/bin/sh\n")
    (folder / "start").chmod(0o755)
    return folder
