"""The appliance as its user and its owner meet it: over HTTPS, and with a shell on the Pi."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import testinfra
import urllib3
from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EPD = "/run/epd/panel"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Instance:
    """The virtual Pi that molecule made."""

    name: str
    state: Path

    @property
    def address(self) -> str:
        """Its address on the engine's network; its ports are published nowhere."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return _output(["docker", "inspect", "--format", template, self.name]).strip()


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@dataclass
class Api:
    """The HTTPS interface, with the certificate verified as a browser would."""

    address: str
    ca: str
    login: Mapping[str, str]
    token: str = ""
    pool: urllib3.HTTPSConnectionPool = field(init=False)

    def __post_init__(self) -> None:
        """Open no connection yet."""
        self.pool = urllib3.HTTPSConnectionPool(
            self.address,
            443,
            ca_certs=self.ca,
            cert_reqs=ssl.CERT_REQUIRED,
            server_hostname="localhost",
            assert_hostname="localhost",
            timeout=urllib3.Timeout(15),
            retries=False,
        )

    def ask(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Send a request: status and decoded JSON of the answer."""
        headers = {"Host": "localhost", **arguments.pop("headers", {})}
        answer = self.pool.request(method, path, headers=headers, **arguments)
        return answer.status, answer.json() if answer.data else None

    def authorized(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Send a request as the owner."""
        return self.ask(method, path, headers={"Authorization": self.token}, **arguments)

    def send(self, message: str) -> None:
        """Send a message, which must be taken."""
        assert self.authorized("POST", "/messages", json={"message": message})[0] == 201


@pytest.fixture(scope="session")
def instance() -> Instance:
    """What molecule made; its playbook says which."""
    return Instance(os.environ["INKSTAND_INSTANCE"], Path(os.environ["INKSTAND_INSTANCE_STATE"]))


@pytest.fixture(scope="session")
def pi(instance: Instance) -> Any:
    """A root shell on the Pi."""
    return testinfra.get_host(f"docker://{instance.name}")


@pytest.fixture(scope="session")
def ca(pi: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CA certificate that the role made, copied from the Pi."""
    path: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(pi.file("/etc/inkstand/traefik/ca.pem").content_string)
    return path


@pytest.fixture(scope="session")
def login(instance: Instance) -> dict[str, str]:
    """The owner's name and password."""
    kept = json.loads((instance.state / "credentials.json").read_text())
    return {"username": kept["username"], "password": kept["password"]}


@pytest.fixture(scope="session")
def anonymous(instance: Instance, ca: Path, login: dict[str, str]) -> Iterator[Api]:
    """Somebody who has not logged in."""
    api = Api(instance.address, str(ca), login)
    yield api
    api.pool.close()


@pytest.fixture(scope="session")
def api(anonymous: Api, login: dict[str, str]) -> Iterator[Api]:
    """The owner, logged in."""
    status, body = anonymous.ask("POST", "/login", json=login)
    assert status == 200
    owner = Api(anonymous.address, anonymous.ca, login, body["token"])
    yield owner
    owner.pool.close()


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., Any]:
    """Give a function that asks until the answer is true, and gives that answer."""

    def wait(what: str, ask: Callable[[], Found], seconds: float = 10) -> Found:
        deadline = time.monotonic() + seconds
        while True:
            found = ask()
            if found:
                return found
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.1)

    return wait


@pytest.fixture(scope="session")
def current(instance: Instance) -> Callable[[], bytes]:
    """Give a function that reads what is on the glass; empty while there is no panel."""

    def read() -> bytes:
        argv = ["docker", "exec", instance.name, "cat", f"{EPD}/current"]
        return subprocess.run(argv, check=False, capture_output=True).stdout

    return read


@pytest.fixture(scope="session")
def glass_picture(
    instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Any]:
    """Give a function that fetches what the simulated panel shows, as a Pillow image."""
    folder: Path = tmp_path_factory.mktemp("glass")

    def fetch() -> Any:
        argv = ["docker", "cp", f"{instance.name}:/var/lib/epdfuse/glass.png", str(folder)]
        subprocess.run(argv, check=True, capture_output=True)
        with Image.open(folder / "glass.png") as picture:
            return picture.convert("1")

    return fetch


@pytest.fixture(scope="session")
def clock_frame(
    instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], bytes]:
    """Give a function that lets the app draw the clock of this minute: the frame, 1 = black."""
    path: Path = tmp_path_factory.mktemp("clock") / "clock.png"

    def draw() -> bytes:
        script = "inkstand render clock -o /tmp/clock.png >&2 && cat /tmp/clock.png"
        argv = ["docker", "exec", instance.name, "docker", "exec", "app", "sh", "-c", script]
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
    _, found = api.authorized("GET", "/api/v1/messages?state=waiting,shown")
    for message in found["messages"]:
        assert api.authorized("DELETE", f"/api/v1/messages/{message['id']}") == (204, None)
    wait_for("the clock on the glass", shows_clock, seconds=20)


@pytest.fixture
def engine_says(pi: Any) -> Callable[[str, str], str]:
    """Give a function that asks the Pi's engine for one value of a container."""
    return lambda name, template: pi.check_output(
        "docker inspect --format %s %s", "{{" + template + "}}", name
    )
