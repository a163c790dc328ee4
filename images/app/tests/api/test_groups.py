"""Groups and neighbours of an appliance that is on no broker."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration


async def test_without_a_broker_there_are_neither(api: Any) -> None:
    answer = await api.get("/neighbours")
    assert await answer.json() == {"groups": [], "neighbours": []}
    answer = await api.post("/groups/home/messages", json={"text": "Hello"})
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (404, "group-not-found")
    assert problem["detail"] == "This appliance is in no group home"
