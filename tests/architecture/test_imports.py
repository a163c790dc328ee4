"""Which package may import which: rules 1, 2, 4 and 5 of docs/design.md, and no circles.

What is allowed has to be used too, so that these tables do not grow old. What breaks a rule today
stands in a table called …_TO_MEND, with the day it was found: they get shorter, never longer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.architecture.imports import Import, circles, imports, modules, within

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
APP, DRIVER, BRIDGE = "images/app/src", "driver/src", "images/pigpiod/src"
HOST = "host/src"
FROM_ROOT = ("plugins", "pi_images", "virtual_pi", "tools", "molecule")

# All that a project imports beside the standard library and itself. Rule 2: no simulator imports
# what it is there to test, and what is looked at from outside (molecule) imports none of it.
MAY_IMPORT: Mapping[str, set[str]] = {
    APP: {
        "aiohttp",
        "argcomplete",
        "argon2",
        "asn1crypto",
        "astral",
        "dateutil",
        "babel",
        "feedparser",
        "icalendar",
        "jinja2",
        "jmespath",
        "jwt",
        "paho",
        "PIL",
        "pillow_heif",
        "recurring_ical_events",
        "segno",
        "zeroconf",
    },
    DRIVER: {"gpiod", "PIL", "pyfuse3", "trio"},
    BRIDGE: set(),
    "images/app/benchmarks": {"aiohttp", "argon2", "inkstand", "jwt", "PIL", "pi_images", "tools"},
    "driver/benchmarks": {"driver", "epdfuse", "pi_images"},
    "roles/docker/files": set(),
    HOST: set(),
    "roles/traefik/files": {"cryptography"},
    "plugins": {"ansible", "ansible_mitogen", "cryptography"},
    "pi_images": {"cyclonedx", "packageurl", "plugins", "tools", "yaml"},
    "virtual_pi": {"pi_images", "PIL", "tools", "urllib3"},
    "tools": {"PIL", "playwright", "plugins", "virtual_pi", "yaml"},
    "molecule": {
        "ansible",
        "cryptography",
        "paho",
        "PIL",
        "pi_images",
        "pytest",
        "testinfra",
        "tests",
        "tools",
        "urllib3",
        "virtual_pi",
        "yaml",
    },
}

# Rules 1 and 4: who may import a device, a library or a place where one thing is done.
ONLY: Mapping[str, set[str]] = {
    "inkstand.panel": {
        "inkstand.api.panel",
        "inkstand.bootstrap",
        "inkstand.display.display",
        "inkstand.display.turned",
        "inkstand.events",
        "inkstand.startup",
    },
    "inkstand.panel.epd": {"inkstand.bootstrap"},
    "inkstand.panel.memory": {"inkstand.bootstrap"},
    "inkstand.panel.mounts": {"inkstand.bootstrap"},
    "inkstand.panel.thread": {"inkstand.display.display"},
    "inkstand.button": {
        "inkstand.bootstrap",
        "inkstand.status.report",
        "inkstand.demo",
    },
    "inkstand.bootstrap": {"inkstand.cli", "inkstand.demo"},
    "inkstand.api": {
        "inkstand.bootstrap",
        "inkstand.demo",
        "inkstand.mqtt.mqtt",
        "inkstand.mqtt.neighbours",
        "inkstand.mqtt.payloads",
    },
    "paho": {"inkstand.mqtt.connection", "inkstand.mqtt.posting"},
    "inkstand.api.errors": {"inkstand.api.server"},
    "inkstand.messages.store": {
        "inkstand.api.messages",
        "inkstand.api.status",
        "inkstand.messages.controller",
        "inkstand.bootstrap",
        "inkstand.messages.retention",
    },
    "inkstand.storage": {
        "inkstand.accounts",
        "inkstand.messages",
        "inkstand.preferences",
        "inkstand.status.report",
        "inkstand.webhooks",
    },
    "aiohttp": {
        "inkstand.api",
        "inkstand.bootstrap",
        "inkstand.demo",
        "inkstand.fetching.connection",
        "inkstand.fetching.fetcher",
        "inkstand.web",
    },
    "astral": {"inkstand.packs.sky"},
    "dateutil": {"inkstand.messages.repeat"},
    "babel": {"inkstand.language.translated"},
    "feedparser": {"inkstand.packs.feeds"},
    "icalendar": {"inkstand.packs.calendars"},
    "recurring_ical_events": {"inkstand.packs.calendars"},
    "jinja2": {"inkstand.packs.templates"},
    "jmespath": {"inkstand.packs.content"},
    "inkstand.packs.content": {"inkstand.packs.worker"},
    "inkstand.packs.formats": {"inkstand.packs.content"},
    "argcomplete": {"inkstand.client.completion"},
    "argon2": {"inkstand.accounts.passwords"},
    "jwt": {"inkstand.accounts.tokens"},
    "sqlite3": {
        "inkstand.accounts",
        "inkstand.messages",
        "inkstand.preferences",
        "inkstand.storage",
        "inkstand.webhooks",
        "inkstand_host.backup",
        "inkstand_host.release.database",
    },
    "PIL": {
        "inkstand.client.photos",
        "inkstand.packs.drawing",
        "inkstand.pictures.conversion",
        "inkstand.rendering",
        "inkstand.screens",
        "epdfuse.show",
    },
    "epdfuse.hardware.bus": {
        "epdfuse.controllers",
        "epdfuse.hardware.gpio",
        "epdfuse.hardware.spi",
        "epdfuse.hardware.wired",
        "epdfuse.simulator",
    },
    "epdfuse.hardware.wired": {"epdfuse.backends", "epdfuse.doctor"},
    "epdfuse.hardware.spi": {
        "epdfuse.backends",
        "epdfuse.cli",
        "epdfuse.doctor",
        "epdfuse.hardware.wired",
    },
    "epdfuse.simulator.model": {"epdfuse.simulator.panel"},
    "epdfuse.simulator.panel": {"epdfuse.backends", "epdfuse.cli"},
    "epdfuse.controllers": {
        "epdfuse.backends",
        "epdfuse.doctor",
        "epdfuse.simulator.panel",
        "epdfuse.transcript",
    },
    "epdfuse.controllers.encoding": {"epdfuse.controllers"},
    "epdfuse.backends": {"epdfuse.cli", "epdfuse.service"},
    "gpiod": {"epdfuse.hardware.gpio"},
    "pyfuse3": {"epdfuse.fuse.server", "epdfuse.service"},
    "pigpiod_bridge.gpiochip": {"pigpiod_bridge.bootstrap", "pigpiod_bridge.cli"},
    "pigpiod_bridge.simulated": {
        "pigpiod_bridge.bootstrap",
        "pigpiod_bridge.control_server",
        "pigpiod_bridge.press",
    },
    "inkstand_host.docker": {"inkstand_host.release"},
}
ONLY_TO_MEND = {
    # 2026-11-28: opens the panel beside bootstrap, to say there why the app cannot start.
    ("inkstand.panel.epd", "inkstand.startup"),
}

# Rule 2 again: the model proves the driver's tables, so it has its own, and not even the encoding.
ALL_OF_ITS_PROJECT: Mapping[str, set[str]] = {
    "epdfuse.simulator.model": {"epdfuse.hardware.bus", "epdfuse.panel.spec"},
    "pigpiod_bridge.simulated": {"pigpiod_bridge.clock", "pigpiod_bridge.lines"},
    "inkstand.client": {
        "inkstand",
        "inkstand.errors",
        "inkstand.fingerprint",
        "inkstand.media_types",
        "inkstand.wifi",
    },
    "inkstand.fetching": {"inkstand", "inkstand.clock", "inkstand.errors"},
    "inkstand.playlist": {"inkstand.errors"},
    "inkstand.web": set(),
    "inkstand.rendering": {"inkstand.errors", "inkstand.frame"},
}

# Rule 5: these are functions of their arguments, and so is all that they import in their turn.
PURE = (
    "inkstand.api.schemas",
    "inkstand.accounts.keys",
    "inkstand.accounts.model",
    "inkstand.button.gesture",
    "inkstand.button.wire",
    "inkstand.client.sse",
    "inkstand.client.wording",
    "inkstand.errors",
    "inkstand.fetching.addresses",
    "inkstand.fetching.bodies",
    "inkstand.fetching.schedule",
    "inkstand.fetching.trmnl_answers",
    "inkstand.frame",
    "inkstand.media_types",
    "inkstand.messages.hooks",
    "inkstand.messages.model",
    "inkstand.messages.waiting",
    "inkstand.messages.reducer",
    "inkstand.packs.boxes",
    "inkstand.packs.content",
    "inkstand.packs.drawing",
    "inkstand.packs.pack",
    "inkstand.packs.requests",
    "inkstand.panel.base",
    "inkstand.pictures.conversion",
    "inkstand.playlist",
    "inkstand.rendering",
    "inkstand.screens",
    "inkstand.webhooks.payloads",
    "inkstand.webhooks.targets",
    "inkstand.wifi",
    "epdfuse.panel.bits",
    "epdfuse.hardware.bus",
    "epdfuse.controllers",
    "epdfuse.fuse.display",
    "epdfuse.simulator.model",
    "epdfuse.panel.spec",
    "epdfuse.fuse.texts",
    "epdfuse.fuse.tree",
    "pigpiod_bridge.filters",
    "pigpiod_bridge.lines",
    "pigpiod_bridge.monitor",
    "pigpiod_bridge.wire",
)
# fmt: off
EFFECTS = {
    "aiohttp", "asyncio", "concurrent", "ctypes", "fcntl", "gpiod", "http.client", "os", "pyfuse3",
    "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess",
    "tempfile", "threading", "time", "trio", "urllib.request",
}
# fmt: on
EFFECTS_TO_MEND = {
    # 2026-11-28: a protocol, or plain facts, that live in one module with what runs them.
    "inkstand.clock",
    "inkstand.events",
}

# Called from Python by ctypes, one thread at a time; what comes out depends on what goes in.
PURE_INSIDE = {"inkstand.rendering.pango"}

# Rule 4: one client talks to the engine. Others name its socket today.
ENGINE_CLIENT = "host/src/inkstand_host/docker.py"
ENGINE_CLIENTS_TO_MEND = {
    # 2026-11-28: modules and the watcher run alone on the Pi, so each has its own.
    "plugins/modules/conflicts_info.py",
    "plugins/modules/docker_engine_info.py",
    "roles/docker/files/container_watcher.py",
}


def _read(project: str) -> dict[str, Path]:
    return modules(ROOT / project, ROOT if project in FROM_ROOT else ROOT / project)


FILES = {project: _read(project) for project in MAY_IMPORT}
IMPORTS = {project: imports(files) for project, files in FILES.items()}
PROGRAMS = [each for project in (APP, DRIVER, BRIDGE, HOST) for each in IMPORTS[project]]
# What runs because of a module.
NEEDS: dict[str, set[str]] = {}
for _each in PROGRAMS:
    if not _each.for_types:
        NEEDS.setdefault(_each.importer, set()).add(_each.imported)


def _package(module: str) -> str:
    """Return what a module belongs to: `inkstand.api` for `inkstand.api.errors`."""
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize("project", MAY_IMPORT)
def test_a_project_imports_nothing_but_what_it_says(project: str) -> None:
    own = {module.split(".")[0] for module in FILES[project]}
    found = {each.imported.split(".")[0] for each in IMPORTS[project]}
    assert found - sys.stdlib_module_names - own == MAY_IMPORT[project]
    assert own


@pytest.mark.parametrize("name", ONLY)
def test_only_they_import_it(name: str) -> None:
    found = {
        each.importer
        for each in PROGRAMS
        if within(each.imported, [name]) and not within(each.importer, [name])
        if name != "PIL" or not each.for_types
    }
    allowed = ONLY[name] | {importer for what, importer in ONLY_TO_MEND if what == name}
    assert {importer for importer in found if not within(importer, allowed)} == set()
    assert {each for each in allowed if not any(within(it, [each]) for it in found)} == set()


@pytest.mark.parametrize("name", ALL_OF_ITS_PROJECT)
def test_it_imports_of_its_project_nothing_but(name: str) -> None:
    project = name.partition(".")[0]
    found = {
        each.imported
        for each in PROGRAMS
        if within(each.importer, [name]) and not within(each.imported, [name])
        if within(each.imported, [project])
    }
    assert found == ALL_OF_ITS_PROJECT[name]


@pytest.mark.parametrize("name", PURE)
def test_what_is_pure_imports_nothing_that_has_effects(name: str) -> None:
    ways = _needed(name)
    assert ways
    assert {way for way in ways if within(way[-1], EFFECTS)} == set()


def _needed(name: str) -> set[tuple[str, ...]]:
    """Return the ways from the modules of `name` to all that runs because of them."""
    ways: dict[str, tuple[str, ...]] = {
        module: (module,) for files in FILES.values() for module in files if within(module, [name])
    }
    ends = list(ways)
    while ends:
        here = ends.pop()
        if here in EFFECTS_TO_MEND | PURE_INSIDE:
            continue
        new = NEEDS.get(here, set()) - ways.keys()
        ends += new
        ways |= {module: (*ways[here], module) for module in new}
    return set(ways.values())


def test_each_exception_from_purity_is_needed() -> None:
    through = {module for name in PURE for way in _needed(name) for module in way}
    assert through >= EFFECTS_TO_MEND | PURE_INSIDE
    effects = {module for module in NEEDS if any(within(it, EFFECTS) for it in NEEDS[module])}
    assert effects >= EFFECTS_TO_MEND | PURE_INSIDE


@pytest.mark.parametrize("for_types", [False, True], ids=["runtime", "with types"])
def test_no_packages_import_each_other_in_a_circle(for_types: bool) -> None:
    arrows = {
        (_package(each.importer), _package(each.imported))
        for project in (APP, DRIVER, BRIDGE, HOST)
        for each in IMPORTS[project]
        if each.imported in FILES[project] and (for_types or not each.for_types)
        # The name of a project alone is its version: every package may know that.
        if "." in each.imported
    }
    assert circles(arrows) == []


@pytest.mark.parametrize("project", [it for it in MAY_IMPORT if it != "molecule"])
def test_no_modules_import_each_other_in_a_circle(project: str) -> None:
    arrows = {
        (each.importer, each.imported)
        for each in IMPORTS[project]
        if each.imported in FILES[project] and not each.for_types
    }
    assert circles(arrows) == []


def test_one_client_talks_to_the_engine() -> None:
    found = {
        str(path.relative_to(ROOT))
        for project in MAY_IMPORT
        if project != "molecule"
        for path in FILES[project].values()
        if 'docker.sock"' in path.read_text()
    }
    assert found == {ENGINE_CLIENT} | ENGINE_CLIENTS_TO_MEND


def test_an_import_is_read_wherever_and_however_it_is_written(tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "__init__.py").write_text("from . import door\n")
    (house / "door.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from house.wall import Wall\n"
        "def open_it():\n    import os.path, house\n    from .wall import paint\n"
    )
    (house / "wall.py").write_text("try:\n    from house import door\nexcept ImportError: ...\n")
    assert imports(modules(house, tmp_path)) == [
        Import("house", "house.door"),
        Import("house.door", "house"),
        Import("house.door", "house.wall"),
        Import("house.door", "house.wall", for_types=True),
        Import("house.door", "os.path"),
        Import("house.door", "typing.TYPE_CHECKING"),
        Import("house.wall", "house.door"),
    ]


def test_circles_are_found() -> None:
    arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d"), ("e", "f"), ("f", "e")]
    assert circles(arrows) == [{"a", "b", "c"}, {"e", "f"}]
    assert circles(arrows[1:-1]) == []
