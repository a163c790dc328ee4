"""`GET /healthz`."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Site = Any


async def health(site: Site) -> Any:
    answer = await site.client.get("/healthz")
    assert answer.status == 200
    return await answer.json()


async def test_all_is_well(site: Site) -> None:
    parts = {"panel": "ok", "button": "ok", "storage": "ok"}
    assert await health(site) == {"status": "ok", **parts}


async def test_a_dead_driver_is_told_at_once_and_its_return_too(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    site.panel.vanish()
    assert await health(site) == {
        "status": "degraded",
        "panel": "no panel: it was told to vanish",
        "button": "ok",
        "storage": "ok",
    }
    site.panel.heal()
    await eventually(lambda: site.system.display.reason is None, within=5)
    assert (await health(site))["status"] == "ok"


async def test_a_button_out_of_order_is_told(site: Site) -> None:
    site.button.fail("the cable is cut")
    parts = {"panel": "ok", "button": "the cable is cut", "storage": "ok"}
    assert await health(site) == {"status": "degraded", **parts}


async def test_messages_whose_states_cannot_be_kept_are_told(
    site: Site, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Awaitable[None]]
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StorageError("the disk does not answer")

    monkeypatch.setattr(type(site.system.store), "change", fail)
    assert (await site.post("Hello")).status == 201
    await eventually(lambda: site.system.controller.state.trouble)
    body = await health(site)
    assert (body["status"], body["storage"]) == ("degraded", "the disk does not answer")


async def test_a_driver_that_hangs_in_a_refresh_is_told_within_four_seconds(
    site: Site, eventually: Callable[..., Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = threading.Event()
    for name in ("show", "info"):
        monkeypatch.setattr(site.panel, name, hanging(getattr(site.panel, name), driver))
    assert (await site.post("Hello")).status == 201
    await eventually(lambda: site.system.display._thread.busy)
    async with asyncio.timeout(4):
        body = await health(site)
    driver.set()
    assert (body["status"], body["panel"]) == ("degraded", "the driver did not answer for 3 s")


async def test_a_refresh_that_takes_its_time_is_no_trouble(
    site: Site, eventually: Callable[..., Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = threading.Event()
    monkeypatch.setattr(site.panel, "show", hanging(site.panel.show, driver))
    assert (await site.post("Hello")).status == 201
    await eventually(lambda: site.system.display.refreshing)
    body = await health(site)
    driver.set()
    assert body["status"] == "ok"


def hanging(method: Callable[..., Any], until: threading.Event) -> Callable[..., Any]:
    def hang(*arguments: object) -> Any:
        until.wait()
        return method(*arguments)

    return hang


async def test_a_disk_that_cannot_be_written_is_told_before_anybody_writes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise StorageError("/var/lib/inkstand cannot be written: its file system is read-only")

    monkeypatch.setattr(type(site.system.store), "probe", fail)
    body = await health(site)
    assert (body["status"], body["storage"][-9:]) == ("degraded", "read-only")


async def test_messages_are_taken_while_the_panel_is_gone_and_shown_when_it_is_back(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    before = site.panel.current()
    site.panel.vanish()
    assert (await site.post("Hello")).status == 201
    await eventually(lambda: site.system.display.reason)
    site.panel.heal()
    await eventually(lambda: site.panel.current() != before, within=5)
