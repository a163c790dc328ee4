"""What is killed comes back by itself. The reboot is last: it takes the longest."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from virtual_pi import container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

CONTAINERS = ("inkstand-app", "inkstand-pigpiod", "inkstand-traefik")
BOOT_SECONDS = 60


@pytest.fixture
def started_at(engine_says: Callable[[str, str], str]) -> Callable[[], list[str]]:
    """Give a function that tells when each container was started."""
    return lambda: [engine_says(name, ".State.StartedAt") for name in CONTAINERS]


def serves(api: Any) -> bool:
    """Tell whether the owner is welcome."""
    try:
        return bool(api.ask("GET", "/")[0] == 200)
    except (urllib3.exceptions.HTTPError, ValueError):
        return False


def is_well(api: Any) -> bool:
    """Tell whether every part works."""
    try:
        return bool(api.ask("GET", "/healthz")[1]["status"] == "ok")
    except (urllib3.exceptions.HTTPError, ValueError, TypeError):
        return False


@pytest.mark.usefixtures("clock")
def test_a_killed_driver_shows_the_same_content_and_no_container_restarts(
    api: Any,
    pi: Any,
    current: Callable[[], bytes],
    started_at: Callable[[], list[str]],
    wait_for: Callable[..., Any],
) -> None:
    before = current()
    api.send("Before the crash")
    wait_for("the message on the glass", lambda: current() != before)
    shown, started = current(), started_at()
    pi.check_output("systemctl kill --signal KILL epd-fuse")
    wait_for("the same content again", lambda: current() == shown, seconds=5)
    assert started_at() == started
    api.send("After the crash")
    pi.check_output("docker exec inkstand-pigpiod press 22")
    wait_for("a new message on the glass", lambda: current() not in (b"", shown))
    assert started_at() == started


@pytest.mark.usefixtures("clock")
def test_a_driver_that_hangs_shows_a_new_message_within_thirty_seconds(
    api: Any,
    pi: Any,
    current: Callable[[], bytes],
    started_at: Callable[[], list[str]],
    wait_for: Callable[..., Any],
) -> None:
    shown, started = current(), started_at()
    pi.check_output("systemctl kill --kill-whom main --signal STOP epd-fuse")
    api.send("Sent while the driver hangs")
    is_new = "test -s /run/epd/panel/panel && systemctl is-active epd-fuse"
    wait_for(
        "a driver that answers", lambda: pi.run(f"timeout 2 sh -c '{is_new}'").rc == 0, seconds=30
    )
    wait_for("the message on the glass", lambda: current() not in (b"", shown))
    assert started_at() == started


@pytest.fixture
def signal_all(pi: Any) -> Callable[[str, str], None]:
    """Give a function that sends a signal to all processes of a container."""

    def send(name: str, signal: str) -> None:
        found = pi.check_output("docker top %s -o pid", name).split()[1:]
        pi.check_output(f"kill -{signal} {' '.join(found)}")

    return send


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_whose_process_dies_is_back_within_ten_seconds(
    name: str,
    api: Any,
    signal_all: Callable[[str, str], None],
    engine_says: Callable[[str, str], str],
    wait_for: Callable[..., Any],
) -> None:
    before = engine_says(name, ".State.StartedAt")
    signal_all(name, "KILL")
    wait_for(
        f"{name} runs again",
        lambda: (
            engine_says(name, ".State.Running") == "true"
            and engine_says(name, ".State.StartedAt") != before
        ),
        seconds=10,
    )
    wait_for("the appliance serves", lambda: serves(api), seconds=10)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_that_hangs_answers_again_within_thirty_seconds(
    name: str,
    api: Any,
    signal_all: Callable[[str, str], None],
    engine_says: Callable[[str, str], str],
    wait_for: Callable[..., Any],
) -> None:
    before = engine_says(name, ".State.StartedAt")
    signal_all(name, "STOP")
    wait_for(
        f"{name} was started anew, and all is well",
        lambda: engine_says(name, ".State.StartedAt") != before and is_well(api),
        seconds=30,
    )


@pytest.fixture
def no_runtime(pi: Any) -> Iterator[Callable[[], None]]:
    """Take away what the engine runs containers with; give a function that puts it back."""
    runc = pi.check_output("command -v runc")
    pi.check_output("mv %s %s", runc, f"{runc}.away")

    def put_back() -> None:
        pi.check_output("mv --no-clobber %s %s", f"{runc}.away", runc)

    try:
        yield put_back
    finally:
        pi.run("test -e %s || mv %s %s", runc, f"{runc}.away", runc)


def test_a_container_that_the_engine_could_not_start_is_started(
    pi: Any,
    api: Any,
    engine_says: Callable[[str, str], str],
    no_runtime: Callable[[], None],
    wait_for: Callable[..., Any],
) -> None:
    """The engine tries once, and leaves it down for good (moby issues 37637 and 48870)."""
    name = "inkstand-pigpiod"
    pi.check_output(f"kill -KILL {engine_says(name, '.State.Pid')}")
    wait_for("the engine failed", lambda: engine_says(name, ".State.Error"))
    no_runtime()
    wait_for("all is well", lambda: is_well(api), seconds=60)


def test_what_somebody_stopped_or_paused_stays_so(
    pi: Any,
    signal_all: Callable[[str, str], None],
    engine_says: Callable[[str, str], str],
    wait_for: Callable[..., Any],
) -> None:
    """Proved by one that hangs meanwhile and is back: the watcher has seen all three."""
    pi.check_output("docker stop inkstand-pigpiod")
    pi.check_output("docker pause inkstand-app")
    before = engine_says("inkstand-traefik", ".State.StartedAt")
    signal_all("inkstand-traefik", "STOP")
    wait_for(
        "traefik is back",
        lambda: engine_says("inkstand-traefik", ".State.StartedAt") != before,
        seconds=30,
    )
    stopped = engine_says("inkstand-pigpiod", ".State.Running")
    paused = engine_says("inkstand-app", ".State.Paused")
    pi.check_output("docker unpause inkstand-app")
    pi.check_output("docker start inkstand-pigpiod")
    assert (stopped, paused) == ("false", "true")


def test_a_firewall_that_somebody_flushed_is_put_right(
    api: Any,
    pi: Any,
    started_at: Callable[[], list[str]],
    wait_for: Callable[..., Any],
) -> None:
    """No container is started anew, and the engine not twice."""
    journal = "journalctl --unit inkstand-watcher --boot --output cat"
    restarts = "from outside: the engine is restarted"
    wait_for("all is well", lambda: is_well(api))
    before = pi.check_output(journal).count(restarts)
    containers = started_at()
    pi.check_output("iptables -F; iptables -t nat -F")
    api.renew()
    assert not serves(api)
    wait_for("it serves again", lambda: serves(api), seconds=60)
    assert started_at() == containers
    wait_for("the engine is up", lambda: pi.run("systemctl is-active docker").rc == 0)
    assert pi.check_output(journal).count(restarts) == before + 1


@pytest.mark.usefixtures("clock")
def test_the_button_works_after_all_that(
    api: Any,
    pi: Any,
    current: Callable[[], bytes],
    shows_clock: Callable[[], bool],
    wait_for: Callable[..., Any],
) -> None:
    wait_for("all is well", lambda: api.ask("GET", "/healthz")[1]["status"] == "ok")
    before = current()
    api.send("Press me")
    wait_for("the message on the glass", lambda: current() != before)
    pi.check_output("docker exec inkstand-pigpiod press 22")
    wait_for("the clock on the glass", shows_clock, seconds=20)


@pytest.mark.usefixtures("clock")
def test_a_panel_that_fails_is_told_and_recovers(
    api: Any, pi: Any, current: Callable[[], bytes], wait_for: Callable[..., Any]
) -> None:
    before = current()
    pi.check_output("epdfuse simulate fail broken")
    try:
        api.send("Shown when it is well again")
        wait_for(
            "the error",
            lambda: pi.file("/run/epd/panel/error").content_string == "Panel broken\n",
        )
        assert current() == before
        assert serves(api)
    finally:
        pi.check_output("epdfuse simulate fail ok")
    wait_for("the message on the glass", lambda: current() != before, seconds=20)


@pytest.mark.usefixtures("clock")
def test_everything_is_up_after_a_reboot(
    api: Any,
    pi: Any,
    instance: str,
    current: Callable[[], bytes],
    wait_for: Callable[..., Any],
) -> None:
    history = api.ask("GET", "/api/v1/messages")
    subprocess.run(["docker", "restart", instance], check=True, capture_output=True)
    wait_for(
        "systemd has started everything",
        lambda: pi.run("systemctl is-system-running --wait").stdout.strip() == "running",
        seconds=BOOT_SECONDS,
    )
    # A restarted container may have another address.
    api.pool.host = container.address(instance)
    wait_for("the appliance serves", lambda: serves(api), seconds=BOOT_SECONDS)
    running = pi.check_output("docker ps --format '{{.Names}}'").split()
    assert sorted(running) == list(CONTAINERS)
    assert api.ask("GET", "/api/v1/messages") == history
    before = current()
    api.send("After the reboot")
    wait_for("the message on the glass", lambda: current() not in (b"", before), seconds=20)
