"""How the appliance is doing: `/api/v1/status` and `/healthz`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import Operations, answer
from inkstand.api.panel import Panel
from inkstand.api.schemas import Count, Rule
from inkstand.api.services import SERVICES, Services
from inkstand.errors import StorageError
from inkstand.messages import State

if TYPE_CHECKING:
    from inkstand.messages.store import MessageStore
    from inkstand.status import updates

OPERATIONS = Operations("panel")
OK = "ok"


@dataclass(frozen=True, kw_only=True)
class Part:
    """How a part is."""

    state: Annotated[str, Rule(description="`ok`, or one sentence that says what is wrong.")]


@dataclass(frozen=True, kw_only=True)
class Time:
    """The time there."""

    now: datetime
    timezone: str
    synchronised: bool


@dataclass(frozen=True, kw_only=True)
class RecentError:
    """What went wrong lately."""

    at: datetime
    what: str


@dataclass(frozen=True, kw_only=True)
class ShownPack(Part):
    """A pack that the playlist shows, and when its data came last."""

    name: str
    fetched_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Updates:
    """What Debian has mended since the images were built; `security` counts what is for that."""

    looked_at: datetime
    packages: Annotated[list[str], Rule(description="Those that are older than Debian's.")]
    security: Count

    @classmethod
    def of(cls, found: "updates.Updates") -> "Updates":
        """Return what is told about it."""
        packages = [*found.packages]
        return cls(looked_at=found.looked_at, packages=packages, security=found.security)


@dataclass(frozen=True, kw_only=True)
class ToldWebhook(Part):
    """A webhook that is told what happens, and whether it has failed for long."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """How everything is."""

    version: str
    started_at: datetime
    url: str | None
    certificate_expires_at: datetime | None
    authority_fingerprint: str | None
    button: Part
    errors: Annotated[list[RecentError], Rule(maxItems=10)]
    time: Time
    panel: Panel
    storage: Part
    screens: list[ShownPack]
    updates: Updates | None
    webhooks: list[ToldWebhook]
    messages: dict[State, Count] | None


@OPERATIONS.add("get", "/status", "status", Scope.READ, answers={200: Status})
async def status(request: web.Request) -> web.Response:
    """How everything is."""
    services = request.app[SERVICES]
    report, now = services.report, services.clock.now()
    found = report.updates
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
            panel=Panel.of(services.display),
            storage=Part(state=await storage_of(services)),
            screens=[
                ShownPack(name=name, state=pack.problem or OK, fetched_at=pack.fetched_at)
                for name, pack in report.screens.items()
            ],
            updates=None if found is None else Updates.of(found),
            webhooks=[
                ToldWebhook(name=name, state=state)
                for name, state in (services.webhooks.states if services.webhooks else {}).items()
            ],
            messages=await counts_of(services.controller.store),
        )
    )


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: always 200 while the app serves; the body says what does not work."""
    services = request.app[SERVICES]
    panel, storage = await asyncio.gather(services.display.probe(), storage_of(services))
    parts = {"panel": panel or OK, "button": services.button.state, "storage": storage}
    status = OK if set(parts.values()) == {OK} else "degraded"
    notices = await services.report.notices()
    more = {"notices": notices} if notices else {}
    return web.json_response({"status": status, **parts, **more})


async def storage_of(services: Services) -> str:
    """Return `ok`, or one sentence that says why messages cannot be kept or read now."""
    try:
        await services.controller.store.probe()
    except StorageError as error:
        return str(error)
    return services.controller.state.trouble or OK


async def counts_of(store: "MessageStore") -> dict[Any, int] | None:
    """Return how many messages there are in each state; None when they cannot be read."""
    try:
        return dict(await store.counts())
    except StorageError:
        return None
