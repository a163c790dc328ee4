"""All three on one broker: what is posted to a group is on each glass, also of who was off."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from PIL import Image

from tools.common.paths import ROOT
from virtual_pi.testing import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

GROUP = "home"
POST = f"/api/v1/groups/{GROUP}/messages"
# Who looks on, beside the appliances.
VIEWER = "viewer"
ACL = re.compile(r"^    user inkstand\n(?:    topic .+\n)+", re.MULTILINE)
GLASS = "/var/lib/epdfuse/glass.png"
# Below that stands when it came, which may be another minute on each.
ABOVE_THE_AUTHOR = 150
# An engine, three containers and what they load, on a machine that does other things too.
BOOT = 300


@dataclass(frozen=True)
class Broker:
    """A mosquitto that the virtual Pis reach, and its one password."""

    address: str
    port: int
    password: str


def lines_of(name: str) -> str:
    """Give what docs/mqtt.md lets an appliance do, for the user `name`."""
    (found,) = ACL.findall((ROOT / "docs" / "mqtt.md").read_text())
    return str(found).replace("user inkstand", f"user {name}").replace("kitchen", name)


@pytest.fixture(scope="module")
def broker(fleet: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One on the engine's network alone, with the users and rights that the document asks for."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    program = shutil.which("mosquitto", path=path)
    if program is None:
        pytest.skip("mosquitto is not installed (Debian package mosquitto)")
    gateway = "{{(index .IPAM.Config 0).Gateway}}"
    argv = ["docker", "network", "inspect", "bridge", "--format", gateway]
    address = subprocess.check_output(argv, text=True).strip()
    with socket.create_server((address, 0)) as listener:
        port = listener.getsockname()[1]
    folder, password = tmp_path_factory.mktemp("broker"), secrets.token_hex(16)
    names = [pi.name for pi in fleet]
    users, rights = folder / "users", folder / "rights"
    users.write_text("".join(f"{name}:{password}\n" for name in (*names, VIEWER)))
    users.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", users], check=True)
    rights.write_text(
        f"{''.join(map(lines_of, names))}user {VIEWER}\ntopic read inkstand/#\n".replace("    ", "")
    )
    rights.chmod(0o600)
    settings = [
        *(f"listener {port} {address}", "allow_anonymous false", "user root"),
        *(f"password_file {users}", f"acl_file {rights}"),
    ]
    (folder / "mosquitto.conf").write_text("\n".join((*settings, "")))
    line = ["setpriv", "--pdeathsig", "KILL", program, "-c", str(folder / "mosquitto.conf")]
    process = subprocess.Popen(line, stderr=subprocess.DEVNULL)
    yield Broker(address, port, password)
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def house(play: Callable[..., Any], fleet: list[Any], broker: Broker, place: Path) -> list[Any]:
    """All three, deployed with the broker and in the group."""
    settings = place / "group.json"
    url = f"mqtt://{{{{ inventory_hostname }}}}@{broker.address}:{broker.port}"
    given = {"app_mqtt_url": url, "app_mqtt_password": broker.password, "app_mqtt_groups": [GROUP]}
    settings.touch(0o600)
    settings.write_text(json.dumps(given))
    run = play("playbook.yml", "-e", f"@{settings}")
    assert run.status == 0, run.output[-6000:]
    return fleet


@dataclass(frozen=True)
class Owner:
    """Who has logged in to one of them."""

    pi: Any
    token: str

    def ask(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Send a request."""
        answer: tuple[int, Any] = self.pi.api.ask(method, path, self.token, **arguments)
        return answer

    def clear(self) -> None:
        """Take back what is still to be read."""
        open_ones = "/api/v1/messages?state=waiting,shown&limit=200"
        while found := self.ask("GET", open_ones)[1]["messages"]:
            for message in found:
                self.ask("DELETE", f"/api/v1/messages/{message['id']}")

    def neighbours(self) -> dict[str, bool]:
        """Say which others it knows, and whether they are there."""
        found = self.ask("GET", "/api/v1/neighbours")[1]["neighbours"]
        return {each["name"]: each["online"] for each in found}


@pytest.fixture(scope="module")
def owners(house: list[Any]) -> list[Owner]:
    """The owner at each of them."""
    owners = []
    for pi in house:
        status, body = pi.api.ask("POST", "/login", json=pi.login)
        assert status == 200, body
        owners.append(Owner(pi, body["token"]))
        owners[-1].clear()
    return owners


