"""`GET /healthz`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Site = Any


async def health(site: Site) -> Any:
    answer = await site.client.get("/healthz")
    assert answer.status == 200
    return await answer.json()


async def test_all_is_well(site: Site) -> None:
    assert await health(site) == {"status": "ok", "panel": "ok", "button": "ok"}


async def test_a_dead_driver_is_told_at_once_and_its_return_too(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    site.panel.vanish()
    assert await health(site) == {
        "status": "degraded",
        "panel": "no panel: it was told to vanish",
        "button": "ok",
    }
    site.panel.heal()
    await eventually(lambda: site.system.display.reason is None, within=5)
    assert (await health(site))["status"] == "ok"


async def test_a_button_out_of_order_is_told(site: Site) -> None:
    site.button.fail("the cable is cut")
    assert await health(site) == {"status": "degraded", "panel": "ok", "button": "the cable is cut"}


async def test_messages_are_taken_while_the_panel_is_gone_and_shown_when_it_is_back(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    before = site.panel.current()
    site.panel.vanish()
    assert (await site.post("Hello")).status == 201
    await eventually(lambda: site.system.display.reason)
    site.panel.heal()
    await eventually(lambda: site.panel.current() != before, within=5)
