"""What a sender may ask of messages that come later, and what it must not do to all others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.integration
Api = Any
FOR_EVER = "9999-12-31T23:59:59Z"


async def send(api: Api, **options: Any) -> Any:
    answer = await api.post("/messages", json={"text": "Bins", **options})
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def test_what_repeats_and_never_ends_keeps_nobody_from_the_panel(api: Api) -> None:
    await send(api, repeat="daily", expires_at=FOR_EVER)
    await api.until_message(2, "shown")
    (left,) = (await (await api.get("/messages/scheduled")).json())["messages"]
    assert left["expires_at"] == "9999-12-31T23:59:59.000Z"


async def test_a_time_of_what_never_ends_can_be_skipped(api: Api) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    await send(api, show_at=tomorrow.isoformat(), repeat="yearly", expires_at=FOR_EVER)
    answer = await api.post("/messages/1/skip", json={"at": tomorrow.isoformat()})
    assert answer.status == 200
