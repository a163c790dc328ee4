"""The appliance on a real broker: what it says there, and what it shows of what is said to it."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.errors import StorageUnavailableError
from inkstand.messages import Draft
from inkstand.mqtt import mqtt
from inkstand.mqtt.connection import Broker, Connected, Connection, Received
from inkstand.rendering import from_frame
from inkstand.screens.quiet import QuietLook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
ROOT = "inkstand/kitchen"
MESSAGE = f"{ROOT}/message"


async def test_a_text_is_shown_and_its_way_is_told(app: Any, other: Any) -> None:
    other.say(MESSAGE, "Dinner is ready")
    shown = await other.hears_json(f"{ROOT}/event/message", event_type="shown")
    assert (shown["text"], shown["author"]) == ("Dinner is ready", "MQTT")
    told = {"screen": "message", "message": "Dinner is ready", "waiting": 0, "panel": "ok"}
    await other.hears_json(f"{ROOT}/state", **told)
    app.press()
    assert (await other.hears_json(f"{ROOT}/event/button"))["event_type"] == "short"
    await other.hears_json(f"{ROOT}/event/message", event_type="read")
    await other.hears_json(f"{ROOT}/state", screen="clock", message=None)


async def test_what_is_on_the_glass_is_there_as_a_picture(app: Any, other: Any) -> None:
    other.say(MESSAGE, "Look")
    await other.hears_json(f"{ROOT}/event/message", event_type="shown")
    wanted = from_frame(app.system.display.frame)
    while True:
        image = Image.open(io.BytesIO(await other.hears(f"{ROOT}/picture")))
        if image.convert("1").tobytes() == wanted.tobytes():
            break


async def test_json_has_the_options_of_the_api(app: Any, other: Any) -> None:
    wanted = {"text": "Now", "priority": "urgent", "author": "Home", "show_for": 60, "bold": True}
    other.say(MESSAGE, json.dumps(wanted))
    await app.has(1)
    message = await app.system.store.get(1)
    assert (message.text, message.author, message.priority) == ("Now", "Home", "urgent")
    assert (message.show_for, message.look.bold) == (60, True)


async def test_the_same_id_is_shown_once(app: Any, other: Any) -> None:
    for _ in range(3):
        other.say(MESSAGE, '{"id": "7", "text": "Once"}')
    other.say(MESSAGE, "last")
    other.say(MESSAGE, "last")
    assert await app.has(3) == ["Once", "last", "last"]


async def test_others_press_the_button(app: Any, other: Any) -> None:
    other.say(MESSAGE, "Hello")
    await other.hears_json(f"{ROOT}/event/message", event_type="shown")
    other.say(f"{ROOT}/press", "wink")
    other.say(f"{ROOT}/press", "short")
    await other.hears_json(f"{ROOT}/event/message", event_type="read")
    assert (await other.hears_json(f"{ROOT}/event/button"))["event_type"] == "short"


async def test_others_have_the_glass_refreshed(app: Any, other: Any, eventually: Any) -> None:
    await eventually(lambda: app.system.display.refreshes["full"])
    before = app.system.display.refreshes["full"]
    other.say(f"{ROOT}/refresh", "PRESS")
    await eventually(lambda: app.system.display.refreshes["full"] > before)


async def test_when_one_was_read_last_is_known_after_a_restart_too(
    run_app: Any, broker: Any, other: Any
) -> None:
    first = await run_app(broker.url)
    await other.hears_json(f"{ROOT}/state", last_read_at=None)
    other.say(MESSAGE, "Hello")
    await other.hears_json(f"{ROOT}/event/message", event_type="shown")
    first.press()
    while (read := (await other.hears_json(f"{ROOT}/state"))["last_read_at"]) is None:
        pass
    await first.stop()
    other.say(f"{ROOT}/state", "{}", retain=True)
    await other.hears(f"{ROOT}/state")
    await run_app(broker.url)
    await other.hears_json(f"{ROOT}/state", last_read_at=read)


async def test_others_choose_the_screen_until_the_button_is_pressed(app: Any, other: Any) -> None:
    other.say(f"{ROOT}/screen", "telly")
    other.say(f"{ROOT}/screen", "clock-date")
    await other.hears_json(f"{ROOT}/state", screen="clock-date", held="clock-date")
    app.press()
    await other.hears_json(f"{ROOT}/state", screen="clock", held=None)
    other.say(f"{ROOT}/screen", "clock-date")
    await other.hears_json(f"{ROOT}/state", screen="clock-date")
    other.say(f"{ROOT}/screen", "playlist")
    await other.hears_json(f"{ROOT}/state", screen="clock", held=None)


async def test_others_switch_the_quiet_on_and_off(app: Any, other: Any) -> None:
    other.say(f"{ROOT}/quiet", "maybe")
    other.say(f"{ROOT}/quiet", "ON")
    while (await other.hears_json(f"{ROOT}/state"))["quiet_until"] is None:
        pass
    other.say(MESSAGE, "Not now")
    await app.has(1)
    assert app.system.controller.state.current is None
    other.say(f"{ROOT}/quiet", "OFF")
    shown = await other.hears_json(f"{ROOT}/event/message", event_type="shown")
    assert shown["text"] == "Not now"
    await other.hears_json(f"{ROOT}/state", message="Not now", quiet_until=None)


async def test_below_a_message_the_quiet_is_told_too(app: Any, other: Any) -> None:
    other.say(MESSAGE, "Hello")
    await other.hears_json(f"{ROOT}/state", message="Hello")
    other.say(f"{ROOT}/quiet", "ON")
    while (await other.hears_json(f"{ROOT}/state", message="Hello"))["quiet_until"] is None:
        pass
    assert app.system.controller.state.home.quiet_until is not None


async def test_the_screens_to_choose_are_those_of_the_settings_of_now(app: Any, other: Any) -> None:
    config = "homeassistant/device/inkstand_kitchen/config"
    told = await other.hears_json(config)
    assert told["components"]["held"]["options"] == ["playlist", "clock", "clock-date"]
    controller = app.system.controller
    controller.choose(controller.state.home, dict.fromkeys(("clock", "sun")), QuietLook.UNTIL)
    other.say(MESSAGE, "Hello")
    while told["components"]["held"]["options"] != ["playlist", "clock", "sun"]:
        told = await other.hears_json(config)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" \n",
        b"\xff\xfe",
        b"{",
        b"{}",
        b'{"text": 5}',
        b'{"text": "a", "colour": 1}',
        b'{"text": "a", "id": 5}',
        b'{"text": "a", "show_for": 1e999}',
        b'{"a":' * 9000,
        b"x" * 3000,
        b"y" * 10_000_000,
    ],
    ids=range(12),
)
async def test_rubbish_is_refused_once_and_the_next_is_shown(
    app: Any, other: Any, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        other.say(MESSAGE, payload)
    other.say(MESSAGE, "Good")
    assert await app.has(1) == ["Good"]
    said = [it for it in caplog.messages if "a message by MQTT" in it]
    # What is too large is not even sent to us.
    assert len(said) == (len(payload) < 65_536)


async def test_what_somebody_left_there_is_not_shown(
    run_app: Callable[..., Awaitable[Any]], broker: Any, other: Any
) -> None:
    other.say(MESSAGE, "old", retain=True)
    other.say(f"{ROOT}/press", "\0", retain=True)
    app = await run_app(broker.url)
    await other.hears(f"{ROOT}/availability")
    other.say(MESSAGE, "new")
    assert await app.has(1) == ["new"]


async def test_it_says_when_it_goes_and_hears_then_what_it_missed(
    run_app: Callable[..., Awaitable[Any]], broker: Any, other: Any, app: Any
) -> None:
    await app.stop()
    assert await other.hears(f"{ROOT}/availability") == b"offline"
    for text in ("one", "two"):
        other.say(MESSAGE, text)
    again = await run_app(broker.url)
    assert await again.has(2) == ["one", "two"]


async def test_a_broker_that_dies_and_comes_back_loses_and_doubles_nothing(
    app: Any, other: Any, broker: Any
) -> None:
    """500 messages with ids, each sent until the broker says that it has it."""
    texts = [f"message {number}" for number in range(500)]

    def send() -> None:
        for number, text in enumerate(texts):
            if number in (100, 300):
                broker.stop(kill=number == 300)
                broker.start()
            other.say(MESSAGE, json.dumps({"id": str(number), "text": text}))
        # A broker that is killed forgets what it has not handed on: its sender says it again.
        for number, text in enumerate(texts):
            other.say(MESSAGE, json.dumps({"id": str(number), "text": text}))
        other.say(MESSAGE, "the last")

    await asyncio.to_thread(send)
    # What the broker forgot comes later, after what it did not.
    assert sorted(await app.has(501)) == sorted([*texts, "the last"])


async def test_no_broker_is_said_once_and_everything_else_goes_on(
    run_app: Callable[..., Awaitable[Any]],
    broker: Any,
    caplog: pytest.LogCaptureFixture,
    eventually: Callable[..., Awaitable[None]],
) -> None:
    caplog.set_level("INFO", "inkstand.mqtt")
    broker.stop()
    app = await run_app(broker.url)
    errors = app.system.report
    await eventually(lambda: errors.errors)
    assert errors.errors[0].what == f"broker: 127.0.0.1:{broker.port}: Connection refused"
    await app.system.controller.submit(Draft(author="ada", text="Hello"))
    broker.start()
    await eventually(lambda: "connected with the broker" in caplog.messages, within=60)
    assert len([it for it in caplog.messages if it.startswith("no broker")]) == 1


async def test_wrong_passwords_are_said(
    run_app: Callable[..., Awaitable[Any]],
    make_broker: Callable[..., Any],
    tmp_path: Path,
    eventually: Callable[..., Awaitable[None]],
) -> None:
    (tmp_path / "passwords").write_text("")
    closed = make_broker("allow_anonymous false", f"password_file {tmp_path}/passwords")
    url = f"mqtt://ada@127.0.0.1:{closed.port}"
    app = await run_app(url, mqtt_password="guess-what")
    await eventually(lambda: app.system.report.errors)
    assert app.system.report.errors[0].what.endswith("it refuses us: Not authorized")


async def test_a_topic_that_is_forbidden_is_said_and_the_others_work(
    run_app: Callable[..., Awaitable[Any]],
    make_broker: Callable[..., Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    eventually: Callable[..., Awaitable[None]],
) -> None:
    (tmp_path / "acl").write_text(
        "topic readwrite inkstand/kitchen/#\ntopic read homeassistant/status\n"
    )
    strict = make_broker("allow_anonymous true", f"acl_file {tmp_path}/acl")
    app = await run_app(strict.url)
    refused = "may not write below inkstand/kitchen"
    await eventually(lambda: any(refused in it for it in caplog.messages))
    assert app.system.report.errors == ()


async def test_a_group_shows_it_on_all_once_and_who_was_away_later(
    run_app: Callable[..., Awaitable[Any]], broker: Any, other: Any
) -> None:
    names = ("kitchen", "hall", "attic")
    apps = [await run_app(broker.url, name, mqtt_groups=("home",)) for name in names]
    for name in names:
        await other.hears(f"inkstand/{name}/availability")
    await apps[2].stop()
    body = {"id": "bins", "text": "Bins", "expires_at": "2999-01-01T00:00:00Z"}
    for _ in range(2):
        other.say("inkstand/group/home/message", json.dumps(body))
    for name in names[:2]:
        await other.hears_json(f"inkstand/{name}/event/message", event_type="shown", text="Bins")
    again = await run_app(broker.url, "attic", mqtt_groups=("home",))
    for each in (*apps[:2], again):
        assert await each.has(1) == ["Bins"]


async def test_home_assistant_is_told_again_when_it_starts(app: Any, other: Any) -> None:
    topic = "homeassistant/device/inkstand_kitchen/config"
    first = await other.hears(topic)
    other.say("homeassistant/status", "online")
    assert await other.hears(topic) == first


async def test_ten_thousand_in_a_minute_fill_only_their_own_room(
    run_app: Callable[..., Awaitable[Any]], broker: Any, other: Any
) -> None:
    app = await run_app(broker.url, waiting_max=100)
    assert await other.hears(f"{ROOT}/availability") == b"online"

    def send() -> None:
        for number in range(10_000):
            other.client.publish(MESSAGE, f"flood {number}", qos=0)
        for number in range(60):
            other.say(MESSAGE, f"more {number}")

    await asyncio.to_thread(send)
    assert len(await app.has(50)) == 50
    draft = Draft(author="ada", text="Still me", sender="another token")
    assert (await app.system.controller.submit(draft)).created


@pytest.mark.parametrize("asked", ["add", "open_by_key"])
async def test_while_the_disk_cannot_be_written_the_broker_keeps_it(
    app: Any, other: Any, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(mqtt, "_DISK_RETRY", 0.01)
    store, tried = app.system.store, asyncio.Event()

    async def fail(*_: object) -> None:
        tried.set()
        raise StorageUnavailableError("the disk is broken")

    async def known(*_: object) -> bool:
        # As for one that may be a repeat.
        return bool(await store.open_by_key("", ""))

    with monkeypatch.context() as broken:
        broken.setattr(store, asked, fail)
        if asked == "open_by_key":
            broken.setattr(mqtt.Mqtt, "_is_kept", known)
        other.say(MESSAGE, "Not lost")
        await asyncio.wait_for(tried.wait(), 60)
        assert await app.texts() == []
    assert await app.has(1) == ["Not lost"]


async def test_what_was_kept_but_not_yet_acknowledged_comes_once(
    run_app: Callable[..., Awaitable[Any]],
    broker: Any,
    app: Any,
    other: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when the power fails between the two: the broker sends it again, and says so."""
    with monkeypatch.context() as cut:
        cut.setattr(Connection, "keep", lambda *_: None)
        other.say(MESSAGE, "Once")
        await app.has(1)
        await app.stop()
    again = await run_app(broker.url)
    other.say(MESSAGE, "next")
    assert await again.has(2) == ["Once", "next"]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path, str]:
    """A certificate of 127.0.0.1 that nobody trusts: its file, that of its key, and its PEM."""
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=broker"
    files = f"-addext subjectAltName=IP:127.0.0.1 -keyout {tmp_path}/key -out {tmp_path}/pem"
    line = ["openssl", *make.split(), *files.split()]
    subprocess.run(line, check=True, capture_output=True, timeout=60)
    return tmp_path / "pem", tmp_path / "key", (tmp_path / "pem").read_text()


