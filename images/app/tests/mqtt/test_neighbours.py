"""Several appliances on one real broker: messages to a group, and what they know of each other."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import BrokerError
from inkstand.mqtt import mqtt
from inkstand.mqtt.connection import Broker
from inkstand.mqtt.posting import post

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Run = Callable[..., Awaitable[Any]]
    Eventually = Callable[..., Awaitable[None]]

pytestmark = pytest.mark.integration
GROUP = "inkstand/group/home/message"
POST = ("POST", "/groups/home/messages")
NAMES = ("kitchen", "hall", "attic")
STATE = {"screen": "clock", "message": None, "waiting": 0, "panel": "ok", "button": "ok"}
# What a broker says to who connects: they are in.
CONNACK = bytes([0x20, 3, 0, 0, 0])
PLUGINS = [*Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")]


@pytest.fixture
async def house(run_app: Run, broker: Any, other: Any) -> list[Any]:
    """Three appliances in the group `home`, which are all on the broker."""
    apps = [await run_app(broker.url, name, mqtt_groups=("home",)) for name in NAMES]
    for name in NAMES:
        assert await other.hears(f"inkstand/{name}/availability") == b"online"
    return apps


def known(app: Any) -> dict[str, Any]:
    """Return the others that `app` knows, by their names."""
    return {each.name: each for each in app.system.mqtt.neighbours}


async def test_what_is_posted_to_a_group_is_shown_on_all_of_it_once(
    house: list[Any], other: Any
) -> None:
    body = {"text": "Bins", "priority": "urgent", "show_for": 60, "bold": True}
    headers = {"Idempotency-Key": "bins 7"}
    answers = [await house[0].ask(*POST, json=body, headers=headers) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][0] == 202
    for name in NAMES:
        await other.hears_json(f"inkstand/{name}/event/message", event_type="shown", text="Bins")
    for text in ("same", "same"):
        assert (await house[1].ask(*POST, json={"text": text}))[0] == 202
    for app in house:
        assert await app.has(3) == ["Bins", "same", "same"]
        message = await app.system.store.get(1)
        assert (message.author, message.priority, message.show_for) == ("owner", "urgent", 60)
        assert message.look.bold


async def test_the_same_key_of_another_appliance_is_another_message(house: list[Any]) -> None:
    for app in house[:2]:
        await app.ask(*POST, json={"text": "Hello"}, headers={"Idempotency-Key": "1"})
    assert await house[2].has(2) == ["Hello", "Hello"]


async def test_who_was_away_shows_it_when_it_is_back(
    house: list[Any], run_app: Run, broker: Any
) -> None:
    await house[2].stop()
    for expires_at in ("2999-01-01T00:00:00Z", None):
        body = {"text": "Bins", **({"expires_at": expires_at} if expires_at else {})}
        assert (await house[0].ask(*POST, json=body))[0] == 202
    attic = await run_app(broker.url, "attic", mqtt_groups=("home",))
    for app in (*house[:2], attic):
        assert await app.has(2) == ["Bins", "Bins"]


async def test_appliances_know_how_the_others_are(
    house: list[Any], other: Any, eventually: Eventually
) -> None:
    kitchen, hall, _ = house
    other.say("inkstand/hall/message", "Keys?")
    await eventually(lambda: "hall" in known(kitchen) and known(kitchen)["hall"].message)
    await eventually(lambda: "attic" in known(kitchen) and known(kitchen)["attic"].screen)
    status, told = await kitchen.ask("GET", "/neighbours")
    attic = {"name": "attic", "online": True, **STATE}
    shown = {"name": "hall", "online": True, **STATE, "screen": "message", "message": "Keys?"}
    assert (status, told) == (200, {"groups": ["home"], "neighbours": [attic, shown]})
    await hall.stop()
    await eventually(lambda: not known(kitchen)["hall"].online)
    assert known(kitchen)["hall"].message == "Keys?"
    for what in ("state", "availability"):
        other.say(f"inkstand/hall/{what}", "", retain=True)
    await eventually(lambda: set(known(kitchen)) == {"attic"})


async def test_a_new_one_knows_at_once_who_is_there_already(
    house: list[Any], run_app: Run, broker: Any, eventually: Eventually
) -> None:
    await house[2].stop()
    cellar = await run_app(broker.url, "cellar")
    online = {"kitchen": True, "hall": True, "attic": False}
    await eventually(lambda: {name: it.online for name, it in known(cellar).items()} == online)
    assert (await cellar.ask(*POST, json={"text": "Hello"}))[0] == 404


async def test_rubbish_is_no_neighbour_and_is_said_once(
    house: list[Any], other: Any, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    for name, payload in (
        ("Big Kitchen", "{}"),
        ("cellar", b"\xff"),
        ("cellar", "[" * 9000),
        ("cellar", '{"waiting": -1}'),
        ("kitchen", '{"screen": "telly"}'),
    ):
        other.say(f"inkstand/{name}/state", payload, retain=True)
    other.say("inkstand/cellar/availability", "maybe", retain=True)
    other.say("inkstand/garage/state", '{"screen": "clock"}', retain=True)
    await eventually(lambda: set(known(house[0])) == {"hall", "attic", "garage"})
    said = [it for it in caplog.messages if "is not listened to" in it]
    assert len(said) == len(house)


async def test_while_the_broker_is_away_nothing_is_sent_and_nobody_known(
    house: list[Any], broker: Any, eventually: Eventually
) -> None:
    await eventually(lambda: known(house[0]))
    broker.stop()
    await eventually(lambda: not known(house[0]))
    status, problem = await house[0].ask(*POST, json={"text": "lost"})
    assert (status, problem["code"]) == (503, "broker")
    assert "Connection refused" in problem["detail"]
    broker.start()
    await eventually(lambda: set(known(house[0])) == {"hall", "attic"}, within=60)
    assert (await house[0].ask(*POST, json={"text": "sent"}))[0] == 202
    for app in house:
        assert await app.has(1) == ["sent"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/groups/street/messages", {"text": "Hello"}, 404),
        ("/groups/home/messages", {"text": " "}, 422),
        ("/groups/home/messages", {"text": "x" * 100_001}, 413),
        ("/groups/home/messages", {"text": "x" * 65_000}, 422),
        ("/groups/home/messages", {"text": "\ud800"}, 202),
    ],
    ids=["a group that it is not in", "blank", "too long", "too long for MQTT", "half a character"],
)
async def test_what_cannot_be_sent_is_refused(
    run_app: Run, broker: Any, path: str, body: dict[str, Any], status: int
) -> None:
    app = await run_app(broker.url, mqtt_groups=("home",), message_max_length=100_000)
    headers = {"Content-Type": "application/json"}
    assert (await app.ask("POST", path, data=json.dumps(body), headers=headers))[0] == status


async def test_who_may_not_read_the_others_knows_nobody_and_the_rest_works(
    run_app: Run,
    make_broker: Callable[..., Any],
    tmp_path: Path,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "inkstand.mqtt")
    (tmp_path / "acl").write_text(
        "topic readwrite inkstand/kitchen/#\ntopic readwrite inkstand/hall/message\n"
        "topic readwrite inkstand/group/home/message\ntopic write inkstand/+/state\n"
    )
    strict = make_broker("allow_anonymous true", f"acl_file {tmp_path}/acl")
    groups = {"mqtt_groups": ("home", "street")}
    apps = [await run_app(strict.url, name, **groups) for name in ("kitchen", "hall")]
    await eventually(lambda: caplog.messages.count("connected with the broker") == len(apps))
    assert (await apps[0].ask(*POST, json={"text": "Hello"}))[0] == 202
    for app in apps:
        assert await app.has(1) == ["Hello"]
    assert known(apps[0]) == {}
    status, problem = await apps[0].ask("POST", "/groups/street/messages", json={"text": "Hello"})
    assert (status, problem["detail"].partition("later: ")[2]) == (
        503,
        "it refuses that: Not authorized",
    )


async def test_a_broker_that_refuses_that_they_are_read_is_told_of_once(
    run_app: Run,
    make_broker: Callable[..., Any],
    tmp_path: Path,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if not PLUGINS:
        pytest.skip("Mosquitto's plugin for dynamic security is not installed")
    refused = {"acltype": "subscribeLiteral", "allow": False}
    acls = [{**refused, "topic": f"inkstand/+/{what}"} for what in ("state", "availability")]
    kinds = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")
    rules = {
        "defaultACLAccess": dict.fromkeys(kinds, True),
        "clients": [],
        "roles": [{"rolename": "all", "acls": acls}],
        "groups": [{"groupname": "all", "roles": [{"rolename": "all"}], "clients": []}],
        "anonymousGroup": "all",
    }
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    plugin = f"plugin {PLUGINS[0]}", f"plugin_opt_config_file {tmp_path}/rules.json"
    strict = make_broker("allow_anonymous true", *plugin)
    app = await run_app(strict.url, mqtt_groups=("home",))

    def said() -> list[str]:
        return [it for it in caplog.messages if "may not read inkstand/+/" in it]

    await eventually(lambda: len(said()) == 2)
    strict.stop()
    strict.start()
    caplog.set_level("INFO", "inkstand.mqtt")
    await eventually(lambda: "connected with the broker" in caplog.messages, within=60)
    assert (await app.ask(*POST, json={"text": "Hello"}))[0] == 202
    assert await app.has(1) == ["Hello"]
    assert len(said()) == 2


@pytest.fixture
def stand_in() -> Iterator[Callable[[bytes, bool], Broker]]:
    """Make a broker that says these bytes to who connects, and no more, or goes then."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def make(said: bytes, goes: bool) -> Broker:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(60)
        sockets.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            sockets.append(connection)
            connection.recv(1024)
            connection.sendall(said)
            if goes:
                connection.recv(1024)
                connection.close()

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return Broker(f"mqtt://127.0.0.1:{listener.getsockname()[1]}", "kitchen")

    yield make
    for thread in threads:
        thread.join(60)
    for each in sockets:
        each.close()


