"""`/api/v1/queue`, and `q` of `/api/v1/messages`."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration
Api = Any


async def texts(api: Api, path: str, **query: str) -> list[str]:
    found = await (await api.get(path, params=query)).json()
    return [message["text"] for message in found["messages"]]


async def test_the_queue_says_what_is_shown_and_what_comes_next(api: Api) -> None:
    assert await (await api.get("/queue")).json() == {"messages": [], "more": False}
    for text in ("first", "second", "third"):
        await api.post("/messages", json={"text": text})
    await api.until_message(1, "shown")
    assert await texts(api, "/queue") == ["first", "second", "third"]
    await api.post("/messages", json={"text": "fire", "priority": "urgent"})
    assert await texts(api, "/queue") == ["fire", "first", "second", "third"]
    await api.delete("/messages/2")
    assert await texts(api, "/queue") == ["fire", "first", "third"]


async def test_a_long_queue_is_cut_and_says_so(api: Api) -> None:
    for number in range(51):
        await api.post("/messages", json={"text": str(number)})
    queue = await (await api.get("/queue")).json()
    assert (len(queue["messages"]), queue["more"]) == (50, True)


async def test_messages_are_found_by_words(api: Api) -> None:
    for text in ("Milk and bread", "100 %", "Keys"):
        await api.post("/messages", json={"text": text})
    assert await texts(api, "/messages", q="MILK") == ["Milk and bread"]
    assert await texts(api, "/messages", q="%") == ["100 %"]
    assert len(await texts(api, "/messages", q="john")) == 3
    assert (await api.get("/messages", params={"q": "x" * 101})).status == 422
