"""A program has the files of its version, and none that an earlier one left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.integration

KEPT = {"__main__.py", "lamp/__init__.py", "lamp/bulbs/led.py"}


@pytest.fixture(scope="module")
def pruned(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/pruned_directory.py")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program as its version has it, with what Python compiled beside."""
    for name in [*KEPT, "lamp/__pycache__/__init__.cpython-313.pyc"]:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return tmp_path


def test_what_the_version_has_stays(pruned: Any, program: Path) -> None:
    assert pruned.superfluous(program, KEPT) == []


def test_files_links_and_folders_that_it_has_no_more_are_superfluous(
    pruned: Any, program: Path
) -> None:
    (program / "lamp" / "wick.py").write_text("")
    (program / "lamp" / "bulbs" / "dead").symlink_to("/nowhere")
    (program / "lamp" / "flames").mkdir()
    (program / "lamp" / "flames" / "__init__.py").write_text("")
    found = pruned.superfluous(program, KEPT)
    assert found == ["lamp/bulbs/dead", "lamp/flames", "lamp/wick.py"]
    for name in found:
        pruned.remove(program / name)
    assert pruned.superfluous(program, KEPT) == []
    assert all((program / name).exists() for name in KEPT)


def test_what_a_link_leads_to_stays(
    pruned: Any, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "letter").write_text("dear")
    (program / "lamp" / "out").symlink_to(elsewhere)
    assert pruned.superfluous(program, KEPT) == ["lamp/out"]
    pruned.remove(program / "lamp" / "out")
    assert (elsewhere / "letter").exists()