@pytest.fixture(scope="module")
def told(broker: Broker, owners: list[Owner]) -> Iterator[set[tuple[str, str]]]:
    """Collect which appliance says on the broker that it shows which text."""
    assert owners
    told: set[tuple[str, str]] = set()

    def hear(_client: Client, _data: object, message: MQTTMessage) -> None:
        said = json.loads(message.payload)
        if said["event_type"] == "shown":
            told.add((message.topic.split("/")[1], said["text"]))

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(VIEWER, broker.password)
    client.on_connect = lambda client, *_: client.subscribe("inkstand/+/event/message", qos=1)
    client.on_message = hear
    client.connect(broker.address, broker.port)
    client.loop_start()
    yield told
    client.disconnect()
    client.loop_stop()


def above(png: bytes) -> bytes:
    """Give the dots of a picture above its author; none while there is no picture."""
    if not png:
        return b""
    with Image.open(io.BytesIO(png)) as picture:
        dots: bytes = picture.convert("1").crop((0, 0, picture.width, ABOVE_THE_AUTHOR)).tobytes()
    return dots


def glass(pi: Any) -> bytes:
    """Give what is on the simulated panel."""
    argv = ["docker", "exec", pi.name, "cat", GLASS]
    return above(subprocess.run(argv, check=False, capture_output=True).stdout)


def drawn(pi: Any, text: str) -> bytes:
    """Give what a text looks like, as that app draws it."""
    script = 'inkstand render message --author X -o /tmp/x.png --text "$1" >&2; cat /tmp/x.png'
    inside = ["docker", "exec", "inkstand-app", "sh", "-c", script, "sh", text]
    argv = ["docker", "exec", pi.name, *inside]
    return above(subprocess.run(argv, check=True, capture_output=True).stdout)


def test_what_is_posted_to_a_group_on_one_is_on_three_glasses(
    owners: list[Owner],
    told: set[tuple[str, str]],
    patience: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, *others = owners
    text = "The bins go out tonight"
    names = {owner.pi.name for owner in owners}
    wait_for("all on the broker", lambda: len(first.neighbours()) == len(others), patience)
    expected = drawn(first.pi, text)
    assert expected not in {glass(owner.pi) for owner in owners}
    sent_at = time.time()
    assert first.ask("POST", POST, json={"text": text})[0] == 202
    wait_for(
        "it on three glasses", lambda: {glass(owner.pi) for owner in owners} == {expected}, patience
    )
    written = [float(o.pi.shell.check_output(f"stat -c %.Y {GLASS}")) - sent_at for o in owners]
    wait_for("each to say so", lambda: {(name, text) for name in names} <= told, patience)
    with capsys.disabled():
        print(f"\non the glasses after {', '.join(f'{each:.2f}' for each in sorted(written))} s")


def test_one_that_was_off_shows_what_is_still_good_when_it_is_back(
    owners: list[Owner], told: set[tuple[str, str]], patience: float
) -> None:
    first, second, third = owners
    for owner in owners:
        owner.clear()
    late, lasting = "Dinner is ready", "Please water the plants"
    expected = drawn(first.pi, lasting)
    subprocess.run(["docker", "stop", third.pi.name], check=True, capture_output=True)
    try:
        wait_for("it to be away", lambda: not first.neighbours()[third.pi.name], patience)
        ends = datetime.now(UTC) + timedelta(seconds=20)
        short = {"text": late, "expires_at": ends.isoformat()}
        assert first.ask("POST", POST, json=short)[0] == 202
        assert second.ask("POST", POST, json={"text": lasting})[0] == 202
        wait_for("the others", lambda: glass(first.pi) == glass(second.pi) == expected, patience)
        wait_for("the end of the first", lambda: datetime.now(UTC) > ends, patience)
    finally:
        subprocess.run(["docker", "start", third.pi.name], check=True, capture_output=True)
    wait_for("it on the third glass", lambda: glass(third.pi) == expected, BOOT)
    shown = {(owner.pi.name, lasting) for owner in owners}
    wait_for("each to say so", lambda: shown <= told, patience)
    assert (third.pi.name, late) not in told
    states = third.ask("GET", "/api/v1/messages?state=waiting,shown,read,expired&limit=200")[1]
    found = {it["state"] for it in states["messages"] if it["text"] == late}
    assert found <= {"expired"}
    online = {second.pi.name: True, third.pi.name: True}
    wait_for("the first to know of it", lambda: first.neighbours() == online, patience)
