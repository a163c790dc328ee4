"""The appliance as its user and its owner meet it: over HTTPS, and with a shell on the Pi."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops

from virtual_pi import container, testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EPD = "/run/epd/panel"


class Api(testing.Client):
    """The HTTPS interface."""

    def send(self, message: str) -> None:
        """Send a message, which must be taken."""
        assert self.ask("POST", "/messages", json={"message": message})[0] == 201


@pytest.fixture(scope="session")
def patience() -> float:
    return 10


@pytest.fixture(scope="session")
def ca(pi: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CA certificate that the role made, copied from the Pi."""
    path: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(pi.file("/etc/inkstand/traefik/ca.pem").content_string)
    return path


@pytest.fixture(scope="session")
def login(state: Path) -> dict[str, str]:
    """The owner's name and password."""
    return testing.login(state)


@pytest.fixture(scope="session")
def anonymous(instance: str, ca: Path) -> Iterator[Api]:
    """Somebody who has not logged in."""
    api = Api(container.address(instance), str(ca))
    yield api
    api.pool.close()


@pytest.fixture(scope="session")
def api(anonymous: Api, login: dict[str, str]) -> Iterator[Api]:
    """The owner, logged in."""
    owner = Api(anonymous.address, anonymous.ca)
    owner.log_in(login)
    yield owner
    owner.pool.close()


@pytest.fixture(scope="session")
def current(instance: str) -> Callable[[], bytes]:
    """Give a function that reads what is on the glass; empty while there is no panel."""

    def read() -> bytes:
        argv = ["docker", "exec", instance, "cat", f"{EPD}/LE/current"]
        return subprocess.run(argv, check=False, capture_output=True).stdout

    return read


@pytest.fixture(scope="session")
def glass_picture(instance: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Any]:
    """Give a function that fetches what the simulated panel shows, as a Pillow image."""
    folder: Path = tmp_path_factory.mktemp("glass")

    def fetch() -> Any:
        argv = ["docker", "cp", f"{instance}:/var/lib/epdfuse/glass.png", str(folder)]
        subprocess.run(argv, check=True, capture_output=True)
        with Image.open(folder / "glass.png") as picture:
            return picture.convert("1")

    return fetch


@pytest.fixture(scope="session")
def clock_frame(instance: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], bytes]:
    """Give a function that lets the app draw the clock of this minute: the frame, 1 = black."""
    path: Path = tmp_path_factory.mktemp("clock") / "clock.png"

    def draw() -> bytes:
        script = "inkstand render clock -o /tmp/clock.png >&2 && cat /tmp/clock.png"
        argv = ["docker", "exec", instance, "docker", "exec", "inkstand-app", "sh", "-c", script]
        path.write_bytes(subprocess.run(argv, check=True, capture_output=True).stdout)
        with Image.open(path) as picture:
            return ImageChops.invert(picture.convert("1")).tobytes()

    return draw


@pytest.fixture(scope="session")
def shows_clock(
    current: Callable[[], bytes], clock_frame: Callable[[], bytes]
) -> Callable[[], bool]:
    """Give a function that tells whether the glass shows the clock with the right time."""
    return lambda: current() == clock_frame()


@pytest.fixture
def clock(api: Api, shows_clock: Callable[[], bool], wait_for: Callable[..., Any]) -> None:
    """The glass shows the clock: each message that was still to be read is taken back."""
    _, found = api.ask("GET", "/api/v1/messages?state=waiting,shown")
    for message in found["messages"]:
        assert api.ask("DELETE", f"/api/v1/messages/{message['id']}") == (204, None)
    wait_for("the clock on the glass", shows_clock, seconds=20)


@pytest.fixture
def engine_says(pi: Any) -> Callable[[str, str], str]:
    """Give a function that asks the Pi's engine for one value of a container."""
    return lambda name, template: pi.check_output(
        "docker inspect --format %s %s", "{{" + template + "}}", name
    )
