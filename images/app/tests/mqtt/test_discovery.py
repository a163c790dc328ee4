"""What Home Assistant is told: each topic is one of ours, each template makes what it should."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jinja2
import pytest

from inkstand.events import Gesture
from inkstand.messages import Message, State
from inkstand.messages.events import ScreenKind, ScreenState
from inkstand.mqtt import discovery, payloads
from inkstand.mqtt.topics import Topics

pytestmark = pytest.mark.unit
TOPICS = Topics("kitchen", ("home",), "homeassistant")
DEVICE = discovery.device(TOPICS, "Kitchen", "https://mac.example.com", ("clock", "weather"))
ENTITIES: dict[str, dict[str, Any]] = DEVICE["components"]
NOW = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
MESSAGE = Message(id=7, author="Ada", text="x" * 300, at=NOW, state=State.SHOWN)


def rendered(name: str, template: str = "value_template", **changes: object) -> str:
    """Return what Home Assistant makes of a state for the entity `name`."""
    values: dict[str, Any] = {
        "screen": ScreenState(ScreenKind.MESSAGE, MESSAGE),
        "held": None,
        "quiet_until": NOW,
        "waiting": 3,
        "panel": "ok",
        "button": "pigpiod is away",
        "last_read_at": NOW,
        "refreshes": 12,
        "certificate_expires_at": NOW,
        "updates": 3,
        **changes,
    }
    told = json.loads(payloads.state(payloads.Condition(**values)))
    environment = jinja2.Environment(autoescape=True)
    return environment.from_string(ENTITIES[name][template]).render(value_json=told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "x" * 255),
        ("screen", "message"),
        ("held", "playlist"),
        ("quiet", "ON"),
        ("waiting", "3"),
        ("refreshes", "12"),
        ("certificate", "2026-11-29T18:00:00.000Z"),
        ("panel_problem", "OFF"),
        ("button_problem", "ON"),
        ("last_read", "2026-11-29T18:00:00.000Z"),
    ],
)
def test_a_state_is_what_the_entity_says(name: str, value: str) -> None:
    assert rendered(name) == value


def test_without_a_message_or_a_certificate_nothing_is_made_up() -> None:
    empty: dict[str, Any] = {
        "screen": ScreenState(ScreenKind.CLOCK),
        "certificate_expires_at": None,
    }
    assert rendered("text", **empty) == ""
    # Home Assistant takes this word for: not known.
    assert rendered("certificate", **empty) == "None"


def test_a_screen_that_stays_is_one_of_those_to_choose() -> None:
    assert ENTITIES["held"]["options"] == ["playlist", "clock", "weather"]
    assert rendered("held", held="weather") == "weather"
    assert rendered("quiet", quiet_until=None) == "OFF"


@pytest.mark.parametrize("number", [None, 0])
def test_where_nothing_is_older_or_nobody_has_looked_there_is_nothing_to_do(
    number: int | None,
) -> None:
    versions = json.loads(rendered("updates", updates=number))
    assert versions["installed_version"] == versions["latest_version"]


def test_what_debian_has_mended_is_a_newer_version() -> None:
    assert json.loads(rendered("updates"))["latest_version"] == "3 newer"


def test_what_is_wrong_is_said_beside_that_something_is() -> None:
    assert json.loads(rendered("button_problem", "json_attributes_template")) == {
        "what": "pigpiod is away"
    }


def test_each_topic_is_one_that_the_appliance_has() -> None:
    written = {TOPICS.state, TOPICS.picture, TOPICS.button_event, TOPICS.message_event}
    for entity in ENTITIES.values():
        assert entity.get("state_topic", entity.get("image_topic", TOPICS.state)) in written
        assert entity.get("command_topic", TOPICS.press) in TOPICS.read
    assert DEVICE["availability_topic"] == TOPICS.availability


def test_each_entity_has_an_id_and_the_gestures_are_those_of_the_button() -> None:
    ids = {entity["unique_id"] for entity in ENTITIES.values()}
    assert len(ids) == len(ENTITIES)
    assert ENTITIES["button"]["event_types"] == list(Gesture)
    event = json.loads(payloads.message_event(MESSAGE))
    assert event["event_type"] in ENTITIES["messages"]["event_types"]
    pressed = [it["payload_press"] for it in ENTITIES.values() if "payload_press" in it]
    assert set(pressed) <= set(Gesture)


def test_who_has_no_home_assistant_listens_to_none() -> None:
    commands = ("message", "press", "screen", "quiet", "refresh")
    assert Topics("kitchen").read == tuple(f"inkstand/kitchen/{it}" for it in commands)
