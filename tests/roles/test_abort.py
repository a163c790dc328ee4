"""A run that is taken back says which task failed and why, also in the words of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.integration

SAID = '{"verdict": "back", "sentence": "Release abc is as it was."}'


@pytest.fixture(params=["", "2.21.5"], ids=["this", "newer"])
def program(request: pytest.FixtureRequest) -> Path:
    """The ansible-playbook of this environment, and the newest that is supported."""
    if not request.param:
        return testing.ANSIBLE_PLAYBOOK
    found, why_not = testing.other_ansible(request.param, (3, 12))
    return found or pytest.skip(why_not)


@pytest.fixture
def failing(
    tmp_path: Path, program: Path, play_here: Callable[..., testing.Run]
) -> Callable[[Mapping[str, object]], str]:
    """Give a function that runs a task which fails, and what follows: all that is said."""
    journal = tmp_path / "journalctl"
    begun = tmp_path / "begun"
    words = f"[ -e {begun} ] && echo the panel is there || echo the chip answered 00"
    journal.write_text(f"#!/bin/sh\n{words}\n")
    journal.chmod(0o755)
    release = tmp_path / "release"
    # What puts back starts the unit anew, which then says other things.
    release.write_text(f"#!/bin/sh\ntouch {begun}\necho '{SAID}'\n")
    release.chmod(0o755)

    def run(task: Mapping[str, object]) -> str:
        role = {"name": "release", "tasks_from": "abort"}
        abort = {"name": "Put back", "ansible.builtin.include_role": role}
        done = play_here(
            [{"block": [task], "rescue": [abort]}], program, __release_command=[str(release)]
        )
        assert done.status != 0
        return " ".join(done.output.split())

    return run


def test_the_task_and_its_reason_are_named(failing: Callable[[Mapping[str, object]], str]) -> None:
    task = {"name": "Write it", "ansible.builtin.command": {"argv": ["ls", "/no/such"]}}
    said = failing(task)
    assert "Write it: ls: cannot access '/no/such'" in said
    assert "Release abc is as it was." in said


def test_a_unit_says_why_it_did_not_start(failing: Callable[[Mapping[str, object]], str]) -> None:
    unit = {"name": "epd-fuse.service", "state": "restarted"}
    said = failing({"name": "Run the driver", "ansible.builtin.systemd_service": unit})
    assert "Run the driver: " in said
    assert "epd-fuse.service said: the chip answered 00" in said
