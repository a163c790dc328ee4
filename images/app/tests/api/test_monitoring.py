"""Metrics as Prometheus takes them, and what of docs/monitoring stands on them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from inkstand.accounts.model import Scope
from inkstand.errors import StorageError
from inkstand.packs.screens import PackState

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

Api = Any
FOLDER = Path(__file__).parents[4] / "docs" / "monitoring"
README, ALERTS, DASHBOARD = FOLDER / "README.md", FOLDER / "alerts.yml", FOLDER / "dashboard.json"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
NAME = re.compile(r"\binkstand_[a-z_]+")
CONFIGURATION = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
PATIENCE = 60


def program(name: str) -> str:
    """Return where a program of Debian's package prometheus is."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    # No skip: nothing else looks at these files.
    assert found, f"{name} is not there: tools/setup dev takes it out of Debian's prometheus"
    return found


def promtool(*arguments: object, text: str = "") -> str:
    """Return what it says of something that is right."""
    result = subprocess.run(
        [program("promtool"), *map(str, arguments)],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        yield from group["rules"]


def expressions(instance: str = "mac") -> list[str]:
    """Return what the dashboard asks for, with its variable filled in."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    return [each.replace("$instance", instance) for each in asked]


@pytest.fixture
async def told(api: Api, monkeypatch: pytest.MonkeyPatch) -> str:
    """What an appliance tells Prometheus that has a certificate and a screen with data."""
    report = api.site.system.report
    monkeypatch.setattr(report, "_screens", lambda: {"weather": PackState("", NOON)})
    monkeypatch.setattr(report._certificate, "_expires_at", NOON)
    issued = await api.site.system.accounts.create("Prometheus", Scope.METRICS, None)
    headers = {"Authorization": f"Bearer {issued.token}", "X-Forwarded-For": "192.0.2.1"}
    answer = await api.site.client.get("/api/v1/metrics", headers=headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return str(await answer.text())


def samples(told: str) -> set[str]:
    return {line.partition(" ")[0] for line in told.splitlines() if not line.startswith("#")}


async def test_promtool_finds_nothing_to_blame_in_the_metrics(told: str) -> None:
    assert promtool("check", "metrics", text=told) == ""


async def test_whoever_reads_more_gets_the_same_metrics_and_the_pi_too(api: Api, told: str) -> None:
    for answer in (await api.get("/metrics"), await api.site.client.get("/metrics")):
        assert samples(await answer.text()) == samples(told)


async def test_the_data_of_a_screen_and_the_end_of_the_certificate_are_times(told: str) -> None:
    lines = told.splitlines()
    assert 'inkstand_screen_up{screen="weather"} 1' in lines
    moment = f"{NOON.timestamp():.15g}"
    assert f'inkstand_screen_data_timestamp_seconds{{screen="weather"}} {moment}' in lines
    assert f"inkstand_certificate_expiry_timestamp_seconds {moment}" in lines


async def test_a_screen_with_a_problem_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    states = {"bikes": PackState("nobody answers")}
    monkeypatch.setattr(api.site.system.report, "_screens", lambda: states)
    lines = (await (await api.get("/metrics")).text()).splitlines()
    assert 'inkstand_screen_up{screen="bikes"} 0' in lines
    assert not [line for line in lines if "screen_data" in line]


async def test_storage_that_does_not_answer_is_told(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise StorageError("the disk is read-only")

    monkeypatch.setattr(type(api.site.system.store), "probe", fail)
    assert "\ninkstand_storage_up 0\n" in await (await api.get("/metrics")).text()


async def test_rules_and_dashboard_name_metrics_that_there_are(told: str) -> None:
    known = {name.partition("{")[0] for name in samples(told)}
    named = " ".join((*(rule["expr"] for rule in rules()), *expressions()))
    assert set(NAME.findall(named)) <= known
    assert set(NAME.findall(README.read_text())) == known


def test_the_rules_are_right_and_fire_when_they_should() -> None:
    assert "SUCCESS" in promtool("check", "rules", ALERTS)
    assert "SUCCESS" in promtool("test", "rules", FOLDER / "alerts_test.yml")
    tested = (FOLDER / "alerts_test.yml").read_text()
    assert [rule["alert"] for rule in rules() if rule["alert"] not in tested] == []


def test_prometheus_understands_what_the_dashboard_asks(tmp_path: Path) -> None:
    records = [
        {"record": f"panel:{number}", "expr": each} for number, each in enumerate(expressions())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    assert f"SUCCESS: {len(records)} rules found" in promtool("check", "rules", path)


def test_the_dashboard_asks_whatever_data_source_is_chosen() -> None:
    sources = re.findall(r'"uid": "(.*?)"', DASHBOARD.read_text())
    assert set(sources) == {"${datasource}", "inkstand"}


def test_prometheus_takes_the_configuration_of_the_guide(tmp_path: Path) -> None:
    (found,) = CONFIGURATION.findall(README.read_text())
    for name in ("ca.pem", "inkstand.token"):
        (tmp_path / name).touch()
    shutil.copy(ALERTS, tmp_path)
    (tmp_path / "prometheus.yml").write_text(found)
    said = promtool("check", "config", tmp_path / "prometheus.yml")
    assert "prometheus.yml is valid" in said
    assert "SUCCESS: 1 rule files found" in said
