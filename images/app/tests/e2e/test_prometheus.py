"""A Prometheus watches a demo as the guide has it; the dashboard finds its data there."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from images.app.tests.api.test_monitoring import CONFIGURATION, README, expressions, program
from images.app.tests.e2e.conftest import PATIENCE, Demo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

# It has no certificate, and its screens show examples, which are of no time.
NOT_IN_A_DEMO = (
    "inkstand_certificate_expiry_timestamp_seconds",
    "inkstand_screen_data_timestamp_seconds",
)


@pytest.fixture
def token(demo: Demo, inkstand: Callable[..., Any]) -> str:
    """What the guide's command prints."""
    us = {"INKSTAND_SERVER": demo.url, "INKSTAND_TOKEN": demo.token}
    made = inkstand("tokens", "create", "Prometheus", "--scope", "metrics", **us)
    assert made.returncode == 0, made.stderr
    return str(made.stdout)


@pytest.fixture
def prometheus(demo: Demo, token: str, free_port: int, tmp_path: Path) -> Iterator[str]:
    """Run one with the guide's configuration, and give the address of its API."""
    (guide,) = CONFIGURATION.findall(README.read_text())
    (job,) = yaml.safe_load(guide)["scrape_configs"]
    # It looks once a second here, at the demo, which speaks plain HTTP.
    del job["tls_config"]
    job |= {"scheme": "http", "static_configs": [{"targets": [demo.url.split("/")[2]]}]}
    settings = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(settings))
    (tmp_path / "inkstand.token").write_text(token)
    address = f"127.0.0.1:{free_port}"
    options = {
        "config.file": tmp_path / "prometheus.yml",
        "storage.tsdb.path": tmp_path / "data",
        "web.listen-address": address,
        "log.level": "warn",
    }
    line = [program("prometheus"), *(f"--{name}={value}" for name, value in options.items())]
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *line])
    yield f"http://{address}/api/v1/query"
    process.kill()
    process.wait(PATIENCE)


def samples(prometheus: str, expression: str) -> list[Any]:
    """Return what it has; nothing while it starts."""
    try:
        answer = requests.get(prometheus, params={"query": expression}, timeout=PATIENCE)
    except requests.ConnectionError:
        return []
    # Until it has read what it kept, it is not ready.
    if answer.status_code == 503:
        return []
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["data"]["result"]
    return found


def test_the_dashboard_finds_data_of_a_demo(demo: Demo, prometheus: str) -> None:
    instance = demo.url.split("/")[2]
    asked = [
        each
        for each in expressions(instance)
        if not any(metric in each for metric in NOT_IN_A_DEMO)
    ]
    assert len(expressions()) - len(asked) == len(NOT_IN_A_DEMO)
    deadline = time.monotonic() + PATIENCE
    while without := [each for each in asked if not samples(prometheus, each)]:
        assert time.monotonic() < deadline, f"no data of {without}"
        time.sleep(0.1)
