"""tools/setup asks nothing of a machine that a Mac has not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
# Of Linux alone.
NOT_ON_A_MAC = {"flock", "sha256sum", "apt-get", "apt-cache", "ldconfig"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a virtual environment into which anything installs at once."""
    for name in ("tools", ".venv/bin", "programs"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "setup", tmp_path / "tools" / "setup")
    shutil.copytree(ROOT / ".config", tmp_path / ".config")
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    return tmp_path


@pytest.fixture
def path(checkout: Path) -> str:
    """The programs of this machine without those that a Mac has not."""
    place = checkout / "programs"
    for folder in os.environ["PATH"].split(":"):
        for program in Path(folder).glob("*") if Path(folder).is_dir() else ():
            if program.name not in NOT_ON_A_MAC and not (place / program.name).exists():
                (place / program.name).symlink_to(program)
    return str(place)


def test_it_installs_once_and_then_says_nothing(checkout: Path, path: str) -> None:
    def setup() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "tools/setup", "deploy"],
            cwd=checkout,
            env={"PATH": path, "HOME": str(checkout)},
            check=False,
            capture_output=True,
            text=True,
        )

    first = setup()
    assert first.returncode == 0, first.stderr
    assert "Install Python packages for: deploy" in first.stdout
    second = setup()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
