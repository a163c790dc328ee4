"""The backlog of events: every viewer at its own speed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from inkstand.api.events import Backlog, StreamEvent, Viewer, encode

pytestmark = pytest.mark.unit


def event(number: int, made: list[int] | None = None) -> StreamEvent:
    async def make() -> dict[str, Any]:
        await asyncio.sleep(0)
        if made is not None:
            made.append(number)
        return {"number": number}

    return StreamEvent(f"boot-{number}", "test", make)


def fill(backlog: Backlog, count: int) -> None:
    for _ in range(count):
        backlog.append(event(backlog.last + 1))


def take_all(viewer: Viewer) -> tuple[int, list[str | None]]:
    lost, names = 0, list[str | None]()
    while True:
        more, found = viewer.take()
        lost += more
        if found is None:
            return lost, names
        names.append(found.name)


async def test_a_viewer_gets_what_came_after_its_place_in_order() -> None:
    backlog = Backlog(4)
    fill(backlog, 3)
    assert take_all(Viewer(backlog, 1, "")) == (0, ["boot-2", "boot-3"])
    assert take_all(Viewer(backlog, 3, "")) == (0, [])


async def test_a_slow_viewer_loses_the_oldest_and_is_told_how_many() -> None:
    backlog = Backlog(4)
    slow, quick = Viewer(backlog, 0, ""), Viewer(backlog, 0, "")
    fill(backlog, 4)
    assert take_all(quick) == (0, [f"boot-{n}" for n in (1, 2, 3, 4)])
    fill(backlog, 3)
    assert take_all(quick) == (0, [f"boot-{n}" for n in (5, 6, 7)])
    assert take_all(slow) == (3, [f"boot-{n}" for n in (4, 5, 6, 7)])
    assert take_all(slow) == (0, [])


async def test_who_waits_is_woken_by_the_next_event_or_the_time() -> None:
    backlog = Backlog(4)
    viewer = Viewer(backlog, 0, "")
    assert not await viewer.wait(0)
    waiting = asyncio.create_task(viewer.wait(60))
    await asyncio.sleep(0)
    fill(backlog, 1)
    assert await waiting


async def test_who_waits_is_woken_by_being_closed() -> None:
    viewer = Viewer(Backlog(4), 0, "")
    waiting = asyncio.create_task(viewer.wait(60))
    await asyncio.sleep(0)
    viewer.close()
    assert await waiting
    assert viewer.closed


async def test_an_event_is_encoded_once_for_all_and_not_for_nobody() -> None:
    made: list[int] = []
    one, other = event(1, made), event(2, made)
    got = await asyncio.gather(*(one.encoded() for _ in range(100)))
    assert made == [1]
    assert all(encoded is got[0] for encoded in got)
    assert other.ready is None


async def test_a_viewer_that_goes_away_takes_nothing_from_the_others() -> None:
    shared = event(1)
    leaving, staying = (asyncio.create_task(shared.encoded()) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).sse.startswith(b"id: boot-1\nevent: test\ndata: ")


def test_both_protocols_tell_the_same() -> None:
    encoded = encode("boot-7", "message", {"text": "two\nlines, \u2028 and ünicode"})
    head, name, data = encoded.sse.decode().removesuffix("\n\n").split("\n")
    text = json.loads(encoded.text)
    assert (head, name) == (f"id: {text['id']}", f"event: {text['type']}")
    assert json.loads(data.removeprefix("data: ")) == text["data"]


def test_what_cannot_be_resumed_from_has_no_id() -> None:
    encoded = encode(None, "lost", {"count": 3})
    assert encoded.sse == b'event: lost\ndata: {"count":3}\n\n'
    assert json.loads(encoded.text) == {"id": None, "type": "lost", "data": {"count": 3}}
