"""What Debian has mended since the images were built: apt itself says so, and people are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e
OLD = r"/^Package: tzdata$/,/^$/s/^Version: .*/Version: 2000a-1/"


@pytest.fixture
def packages(pi: Any) -> Callable[[], set[str]]:
    """Give a function that looks which packages in the image of the app are older than Debian's."""

    def look() -> set[str]:
        said = json.loads(pi.check_output("inkstand-host updates --json"))
        return set(said["images"]["inkstand-app"]["packages"])

    return look


@pytest.fixture
def older(pi: Any, engine_says: Callable[[str, str], str]) -> Iterator[Callable[[], None]]:
    """Give a function that puts an image with an older package under the name of the app's."""
    name, number = (
        engine_says("inkstand-app", ".Config.Image"),
        engine_says("inkstand-app", ".Image"),
    )

    def make() -> None:
        line = "docker run --name older --user 0 --entrypoint sed %s -i %s /var/lib/dpkg/status"
        pi.check_output(line, name, OLD)
        made.append(pi.check_output("docker commit older %s", name))

    made: list[str] = []
    yield make
    pi.check_output("docker rm --force older")
    pi.check_output("docker tag %s %s", number, name)
    for each in made:
        pi.check_output("docker rmi %s", each)
    pi.check_output("inkstand-host updates")


def test_a_package_that_is_older_is_told_everywhere(
    pi: Any, api: Any, packages: Callable[[], set[str]], older: Callable[[], None]
) -> None:
    before = packages()
    assert set(api.ask("GET", "/api/v1/status")[1]["updates"]["packages"]) >= before
    older()
    assert packages() - before == {"tzdata"}
    assert "tzdata" in api.ask("GET", "/api/v1/status")[1]["updates"]["packages"]
    said = json.loads(pi.check_output("inkstand-host doctor --json"))["findings"]
    (found,) = [each for each in said if each["what"] == "app: packages"]
    assert found["level"] == "warn"
    assert "tzdata" in found["seen"]


def test_the_pi_looks_each_week_by_itself(pi: Any) -> None:
    assert pi.service("inkstand-updates.timer").is_running
    assert pi.service("inkstand-updates.timer").is_enabled


def test_nothing_is_left_of_the_look(pi: Any, packages: Callable[[], set[str]]) -> None:
    packages()
    assert "inkstand-updates" not in pi.check_output("docker ps --all --format '{{.Names}}'")
