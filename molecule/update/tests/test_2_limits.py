"""A container is what it should be in every field, limits too, which a hand can change."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e
MEBIBYTE = 2**20


def memory(pi: Any) -> int:
    """Return the limit of the app's container in MiB."""
    limit = "docker inspect --format {{.HostConfig.Memory}} inkstand-app"
    return int(pi.shell(*limit.split())) // MEBIBYTE


def test_another_limit_takes_effect_and_a_second_run_changes_nothing(release: Any, pi: Any) -> None:
    options = ("--tags", "app", "-e", "app_memory=200m")
    assert release.play("update.yml", *options).status == 0
    assert memory(pi) == 200
    again = release.play("update.yml", *options)
    assert (again.status, again.changed) == (0, 0)


def test_a_limit_that_was_changed_by_hand_is_put_right(release: Any, pi: Any) -> None:
    by_hand = "docker update --memory 100m --memory-swap 100m inkstand-app"
    pi.shell(*by_hand.split())
    assert release.play("update.yml", "--tags", "app").status == 0
    assert memory(pi) == 256
