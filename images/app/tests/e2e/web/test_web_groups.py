"""Messages to a group, and the other appliances of a broker, in a browser with a real broker."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from images.app.tests.e2e.web.test_web_axe import findings
from images.app.tests.mqtt.conftest import Mosquitto, Other

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
Visitor = Any


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker, on which the hall says that it shows a message, and the attic was."""
    broker = Mosquitto(tmp_path)
    broker.start()
    other = Other(broker.port)
    hall = '{"screen": "message", "message": "Keys?", "waiting": 2, "panel": "ok", "button": "ok"}'
    for topic, said in (
        ("hall/state", hall),
        ("hall/availability", "online"),
        ("attic/availability", "offline"),
        ("cellar/state", '{"screen": "clock", "panel": "ok", "button": "pigpiod is gone"}'),
        ("cellar/availability", "online"),
    ):
        other.say(f"inkstand/{topic}", said, retain=True)
    other.close()
    yield broker
    broker.stop()


@pytest.fixture
def kitchen(
    broker: Mosquitto, start: Callable[..., Any], password: str, password_hash: str
) -> SimpleNamespace:
    """An appliance in the group `home` of the broker."""
    running = start(
        "serve",
        INKSTAND_LISTEN_PORT="0",
        INKSTAND_PANEL="memory",
        INKSTAND_BUTTON="none",
        INKSTAND_PASSWORD_HASH=password_hash,
        INKSTAND_TOKEN_SECRET="0123456789abcdef" * 2,
        INKSTAND_MQTT_URL=broker.url,
        INKSTAND_MQTT_NAME="kitchen",
        INKSTAND_MQTT_GROUPS='["home", "upstairs"]',
    )
    url = running.wait_for(r"serving (http://\S+/)")[1]
    return SimpleNamespace(url=url, user="owner", password=password)


def unfold(page: Page) -> None:
    page.locator("#options").evaluate("(it) => it.open = true")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_text_goes_to_all_of_a_group(
    visit: Callable[..., Visitor], kitchen: SimpleNamespace, width: int
) -> None:
    page = visit(server=kitchen, viewport={"width": width, "height": 900}).log_in()
    unfold(page)
    page.get_by_label("Goes to").select_option("all of home")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_label("Message", exact=True).fill("Dinner is ready")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#sent")).to_have_text("Sent to all of home.")
    expect(page.get_by_label("Goes to")).to_have_value("")
    # It came back by the broker.
    expect(page.locator("#messages > li")).to_contain_text(["Dinner is ready"])
    page.get_by_label("Message", exact=True).fill("For me")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#sent")).to_contain_text("Sent.")
    expect(page.locator("#messages > li")).to_have_count(2)
    page.get_by_role("button", name="Picture").click()
    expect(page.get_by_label("Goes to")).to_be_hidden()


def test_what_the_broker_does_not_take_is_still_there(
    visit: Callable[..., Visitor], kitchen: SimpleNamespace, broker: Mosquitto
) -> None:
    page = visit(server=kitchen).log_in()
    unfold(page)
    page.get_by_label("Goes to").select_option("all of upstairs")
    page.get_by_label("Message", exact=True).fill("Dinner is ready")
    broker.stop()
    page.get_by_role("button", name="Show it").click()
    problem = page.locator("#compose-problem")
    expect(problem).to_have_text("The MQTT broker has not taken it. Try again later.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dinner is ready")
    expect(page.get_by_label("Goes to")).to_have_value("upstairs")
    broker.start()
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#sent")).to_have_text("Sent to all of upstairs.")
    expect(page.locator("#messages > li")).to_have_count(1)


def test_the_status_lists_the_other_appliances(
    visit: Callable[..., Visitor], kitchen: SimpleNamespace
) -> None:
    page = visit(server=kitchen).log_in()
    page.get_by_role("link", name="Status").click()
    others = page.locator("#status section", has_text="Other appliances").locator("dl > div")
    expect(others).to_have_text(["atticaway", "cellarpigpiod is gone", "hall“Keys?”, 2 waiting"])
    expect(others.locator(".bad")).to_have_text(["pigpiod is gone"])
    assert findings(page) == []


def test_without_a_broker_there_is_nothing_of_it(visitor: Visitor) -> None:
    page = visitor.log_in()
    unfold(page)
    expect(page.get_by_label("Comes", exact=True)).to_be_visible()
    expect(page.get_by_label("Goes to")).to_be_hidden()
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#status section")).not_to_have_count(0)
    expect(page.get_by_text("Other appliances")).to_have_count(0)
