"""mypy and ruff see every Python program of the repository, root's programs included."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from mypy.main import process_options

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
# Path: why it is not checked. One that is checked, or is gone, has to go from here as well.
NOT_CHECKED: dict[str, str] = {}
PYTHON = re.compile(rb"#!.*\bpython")
# A file that tells mypy, or a reader who looks for the reason, that it is not for checking.
GIVES_UP = re.compile(r"^# *(type: ignore|mypy:.*\bignore.errors)", re.MULTILINE)


def said_by(*command: str) -> list[str]:
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def programs() -> set[str]:
    """Return the Python files that git knows or would take, by suffix or first line."""
    listed = said_by("git", "ls-files", "--cached", "--others", "--exclude-standard")
    found = {name for name in listed if (ROOT / name).is_file() and is_python(ROOT / name)}
    assert len(found) > len({Path(name).parent for name in found}) > 1
    return found


def is_python(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix == ".py" or bool(PYTHON.match(file.readline(100)))


def made_by_make(variable: str) -> list[str]:
    asked = f"said: ; @echo $({variable})"
    (line,) = said_by("make", "--no-print-directory", f"--eval={asked}", "said")
    return line.split()


def seen_by_mypy(*paths: str) -> set[str]:
    sources, _ = process_options(["--config-file", "pyproject.toml", *paths])
    return {str(source.path) for source in sources}


def test_mypy_checks_each_program(programs: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    seen = seen_by_mypy(*made_by_make("PYTHON_PATHS")) | set(made_by_make("PYTHON_PROGRAMS"))
    assert programs - seen == set(NOT_CHECKED)


def test_ruff_checks_each_program(programs: set[str]) -> None:
    seen = {
        str(Path(line).relative_to(ROOT))
        for line in said_by(sys.executable, "-m", "ruff", "check", "--show-files")
    }
    assert programs - seen == set(NOT_CHECKED)


def test_no_program_tells_mypy_to_look_away(programs: set[str]) -> None:
    assert [name for name in sorted(programs) if GIVES_UP.search((ROOT / name).read_text())] == []


def test_no_setting_tells_mypy_to_look_away() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    parts = [settings, *settings["overrides"]]
    assert [part for part in parts if part.get("ignore_errors")] == []
    assert [part for part in parts if part.get("follow_imports", "normal") != "normal"] == []
