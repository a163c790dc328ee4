"""A real Home Assistant finds the appliance by itself, reads it, and drives it."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from images.app.tests.mqtt import home_assistant
from inkstand.mqtt import discovery
from inkstand.mqtt.topics import Topics
from inkstand.rendering import from_frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
COMPONENTS = discovery.device(Topics("kitchen", (), "homeassistant"), "", "", ())["components"]


@pytest.fixture(scope="module")
def root() -> Path:
    """A root file system with Home Assistant in it."""
    if not home_assistant.is_wanted():
        pytest.skip("takes long; `make test-home-assistant` runs it")
    return home_assistant.make_root()


@pytest.fixture
def home(
    root: Path, tmp_path: Path, broker: Any, free_port: int
) -> Iterator[home_assistant.HomeAssistant]:
    """Home Assistant on the broker."""
    home = home_assistant.HomeAssistant(root, tmp_path / "config", free_port, broker.port)
    try:
        home.start()
        yield home
    finally:
        home.stop()


async def test_home_assistant_reads_and_drives_it(
    home: Any, app: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    def until(entity: str, **wanted: object) -> Any:
        return asyncio.to_thread(home.until, entity, **wanted)

    await until("sensor.kitchen_screen", state="clock", friendly_name="Inkstand Screen")
    states = await asyncio.to_thread(home.states)
    wanted = {f"{entity['platform']}.kitchen_{name}" for name, entity in COMPONENTS.items()}
    assert {name for name in states if "kitchen" in name} == wanted
    assert states["sensor.kitchen_waiting"]["state"] == "0"
    assert states["binary_sensor.kitchen_panel_problem"]["state"] == "off"
    assert states["update.kitchen_updates"]["state"] == "off"
    assert "unavailable" not in {states[name]["state"] for name in wanted}

    tea, show = "Tea is ready, says {Home}", "notify.kitchen_notify"
    await asyncio.to_thread(home.call, "notify/send_message", show, message=tea)
    await until("event.kitchen_messages", event_type="shown", text=tea)
    await until("text.kitchen_text", state=tea)
    await until("sensor.kitchen_screen", state="message")
    picture = await asyncio.to_thread(home.picture, "image.kitchen_glass")
    on_glass = from_frame(app.system.display.frame)
    assert Image.open(io.BytesIO(picture)).convert("1").tobytes() == on_glass.tobytes()

    app.press()
    await until("event.kitchen_button", event_type="short")
    await until("event.kitchen_messages", event_type="read", text=tea)
    await until("text.kitchen_text", state="")
    read_at = await asyncio.to_thread(lambda: home.states()["sensor.kitchen_last_read"]["state"])
    assert datetime.fromisoformat(read_at) <= datetime.now(UTC)

    box = "text.kitchen_text"
    await asyncio.to_thread(home.call, "text/set_value", box, value="From the box")
    await until("event.kitchen_messages", event_type="shown", text="From the box")
    await asyncio.to_thread(home.call, "button/press", "button.kitchen_press")
    await until("event.kitchen_messages", event_type="read", text="From the box")
    await asyncio.to_thread(home.call, "button/press", "button.kitchen_show_status")
    await until("sensor.kitchen_screen", state="status")

    app.press()
    await until("sensor.kitchen_screen", state="clock")

    select, quiet = "select.kitchen_held", "switch.kitchen_quiet"
    await until(select, state="playlist", options=["playlist", "clock", "clock-date"])
    await asyncio.to_thread(home.call, "select/select_option", select, option="clock-date")
    await until(select, state="clock-date")
    await until("sensor.kitchen_screen", state="clock-date")
    app.press()
    await until(select, state="playlist")
    await asyncio.to_thread(home.call, "switch/turn_on", quiet)
    await until(quiet, state="on")
    assert app.system.controller.state.home.quiet_until is not None
    await asyncio.to_thread(home.call, "switch/turn_off", quiet)
    await until(quiet, state="off")

    before = app.system.display.refreshes["full"]
    await asyncio.to_thread(home.call, "button/press", "button.kitchen_refresh")
    await eventually(lambda: app.system.display.refreshes["full"] > before)

    await app.stop()
    await until("sensor.kitchen_screen", state="unavailable")
