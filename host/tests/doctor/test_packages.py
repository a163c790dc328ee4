"""What the doctor tells of what `inkstand-host updates` has found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkstand_host import updates
from inkstand_host.doctor import containers

pytestmark = pytest.mark.unit
APP = "inkstand/app:1"


def told(machine: Any, packages: list[str], runs: str = APP) -> list[tuple[str, str]]:
    found = {"image": APP, "packages": packages, "security": packages}
    record = {"at": "2026-11-29T18:00:00+00:00", "images": {"inkstand-app": found}}
    machine.write(str(updates.RECORD).lstrip("/"), json.dumps(record))
    machine.says["docker container inspect --format"] = (0, runs)
    return [(each["level"], each["what"]) for each in containers.updates(machine)]


def test_the_doctor_tells_what_was_found_last(machine: Any) -> None:
    assert list(containers.updates(machine)) == []
    assert told(machine, []) == [("ok", "app: packages")]
    assert told(machine, ["openssl"]) == [("warn", "app: packages")]
    (found,) = containers.updates(machine)
    assert "inkstand_images_as_of" in found["fix"]


def test_of_an_image_that_does_not_run_any_more_the_doctor_says_nothing(machine: Any) -> None:
    assert told(machine, ["openssl"], "inkstand/app:2") == []