# After a handshake that fails paho leaves its socket for Python to find.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_by_tls_with_an_authority_of_ones_own(
    run_app: Callable[..., Awaitable[Any]],
    make_broker: Callable[..., Any],
    certificate: tuple[Path, Path, str],
    caplog: pytest.LogCaptureFixture,
    eventually: Callable[..., Awaitable[None]],
) -> None:
    file, key, pem = certificate
    files = f"certfile {file}", f"keyfile {key}"
    url = make_broker("allow_anonymous true", *files).url.replace("mqtt:", "mqtts:")
    stranger = await run_app(url, "stranger")
    await eventually(lambda: stranger.system.report.errors)
    assert "its certificate is not trusted" in stranger.system.report.errors[0].what
    await stranger.stop()
    gc.collect()
    caplog.set_level("INFO", "inkstand.mqtt")
    friend = await run_app(url, "friend", mqtt_ca=pem, mqtt_groups=("home",))
    await eventually(lambda: "connected with the broker" in caplog.messages)
    assert (await friend.ask("POST", "/groups/home/messages", json={"text": "Hello"}))[0] == 202
    assert await friend.has(1) == ["Hello"]


async def test_a_connection_of_tls_lives_on_while_both_sides_talk(
    make_broker: Callable[..., Any], certificate: tuple[Path, Path, str]
) -> None:
    """What another thread publishes is written by the one that reads, or the connection breaks."""
    file, key, pem = certificate
    files = f"certfile {file}", f"keyfile {key}"
    url = make_broker("allow_anonymous true", *files).url.replace("mqtt:", "mqtts:")
    connection = Connection(Broker(url, "both", ca=pem), ["both/said"], "both/there", "offline")
    numbers = {f"{number}".encode() for number in range(100)}
    async with asyncio.timeout(60), connection:
        assert await anext(connection) == Connected()
        for number in numbers:
            connection.publish("both/said", number)
        told: list[object] = []
        while len(told) < len(numbers):
            told.append(await anext(connection))
            if isinstance(told[-1], Received):
                connection.keep(told[-1])
    assert {each.payload for each in told if isinstance(each, Received)} == numbers
