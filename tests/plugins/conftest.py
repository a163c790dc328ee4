"""The plugins lie beside the playbook, where no import finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="session")
def build_context_hash(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/lookup/build_context_hash.py")


@pytest.fixture(scope="session")
def build_context_archive(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/lookup/build_context_archive.py")


@pytest.fixture(scope="session")
def image_archive_id(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/lookup/image_archive_id.py")


@pytest.fixture(scope="session")
def image_archive_renamed(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/lookup/image_archive_renamed.py")


@pytest.fixture(scope="session")
def bundle(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/lookup/bundle.py")


@pytest.fixture(scope="session")
def container_watcher(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("roles/docker/files/container_watcher.py")


@pytest.fixture(scope="session")
def closing_report(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/callback/closing_report.py")


@pytest.fixture(scope="session")
def steps(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/callback/steps.py")


@pytest.fixture(scope="session")
def check_settings(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/action/check_settings.py")


@pytest.fixture(scope="session")
def drift(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("tools/drift.py")


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


@pytest.fixture(scope="session")
def reach(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/doctor_reach.py")