@pytest.mark.parametrize(
    ("said", "goes", "reason"),
    [
        (b"", False, "it does not answer"),
        (CONNACK, False, "it does not answer"),
        (CONNACK, True, "the connection was lost"),
    ],
)
async def test_a_broker_that_does_not_say_that_it_has_it_has_not(
    stand_in: Callable[[bytes, bool], Broker], said: bytes, goes: bool, reason: str
) -> None:
    broker = stand_in(said, goes)
    # Which may be short: what is waited for does not come.
    deadline = time.monotonic() + (60.0 if goes else 0.5)
    with pytest.raises(BrokerError, match=reason):
        await asyncio.to_thread(post, broker, GROUP, b"{}", deadline)


async def test_what_waits_for_its_turn_too_long_is_not_sent(
    house: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "_PATIENCE", 0.01)
    async with house[0].system.mqtt._turn:
        status, problem = await house[0].ask(*POST, json={"text": "lost"})
    assert (status, problem["detail"].partition("later: ")[2]) == (503, "it does not answer")
    monkeypatch.undo()
    assert (await house[0].ask(*POST, json={"text": "sent"}))[0] == 202
    assert await house[0].has(1) == ["sent"]


def test_after_its_time_nothing_is_sent() -> None:
    with pytest.raises(BrokerError, match="it does not answer"):
        post(Broker("mqtt://127.0.0.1:1", "kitchen"), GROUP, b"{}", time.monotonic())
