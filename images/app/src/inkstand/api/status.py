"""How the appliance is doing, under `/api/v1/status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import views
from inkstand.api.access import Scope, require
from inkstand.api.health import storage_of
from inkstand.api.keys import SERVICES
from inkstand.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.storage import Store


async def get(request: web.Request) -> web.Response:
    """`GET /api/v1/status`."""
    require(request, Scope.READ)
    services = request.app[SERVICES]
    counts = await counts_of(services.appliance.store)
    return web.json_response(
        {
            **views.condition(services.condition),
            "time": views.clock(services.clock.now(), services.settings, services.condition),
            "panel": views.panel(services.display),
            "storage": {"state": await storage_of(services)},
            "messages": counts,
        }
    )


async def counts_of(store: Store) -> Mapping[str, int] | None:
    """Return how many messages there are in each state; None when they cannot be read."""
    try:
        return {state.value: count for state, count in (await store.counts()).items()}
    except StorageError:
        return None
