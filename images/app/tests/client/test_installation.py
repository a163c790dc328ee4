"""The package as pip and pipx install it: in an environment with nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[2]
PATIENCE = 240.0
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


def run(*command: str | Path) -> str:
    hidden = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(each) for each in command],
        check=True,
        capture_output=True,
        text=True,
        env=hidden,
        timeout=PATIENCE,
    )
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a virtual environment with the package, and without the network."""
    folder = tmp_path_factory.mktemp("installation")
    shutil.copytree(
        PROJECT, folder / "app", ignore=shutil.ignore_patterns("tests", "build", "*.egg-info")
    )
    # What builds it is there already, as it is pinned.
    run(*PIP, "wheel", "--no-build-isolation", "--no-deps", "-w", folder, folder / "app")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    (wheel,) = folder.glob("*.whl")
    run(*PIP, "--python", folder / "venv", "install", "--no-index", wheel)
    return folder / "venv"


def test_the_client_runs_with_nothing_but_python(environment: Path) -> None:
    assert run(environment / "bin" / "inkstand", "--version").startswith("inkstand ")


def test_the_manual_page_lies_where_man_looks(environment: Path) -> None:
    page = environment / "share" / "man" / "man1" / "inkstand.1"
    assert page.read_bytes() == (PROJECT / "inkstand.1").read_bytes()


def test_it_needs_no_package_unless_asked_for(environment: Path) -> None:
    says = "from importlib.metadata import requires; print('\\n'.join(requires('inkstand')))"
    needs = run(environment / "bin" / "python", "-c", says).splitlines()
    assert needs
    assert [each for each in needs if "extra ==" not in each] == []
