"""A pack of the owner's, which asks a meter in another network of the Pi's."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

HOST = "kueche.home.arpa"
STATUS = json.dumps({"power": {"now": 1284.6}, "history": [3, 1, 4, 1, 5]})
# The image of the app has what it takes to be a meter.
METER = (
    "docker run --detach --rm --name meter --network inkstand-internet --read-only"
    " --tmpfs /tmp --workdir /tmp --entrypoint sh {image} -c"
    " 'echo \"$0\" > status.json; exec python3 -m http.server 8000' '{status}'"
)


@pytest.fixture
def meter(pi: Any) -> Iterator[None]:
    """A meter that answers, and an app that has not found it missing for long."""
    image = pi.check_output("docker inspect --format '{{.Config.Image}}' inkstand-app")
    pi.check_output(METER.format(image=image, status=STATUS))
    pi.check_output("docker restart inkstand-app")
    yield
    pi.run("docker rm --force meter")


def power(owner: Any) -> dict[str, Any]:
    """Return how the pack is, nothing while the app starts."""
    status, told, _ = owner.ask("GET", "/api/v1/status")
    return next(iter(told["screens"]), {}) if status == 200 else {}


@pytest.mark.usefixtures("meter")
def test_what_a_meter_says_is_on_the_glass(
    pi: Any, owner: Any, wait_for: Callable[..., Any]
) -> None:
    """And is what a preview of it is."""
    wait_for("an answer of the meter", lambda: power(owner).get("fetched_at"), seconds=200)
    assert (power(owner)["name"], power(owner)["state"]) == ("power", "ok")
    while (before := owner.ask("GET", "/api/v1/screen")[1])["name"] != "power":
        pi.check_output("docker exec inkstand-pigpiod press 17")
        wait_for(
            "what comes after it",
            lambda before=before: owner.ask("GET", "/api/v1/screen")[1] != before,
        )
    pi.check_output(
        'docker exec inkstand-app sh -c \'echo "$0" > /tmp/status.json; inkstand packs preview'
        " /etc/inkstand/packs/power.toml --set host=meter --data meter=/tmp/status.json"
        " --size 200x96 --output /tmp/power.png' %s",
        STATUS,
    )
    drawn = pi.check_output("docker exec inkstand-app base64 --wrap=0 /tmp/power.png")
    expected = _pixels(drawn)
    wait_for("the same on the glass", lambda: _glass(owner) == expected, seconds=60)
    pi.check_output("docker exec inkstand-pigpiod press 17")
    wait_for("the clock", lambda: owner.ask("GET", "/api/v1/screen")[1]["screen"] == "clock")


def test_its_address_is_for_the_app_alone_to_read(pi: Any) -> None:
    secret = pi.file("/etc/inkstand/app/secrets/screens")
    assert (secret.mode, secret.uid) == (0o400, 10001)
    assert "meter:8000" in secret.content_string
    assert "meter:8000" not in pi.file("/etc/inkstand/app/inkstand.toml").content_string
    assert "meter:8000" not in pi.check_output("docker inspect inkstand-app")


def _pixels(encoded: str) -> bytes:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        pixels: bytes = picture.convert("1").tobytes()
    return pixels


def _glass(owner: Any) -> bytes:
    headers = {"Host": HOST, "Authorization": owner.token}
    with contextlib.closing(owner.connect()) as connection:
        connection.request("GET", "/api/v1/panel.png", headers=headers)
        return _pixels(base64.b64encode(connection.getresponse().read()).decode())
