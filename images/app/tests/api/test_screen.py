"""`/api/v1/screen`: what is shown, and the button by other means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Api = Any


async def screen(api: Api) -> Any:
    answer = await api.get("/screen")
    assert answer.status == 200
    return await answer.json()


async def test_it_is_the_clock_until_a_message_comes(api: Api) -> None:
    assert await screen(api) == {"screen": "clock", "message": None, "page": 1, "pages": 1}
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    state = await screen(api)
    assert (state["screen"], state["message"]["text"]) == ("message", "Hello")


async def test_the_clock_can_be_asked_for_and_the_message_counts_as_read(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    assert (await api.put("/screen", json={"screen": "clock"})).status == 200
    await api.until_message(1, "read")
    appliance = api.site.system.appliance
    await eventually(lambda: appliance.screen_state().screen == "clock")


async def test_the_status_is_a_peek_which_the_clock_ends(api: Api) -> None:
    answer = await api.put("/screen", json={"screen": "status"})
    assert (answer.status, (await answer.json())["screen"]) == (200, "status")
    assert (await screen(api))["screen"] == "status"
    answer = await api.put("/screen", json={"screen": "clock"})
    assert (answer.status, (await answer.json())["screen"]) == (200, "clock")


@pytest.mark.parametrize("body", [{}, {"screen": "message"}, {"screen": 1}, {"page": 2}])
async def test_other_screens_are_422(api: Api, body: object) -> None:
    answer = await api.put("/screen", json=body)
    assert (answer.status, answer.content_type) == (422, "application/problem+json")
