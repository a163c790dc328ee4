"""`/api/v1/screen`: what is shown, and the button by other means."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration
Api = Any


async def screen(api: Api) -> Any:
    answer = await api.get("/screen")
    assert answer.status == 200
    return await answer.json()


async def test_it_is_the_clock_until_a_message_comes(api: Api) -> None:
    assert await screen(api) == {
        "screen": "clock",
        "message": None,
        "page": 1,
        "pages": 1,
        "name": None,
        "quiet_until": None,
    }
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    state = await screen(api)
    assert (state["screen"], state["message"]["text"]) == ("message", "Hello")


async def test_a_message_that_the_status_covers_waits_and_comes_back_unread(api: Api) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    await api.put("/screen", json={"screen": "status"})
    await api.until_message(1, "waiting")
    for _ in range(2):
        answer = await api.put("/screen", json={"screen": "clock"})
        assert (answer.status, (await answer.json())["screen"]) == (200, "message")
        await api.until_message(1, "shown")
    # A press comes after whatever that did, and what was read cannot be covered any more.
    await api.post("/button", json={"gesture": "long"})
    await api.until_message(1, "waiting")


async def test_the_button_can_be_pressed_from_afar(api: Api) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    assert (await api.post("/button", json={"gesture": "long"})).status == 204
    await api.until_message(1, "waiting")
    assert (await api.post("/button", json={})).status == 204
    await api.until_message(1, "shown")
    assert (await api.post("/button", json={"gesture": "short"})).status == 204
    await api.until_message(1, "read")


async def test_who_may_only_read_presses_no_button(api: Api) -> None:
    token = {"name": "eyes", "scope": "read", "expires_in_days": 1}
    made = await (await api.post("/tokens", json=token)).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert (await api.post("/button", json={}, headers=headers)).status == 403


@pytest.mark.parametrize("body", [{"gesture": "tap"}, {"gesture": ["short"]}, {"button": "short"}])
async def test_other_gestures_are_422(api: Api, body: object) -> None:
    answer = await api.post("/button", json=body)
    assert (answer.status, answer.content_type) == (422, "application/problem+json")


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
