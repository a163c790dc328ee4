"""tools/setup asks nothing of a machine that a Mac has not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def setup(checkout: Path, path: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs it."""

    def run(need: str = "deploy") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "tools/setup", need],
            cwd=checkout,
            env={"PATH": path, "HOME": str(checkout)},
            check=False,
            capture_output=True,
            text=True,
        )

    return run


def test_it_installs_once_and_then_says_nothing(
    setup: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    first = setup()
    assert first.returncode == 0, first.stderr
    assert "Install Python packages for: deploy" in first.stdout
    second = setup()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_an_installation_that_was_cut_off_is_begun_anew(
    setup: Callable[..., subprocess.CompletedProcess[str]], checkout: Path, path: str
) -> None:
    """What pip had begun with it takes for installed."""
    python = checkout / ".venv" / "bin" / "python"
    write_program(python, 'case "$*" in *install*) kill -9 "$PPID" ;; esac')
    makes = "mkdir -p .venv/bin; printf '#!/bin/sh\\n' >.venv/bin/python; chmod +x .venv/bin/python"
    others = f'exec {sys.executable} "$@"'
    write_program(
        Path(path) / "python3", f'case "$*" in "-m venv .venv") {makes} ;; *) {others} ;; esac'
    )
    assert setup().returncode == -signal.SIGKILL
    again = setup()
    assert again.returncode == 0, again.stderr
    assert "Make the virtual environment .venv" in again.stdout
    assert setup().stdout == ""


def test_of_prometheus_two_programs_are_taken_and_nothing_installed(
    setup: Callable[..., subprocess.CompletedProcess[str]], checkout: Path, path: str
) -> None:
    """Debian's package would start a server on the machine of whoever runs the tests."""
    names = ("prometheus", "promtool")
    for name in names:
        (Path(path) / name).unlink(missing_ok=True)
    asked = checkout / "asked"
    download = "download*) touch prometheus_2_all.deb ;; update) ;; *) exit 1 ;;"
    write_program(Path(path) / "apt-get", f'echo "$*" >>{asked}; case "$*" in {download} esac')
    make = "cd $3/usr/bin; printf '#!/bin/sh\n' >prometheus; cp prometheus promtool; chmod +x *"
    write_program(Path(path) / "dpkg-deb", f"mkdir -p $3/usr/bin; {make}")
    first = setup("dev")
    assert first.returncode == 0, first.stderr
    assert "Take prometheus and promtool out of Debian's package prometheus" in first.stdout
    assert all(os.access(checkout / ".venv" / "bin" / name, os.X_OK) for name in names)
    assert "download prometheus" in asked.read_text().splitlines()
    again = setup("dev")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
