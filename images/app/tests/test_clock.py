"""Clocks."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inkstand.clock import ManualClock, SystemClock

pytestmark = pytest.mark.unit


def test_the_time_is_that_of_the_zone() -> None:
    now = SystemClock(ZoneInfo("Asia/Tokyo")).now()
    assert now.utcoffset() == timedelta(hours=9)
    assert abs(now.timestamp() - time.time()) < 60


async def test_a_sleep_ends_at_its_moment() -> None:
    clock = SystemClock(UTC)
    moment = clock.now() + timedelta(milliseconds=50)
    async with asyncio.timeout(60):
        await clock.sleep_until(moment)
    assert clock.now() >= moment - timedelta(milliseconds=2)


async def test_a_moment_in_the_past_is_no_sleep() -> None:
    clock = SystemClock(UTC)
    async with asyncio.timeout(60):
        await clock.sleep_until(clock.now() - timedelta(days=1))


async def test_a_sleep_can_be_cancelled() -> None:
    clock = SystemClock(UTC)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await clock.sleep_until(clock.now() + timedelta(days=1))


async def test_who_sleeps_by_a_clock_that_is_set_wakes_up() -> None:
    clock = ManualClock(datetime(2026, 11, 21, tzinfo=UTC))
    sleeper = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(hours=1)))
    await clock.wait_for_sleeper()
    clock.advance(-timedelta(days=1))
    async with asyncio.timeout(60):
        await sleeper
