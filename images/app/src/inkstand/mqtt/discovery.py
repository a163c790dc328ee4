"""What Home Assistant is told of the appliance: one device with its entities. Pure.

The form is that of device discovery in the documentation of its MQTT integration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkstand import __version__
from inkstand.events import Gesture
from inkstand.messages.events import TOLD
from inkstand.mqtt.topics import OFF, ON, PLAYLIST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkstand.mqtt.topics import Topics

ONLINE, OFFLINE = "online", "offline"
# A state there has at most so many characters.
_LONGEST_STATE = 255
_DIAGNOSTIC = "diagnostic"
# It wants two versions; which packages are newer, the appliance's page says.
_VERSIONS = (
    "{{ {'installed_version': 'installed', 'latest_version': (value_json.updates ~ ' newer')"
    " if value_json.updates else 'installed'} | tojson }}"
)
Entity = dict[str, Any]


def device(topics: Topics, title: str, url: str, screens: Sequence[str]) -> dict[str, Any]:
    """Return the device; `url` is that of its page, "" if it is not known."""
    identity = f"inkstand_{topics.name}"
    entities = {
        **_commands(topics),
        **_chosen(topics, screens),
        **_events(topics),
        **_states(topics),
    }
    return {
        "device": {
            "identifiers": [identity],
            "name": title,
            "manufacturer": "Inkstand",
            "model": "E-paper panel with a button",
            "sw_version": __version__,
            **({"configuration_url": url} if url else {}),
        },
        "origin": {"name": "Inkstand", "sw_version": __version__},
        "availability_topic": topics.availability,
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "qos": 1,
        "components": {
            name: {
                **entity,
                "unique_id": f"{identity}_{name}",
                "default_entity_id": f"{entity['platform']}.{topics.name}_{name}",
            }
            for name, entity in entities.items()
        },
    }


def _commands(topics: Topics) -> dict[str, Entity]:
    return {
        "notify": {"platform": "notify", "name": "Show", "command_topic": topics.message},
        "text": {
            "platform": "text",
            "name": "Message",
            "command_topic": topics.message,
            "state_topic": topics.state,
            "value_template": f"{{{{ (value_json.message or '')[:{_LONGEST_STATE}] }}}}",
            "max": _LONGEST_STATE,
        },
        "press": {
            "platform": "button",
            "name": "Press the button",
            "command_topic": topics.press,
            "payload_press": Gesture.SHORT,
        },
        "show_status": {
            "platform": "button",
            "name": "Show the status",
            "command_topic": topics.press,
            "payload_press": Gesture.LONG,
            "entity_category": _DIAGNOSTIC,
        },
        "refresh": {
            "platform": "button",
            "name": "Refresh the glass",
            "command_topic": topics.refresh,
            "entity_category": _DIAGNOSTIC,
        },
    }


def _chosen(topics: Topics, screens: Sequence[str]) -> dict[str, Entity]:
    return {
        "held": {
            "platform": "select",
            "name": "Screen to stay",
            "command_topic": topics.screen,
            "state_topic": topics.state,
            "value_template": f"{{{{ value_json.held or '{PLAYLIST}' }}}}",
            "options": [PLAYLIST, *screens],
        },
        "quiet": {
            "platform": "switch",
            "name": "Quiet",
            "command_topic": topics.quiet,
            "state_topic": topics.state,
            "value_template": f"{{{{ '{ON}' if value_json.quiet_until else '{OFF}' }}}}",
            "payload_on": ON,
            "payload_off": OFF,
        },
    }


def _events(topics: Topics) -> dict[str, Entity]:
    return {
        "button": {
            "platform": "event",
            "name": "Button",
            "device_class": "button",
            "state_topic": topics.button_event,
            "event_types": [*Gesture],
        },
        "messages": {
            "platform": "event",
            "name": "Messages",
            "state_topic": topics.message_event,
            "event_types": [*TOLD],
        },
    }


def _states(topics: Topics) -> dict[str, Entity]:
    return {
        "glass": {
            "platform": "image",
            "name": "Glass",
            "image_topic": topics.picture,
            "content_type": "image/png",
        },
        "screen": _sensor(topics, "Screen", "screen"),
        "waiting": _sensor(topics, "Messages waiting", "waiting", state_class="measurement"),
        "last_read": _sensor(topics, "Last read", "last_read_at", device_class="timestamp"),
        "refreshes": _sensor(
            topics,
            "Refreshes",
            "refreshes",
            state_class="total_increasing",
            entity_category=_DIAGNOSTIC,
        ),
        "certificate": _sensor(
            topics,
            "Certificate expires",
            "certificate_expires_at",
            device_class="timestamp",
            entity_category=_DIAGNOSTIC,
        ),
        "updates": {
            "platform": "update",
            "name": "Updates",
            "title": "Debian's packages",
            "state_topic": topics.state,
            "value_template": _VERSIONS,
            "entity_category": _DIAGNOSTIC,
        },
        "panel_problem": _problem(topics, "Panel", "panel"),
        "button_problem": _problem(topics, "Button", "button"),
    }


def _sensor(topics: Topics, name: str, key: str, **more: str) -> Entity:
    return {
        "platform": "sensor",
        "name": name,
        "state_topic": topics.state,
        "value_template": f"{{{{ value_json.{key} }}}}",
        **more,
    }


def _problem(topics: Topics, name: str, key: str) -> Entity:
    return {
        "platform": "binary_sensor",
        "name": name,
        "device_class": "problem",
        "state_topic": topics.state,
        "value_template": f"{{{{ 'OFF' if value_json.{key} == 'ok' else 'ON' }}}}",
        "json_attributes_topic": topics.state,
        "json_attributes_template": f"{{{{ {{'what': value_json.{key}}} | tojson }}}}",
        "entity_category": _DIAGNOSTIC,
    }
