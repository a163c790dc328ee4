"""The hub."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from inkstand.events import ButtonPressed, Gesture, Hub

pytestmark = pytest.mark.unit
EVENTS = [
    ButtonPressed(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n), Gesture.SHORT)
    for n in range(5)
]


async def test_every_listener_gets_every_event_in_order() -> None:
    hub = Hub()
    with hub.listen() as one, hub.listen() as other:
        for event in EVENTS:
            hub.publish(event)
        for listener in (one, other):
            assert [await anext(listener) for _ in EVENTS] == EVENTS


async def test_a_slow_listener_loses_the_oldest() -> None:
    hub = Hub()
    with hub.listen(size=2) as listener:
        for event in EVENTS:
            hub.publish(event)
        assert [await anext(listener) for _ in range(2)] == EVENTS[-2:]
        assert listener.lost == 3


async def test_a_listener_waits_for_what_is_published_later() -> None:
    hub = Hub()
    with hub.listen() as listener:
        waiting = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0)
        hub.publish(EVENTS[0])
        assert await waiting == EVENTS[0]


async def test_who_left_gets_nothing() -> None:
    hub = Hub()
    with hub.listen() as listener:
        pass
    hub.publish(EVENTS[0])
    assert not listener._events
