"""An image that was not made is told with the reason, and on a full disk with what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_pi import testing

pytestmark = pytest.mark.integration

NEEDED = "1 image needs about 300 MB, and there are"


@pytest.mark.parametrize(
    ("reason", "is_full"),
    [
        ("ERROR: failed to copy: write /layer.tar: no space left on device", True),
        ("Detected no loaded images. Archive potentially corrupt?", True),
        ("ERROR: process '/bin/sh -c make' did not complete: exit code: 2", False),
    ],
)
def test_the_reason_comes_with_the_room_that_is_missing(
    play_here: Callable[..., testing.Run], reason: str, is_full: bool
) -> None:
    role = {"name": "docker", "tasks_from": "not_made"}
    rescue = {
        "name": "Say why",
        "ansible.builtin.include_role": role,
        "vars": {"__docker_wanted": ["inkstand/nothing:0"]},
    }
    build = {"name": "Build", "ansible.builtin.fail": {"msg": reason}}
    done = play_here([{"block": [build], "rescue": [rescue]}])
    assert done.status != 0
    # Of the task that failed first, and of no other.
    assert "FAILED at Build" in done.closing
    assert reason in done.closing
    assert (NEEDED in done.closing) is is_full, done.closing
