"""A Pi in memory: an engine that remembers containers, files in a temporary directory."""

from __future__ import annotations

import contextlib
import copy
import fnmatch
import json
import sqlite3
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.release import health, switching
from inkstand_host.release.gate import Verdict
from inkstand_host.release.health import Observation
from inkstand_host.release.settings import Settings
from inkstand_host.release.switching import Releases

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand_host.docker import End

NAMES = ("inkstand-pigpiod", "inkstand-app", "inkstand-traefik")


def spec(name: str, tag: str, identity: str = "0") -> dict[str, Any]:
    """What the engine says of a container."""
    return {
        "Id": identity.ljust(64, "0"),
        "Config": {
            "Image": f"inkstand/{name.removeprefix('inkstand-')}:{tag}",
            "Labels": {"inkstand.role": name.removeprefix("inkstand-")},
        },
        "HostConfig": {"NetworkMode": "inkstand-edge", "Memory": 256 << 20},
        "NetworkSettings": {"Networks": {"inkstand-edge": {"IPAddress": "10.0.0.2"}}},
        "State": {
            "Running": False,
            "Restarting": False,
            "OOMKilled": False,
            "ExitCode": 0,
            "Status": "created",
        },
        "RestartCount": 0,
        "Created": "2026-11-28T12:00:00Z",
    }


