"""Who is told what happens, under `/api/v1/webhooks`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import Operations, answer
from inkstand.api.schemas import Count, Rule
from inkstand.api.services import SERVICES
from inkstand.api.status import Part
from inkstand.errors import WebhookNotFoundError

if TYPE_CHECKING:
    from inkstand.webhooks.webhooks import Told

OPERATIONS = Operations("webhooks")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How something that happened was taken, when it was sent last."""

    id: str
    event: str
    at: datetime
    tried_at: datetime
    attempts: Count
    status: Annotated[int | None, Rule(description="Of HTTP; null: no answer, see `problem`.")]
    problem: str | None
    outcome: Annotated[
        Literal["delivered", "failed", "given-up", "gone"],
        Rule(description="What `failed` is sent again."),
    ]


@dataclass(frozen=True, kw_only=True)
class Webhook(Part):
    """Who is told, of what, and what became of the last of it."""

    name: str
    host: Annotated[str, Rule(description="Of its address, the rest of which may be secret.")]
    events: list[str]
    waiting: Count
    dropped: Annotated[int, Rule(minimum=0, description="What it will never be told.")]
    deliveries: Annotated[list[Delivery], Rule(maxItems=10)]


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """All webhooks."""

    webhooks: list[Webhook]


@OPERATIONS.add(
    "get",
    "/webhooks",
    "webhooks",
    Scope.ADMIN,
    owner=True,
    answers={200: Webhooks},
    errors=(503,),
)
async def webhooks(request: web.Request) -> web.Response:
    """Who is told what happens, and what became of the last of it."""
    service = request.app[SERVICES].webhooks
    told = await service.told() if service else []
    return answer(Webhooks(webhooks=[_webhook(each) for each in told]))


@OPERATIONS.add(
    "post",
    "/webhooks/{name}/test",
    "testWebhook",
    Scope.ADMIN,
    owner=True,
    answers={200: Delivery},
    errors=(503, 507),
)
async def test(request: web.Request) -> web.Response:
    """Send a webhook an event `test` now, and say how it was taken."""
    service, name = request.app[SERVICES].webhooks, request.match_info["name"]
    if service is None:
        raise WebhookNotFoundError(name)
    return answer(Delivery(**asdict(await service.test(name))))


def _webhook(told: "Told") -> Webhook:
    return Webhook(
        name=told.target.name,
        state=told.state,
        host=told.target.host,
        events=[*told.target.events],
        waiting=told.known.waiting,
        dropped=told.known.dropped + told.lost,
        deliveries=[Delivery(**asdict(each)) for each in told.known.deliveries],
    )
