"""The doctor's modules lie in a role, where no import finds them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

LIBRARY = Path(__file__).resolve().parents[2] / "plugins" / "modules"


def _load(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, LIBRARY / f"{name}.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def doctor() -> ModuleType:
    return _load("doctor_host")


@pytest.fixture(scope="session")
def reach() -> ModuleType:
    return _load("doctor_reach")


@pytest.fixture
def machine(doctor: Any, tmp_path: Path) -> Any:
    """A machine of files in which every program says what a test wants; else there is none."""

    class Made(doctor.Machine):  # type: ignore[misc]
        root = tmp_path
        says: dict[str, tuple[int, str]]
        room = (1, 20_000_000_000, 30_000_000_000, 0.9)
        answer: Any = None
        time = 1000.0

        def run(self, *argv: str) -> tuple[int, str]:
            known = [key for key in self.says if " ".join(argv).startswith(key)]
            return self.says[max(known, key=len)] if known else (127, f"there is no {argv[0]}")

        def disk(self, path: str) -> Any:
            return self.room

        def now(self) -> float:
            return float(self.time)

        def ask(self, url: str) -> Any:
            return self.answer

        def write(self, path: str, text: str) -> None:
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    made = Made()
    made.says = {}
    return made
