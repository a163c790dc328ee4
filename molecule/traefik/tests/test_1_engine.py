"""An engine that was there is used as it is, and what runs on it lives on."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_the_engine_is_the_one_that_was_there(pi: Any) -> None:
    assert pi.package("docker-ce").is_installed
    assert [name for name in ("docker.io", "docker-cli") if pi.package(name).is_installed] == []


def test_its_settings_stay_and_what_is_missing_is_added(pi: Any) -> None:
    settings = json.loads(pi.file("/etc/docker/daemon.json").content_string)
    assert settings["log-driver"] == "json-file"
    assert settings["data-root"] == "/var/lib/docker/own"
    assert settings["live-restore"] is True
    # Of our log driver, which it has not got.
    assert "log-opts" not in settings
    assert pi.run("cmp /etc/docker/daemon.json.before-inkstand /srv/engine/daemon.json").rc == 0


def test_the_owners_container_lived_on_while_the_engine_was_restarted(pi: Any) -> None:
    assert pi.check_output("docker info --format '{{.LiveRestoreEnabled}}'") == "true"
    process = pi.check_output("docker inspect --format '{{.State.Pid}}' keepsake")
    assert process == pi.file("/srv/engine/keepsake.pid").content_string.strip()
