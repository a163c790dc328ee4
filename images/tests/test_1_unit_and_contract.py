"""The unit and contract tests of the app and of the bridge pass inside their images."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
CHECKS = "/checks"
KINDS = re.compile(r"mark\.(unit|contract)\b")


class Suite(NamedTuple):
    """Tests of one image: its part, what they read, and where the image has the product.

    Of the product itself they see only what the image has.
    """

    part: str
    places: tuple[str, ...]
    python_path: str


APP = Suite(
    "app",
    ("images/app/tests", "images/app/README.md", "images/pigpiod/src", "driver/src"),
    "/opt/inkstand",
)
BRIDGE = Suite(
    "gpiochip",
    ("images/pigpiod/tests", "images/pigpiod/README.md", "images/pigpiod/bin"),
    "/usr/local/lib/pigpiod-bridge",
)
# Without deadlines, which an emulator would miss.
PROFILE = "--hypothesis-profile=ci"
SECONDS = 3600


def _files(folder: str) -> list[str]:
    """List the modules that have tests of these kinds; others import what Debian has not got."""
    found = sorted((ROOT / folder).rglob("test_*.py"))
    chosen = [path for path in found if KINDS.search(path.read_text())]
    return [f"{CHECKS}/{path.relative_to(ROOT)}" for path in chosen]


def _mounts(places: tuple[str, ...]) -> list[str]:
    all_places = ("conftest.py", "pyproject.toml", *places)
    return [f"--volume={ROOT / place}:{CHECKS}/{place}:ro" for place in all_places]


def _command(image: str, suite: Suite, results: Path) -> list[str]:
    variables = {
        "PYTHONPATH": suite.python_path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis",
        "INKSTAND_TEST_RESULTS": "/results",
        "INKSTAND_TEST_SUITE": "inside",
        "INKSTAND_TEST_PATIENCE": "120",
        "HOME": "/tmp",
    }
    environment = [f"--env={name}={value}" for name, value in variables.items()]
    limits = ["--network=none", "--tmpfs=/tmp:exec", "--user=10001:10001", "--init"]
    options = ["-m", "unit or contract", "-p", "no:cacheprovider", "--color=no", "-q", PROFILE]
    return [
        *("docker", "run", "--rm", "--entrypoint", "python3", f"--workdir={CHECKS}"),
        *(*limits, *environment, *_mounts(suite.places), f"--volume={results}:/results"),
        *(image, "-m", "pytest", *options, *_files(suite.places[0])),
    ]


def _keep(tally: Path, suite: str) -> dict[str, Any]:
    """Give the counts, and put them where the closing report finds them."""
    counts: dict[str, Any] = json.loads(tally.read_text())
    folder = os.environ.get("INKSTAND_TEST_RESULTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tally, Path(folder) / f"{suite}.json")
    return counts


@pytest.mark.parametrize("suite", [APP, BRIDGE], ids=["app", "bridge"])
def test_they_pass_inside_the_image(
    suite: Suite, images: Any, with_tests: Callable[[str], str], shared_directory: Path
) -> None:
    argv = _command(with_tests(suite.part), suite, shared_directory)
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=SECONDS)
    print(done.stdout[-6000:], done.stderr[-2000:])
    tally = shared_directory / "inside.json"
    assert tally.exists(), "the tests did not begin"
    counts = _keep(tally, f"{suite.part}-{images.architecture.name}")
    assert done.returncode == 0
    assert counts["outcomes"]["unit"]["passed"] > 100
    assert counts["outcomes"]["contract"]["passed"] > 10
