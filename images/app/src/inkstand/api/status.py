"""How the appliance is doing, under `/api/v1/status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkstand.api import views
from inkstand.api.access import Scope
from inkstand.api.health import storage_of
from inkstand.api.http import answer
from inkstand.api.keys import SERVICES
from inkstand.api.operations import Operations
from inkstand.api.schemas import Part, RecentError, Status, Time
from inkstand.errors import StorageError

if TYPE_CHECKING:
    from aiohttp import web

    from inkstand.messages.store import MessageStore

OPERATIONS = Operations("panel")


@OPERATIONS.add("get", "/status", "status", Scope.READ, answers={200: Status})
async def get(request: web.Request) -> web.Response:
    """How everything is."""
    services = request.app[SERVICES]
    report, now = services.report, services.clock.now()
    return answer(
        Status(
            version=report.version,
            started_at=report.started_at,
            url=report.url or None,
            certificate_expires_at=report.certificate_expires_at,
            authority_fingerprint=report.authority.fingerprint,
            button=Part(state=report.button),
            errors=[RecentError(at=error.at, what=error.what) for error in report.errors],
            time=Time(
                now=now,
                timezone=services.settings.timezone.key,
                synchronised=report.synchronised,
            ),
            panel=views.panel(services.display),
            storage=Part(state=await storage_of(services)),
            messages=await counts_of(services.controller.store),
        )
    )


async def counts_of(store: MessageStore) -> dict[Any, int] | None:
    """Return how many messages there are in each state; None when they cannot be read."""
    try:
        return dict(await store.counts())
    except StorageError:
        return None
