"""A press from outside: kernel, bridge, app, driver, glass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e


@pytest.mark.usefixtures("clock")
def test_a_press_takes_a_message_off_the_glass(
    owner: Any,
    current: Callable[[], bytes],
    press: Callable[[], None],
    wait_for: Callable[..., Any],
) -> None:
    before = wait_for("a panel", current)
    number = owner.send("Press me")
    wait_for("the message on the glass", lambda: owner.screen() == "message")
    message = wait_for("another picture", lambda: (now := current()) != before and now)
    press()
    wait_for("the clock", lambda: owner.screen() == "clock")
    wait_for("another picture", lambda: current() not in (b"", message))
    assert owner.history()[number]["state"] == "read"


@pytest.mark.usefixtures("clock")
def test_without_a_press_it_stays(owner: Any, current: Callable[[], bytes], pi: Any) -> None:
    """What takes the message off in the test above is the press, and not the time."""
    number = owner.send("Nobody presses")
    pi("sudo docker exec inkstand-pigpiod healthcheck")
    current()
    assert owner.ask("GET", f"/api/v1/messages/{number}")[1]["state"] in ("waiting", "shown")
    owner.take_back(number)
