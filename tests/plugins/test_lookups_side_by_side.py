"""Files that lookups write are read by many hosts of a run at once: none is half written."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible import constants
from ansible.plugins.loader import lookup_loader

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
# Of each lookup: what writes its file, and which argument of that names the file.
WRITERS = {
    "build_context_archive": ("write_archive", 0),
    "image_archive_renamed": ("rename", 1),
    "bundle": ("extract", 2),
}
TERMS: dict[str, Callable[[Path], list[Any]]] = {
    "build_context_archive": lambda context: [str(context)],
    "image_archive_renamed": lambda context: [str(context / "images.tar"), {"app:1": "app:2"}],
    "bundle": lambda context: [str(context / "bundle.tar"), "packages.tar"],
}


class Writing:
    """Stands in for what writes the file: in two halves, between which it looks around."""

    def __init__(self, position: int, folder: Path) -> None:
        self._position = position
        self._folder = folder
        self.times = 0
        self.names_between: set[str] = set()

    def __call__(self, *given: Any) -> None:
        path = given[self._position]
        path.write_text("one half")
        self.names_between |= {found.name for found in self._folder.iterdir()}
        path.write_text("one half, and the other")
        self.times += 1


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What Ansible takes for its temporary directory on the controller."""
    folder = tmp_path / "ansible-local"
    folder.mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder))
    return folder


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_there_as_a_whole_or_not_at_all_and_written_once(
    name: str, temporary: Path, context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup_loader.add_directory(str(ROOT / "plugins" / "lookup"))
    lookup = lookup_loader.get(name)
    module = sys.modules[type(lookup).__module__]
    writer, position = WRITERS[name]
    writing = Writing(position, temporary)
    monkeypatch.setattr(module, writer, writing)
    if name == "bundle":
        monkeypatch.setattr(module, "manifest", lambda _: {"id": "0123456789ab"})
    (path,) = lookup.run(TERMS[name](context))
    assert Path(path).name not in writing.names_between
    assert Path(path).read_text() == "one half, and the other"
    assert lookup.run(TERMS[name](context)) == [path]
    assert writing.times == 1