class MemoryEngine:
    """Containers and images that exist in this process only."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, Any]] = {}
        self.tags: set[str] = set()
        self.refused: set[str] = set()
        self.networks: dict[str, dict[str, Any]] = {"inkstand-edge": {"Internal": False}}
        self.made: list[str] = []
        self.killed: list[str] = []
        self.ends: dict[str, End] = {}

    def last_end(self, name: str, since: str) -> End | None:
        assert since == self.containers[name]["Created"]
        return self.ends.get(name)

    def network(self, name: str) -> Any:
        return copy.deepcopy(self.networks.get(name))

    def make_network(self, name: str, definition: dict[str, Any]) -> None:
        self.networks[name] = copy.deepcopy(definition)

    def remove_network(self, name: str) -> None:
        from inkstand_host.errors import EngineError  # noqa: PLC0415

        told = (it.get("NetworkSettings", {}) for it in self.containers.values())
        ends = [it.get("Networks", {}) for it in told]
        if any(name in known for known in ends):
            raise EngineError("has active endpoints")
        self.networks.pop(name, None)

    def inspect(self, name: str) -> Any:
        return copy.deepcopy(self.containers.get(name))

    def has_image(self, name: str) -> bool:
        return name in self.tags

    def images(self, pattern: str) -> list[str]:
        return sorted(fnmatch.filter(self.tags, pattern))

    def remove_image(self, name: str) -> None:
        self.tags.discard(name)

    def stop(self, name: str, patience: int) -> None:
        if name in self.containers:
            self.containers[name]["State"]["Running"] = False

    def start(self, name: str) -> None:
        from inkstand_host.errors import EngineError  # noqa: PLC0415

        if self.containers[name]["Config"]["Image"] in self.refused:
            raise EngineError("no such device")
        self.containers[name]["State"]["Running"] = True

    def remove(self, name: str) -> None:
        gone = self.containers.pop(name, None)
        if gone and gone.get("State", {}).get("Running"):
            self.killed.append(name)

    def rename(self, name: str, new: str) -> None:
        self.containers[new] = self.containers.pop(name)

    def create(self, name: str, wanted: dict[str, Any]) -> None:
        from inkstand_host.errors import EngineError  # noqa: PLC0415

        if name in self.containers:
            raise EngineError("the name is in use")
        made = copy.deepcopy(wanted)
        made["State"]["Running"] = False
        self.containers[name] = made
        self.made.append(name)

    def log(self, name: str, lines: int) -> str:
        if name not in self.containers:
            return ""
        text = f"it began\nthe log of {self.containers[name]['Config']['Image']}\n"
        return "".join(text.splitlines(keepends=True)[-lines:])


class MemoryHost:
    """Units that are only written down."""

    def __init__(self) -> None:
        self.guarded = False
        self.restarted: list[str] = []
        self.active: set[str] = set()

    def guard(self) -> None:
        self.guarded = True

    def unguard(self) -> None:
        self.guarded = False

    def active_units(self, paths: Any) -> tuple[str, ...]:
        return tuple(sorted(self.active & {path.rpartition("/")[2] for path in paths}))

    def stop_units(self, units: Any) -> None:
        self.active.difference_update(units)

    def follow(self, paths: Any, active: Any, driver: str = "") -> None:
        self.active.update(active)
        if driver:
            self.restarted.append(driver)

    def journal(self, unit: str, lines: int) -> str:
        return "the journal\n"


class Pi:
    """The appliance, the roles that change it, and what the gate would see."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = MemoryEngine()
        self.host = MemoryHost()
        self.bad: dict[str, str] = {}
        self.parts: dict[str, str] | None = {"panel": "ok", "button": "ok", "storage": "ok"}
        self.asked: list[str] = []
        self.demanded: tuple[str, ...] = ()
        self.judged: list[tuple[bool, bool, float, float]] = []
        self.at_the_gate: Callable[[], None] = lambda: None
        self.settings = Settings(
            containers=NAMES,
            files=(str(folder / "etc"),),
            databases=folder / "state",
            app="inkstand-app",
            app_network="inkstand-edge",
            app_port=8080,
            bridge="inkstand-pigpiod",
            bridge_check=("healthcheck",),
            edge="inkstand-traefik",
            host="",
            https_port=443,
            maintenance_file="",
            panel=str(folder / "panel"),
            driver="epd-fuse.service",
            driver_files=(str(folder / "driver"),),
            gate_seconds=1,
            steady_seconds=0,
            state_directory=folder / "releases",
            log_directory=folder / "log",
        )
        for name in ("etc", "state", "driver", "releases"):
            (folder / name).mkdir()
        self.settings_file = folder / "release.json"
        self.configure()

    def configure(self, **changes: Any) -> None:
        """Write settings, as the role does before anything else of a run."""
        self.settings = replace(self.settings, **changes)
        self.settings_file.write_text(json.dumps(asdict(self.settings), default=str))
        engine: Any = self.engine
        host: Any = self.host
        self.releases = Releases(engine, self.settings, host, self.judge, self.settings_file)

    def runs(self, tag: str) -> None:
        """Let a release run that was installed somehow."""
        for name in NAMES:
            self.engine.containers[name] = made = spec(name, tag)
            self.engine.tags.add(made["Config"]["Image"])
            self.engine.start(name)
        self.write("setting", tag)
        (self.folder / "driver" / "driver.py").write_text(tag)
        with contextlib.closing(self.database()) as connection:
            connection.executescript("PRAGMA user_version = 1; CREATE TABLE message (text)")

    def prepare(self, tag: str, *names: str) -> None:
        """Do what the roles do for another release."""
        self.write("setting", tag)
        for name in names or ("inkstand-app",):
            self.engine.containers[f"{name}-next"] = made = spec(name, tag)
            self.engine.tags.add(made["Config"]["Image"])

    def write(self, name: str, text: str) -> None:
        (self.folder / "etc" / name).write_text(text)

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "state" / "messages.sqlite3", isolation_level=None)

    def judge(self, engine: Any, settings: Any, demands: Any) -> Verdict:
        """Say what is written in `bad` about the app that runs."""
        self.at_the_gate()
        self.demanded = demands.parts
        patience = settings.gate_seconds, settings.steady_seconds
        self.judged.append((demands.app, demands.edge, *patience))
        app = engine.inspect("inkstand-app")
        assert app
        assert all(engine.containers[name]["State"]["Running"] for name in demands.containers)
        self.asked.append(settings.host)
        why = self.bad.get(app["Config"]["Image"], "")
        return Verdict(why, Observation({name: engine.inspect(name) for name in NAMES}), 0.5)

    @property
    def images(self) -> dict[str, str]:
        return {name: it["Config"]["Image"] for name, it in self.engine.containers.items()}

    @property
    def setting(self) -> str:
        return (self.folder / "etc" / "setting").read_text()


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pi:
    """A Pi whose app says `parts` of itself when a run begins."""
    pi = Pi(tmp_path)
    app = SimpleNamespace(ask_parts=lambda *_: pi.parts, summary=health.summary)
    monkeypatch.setattr(switching, "health", app)
    return pi


@pytest.fixture
def make_spec() -> Callable[..., dict[str, Any]]:
    return spec
