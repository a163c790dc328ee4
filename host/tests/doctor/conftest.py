"""A machine of files, for the doctor to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.doctor.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Any:
    """A machine of files in which every program says what a test wants; else there is none."""

    class Made(Machine):
        root = tmp_path
        says: dict[str, tuple[int, str]]
        unreachable_hosts: dict[str, str]
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

        def unreachable(self, host: str, port: int) -> str:
            return self.unreachable_hosts.get(f"{host}:{port}", "")

        def ask(self, url: str) -> Any:
            return self.answer

        def write(self, path: str, text: str) -> None:
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    made = Made()
    made.says, made.unreachable_hosts = {}, {}
    return made
