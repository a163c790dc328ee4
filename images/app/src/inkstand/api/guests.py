"""Links for guests, who may only send, under `/api/v1/guests`, and what guests do by them.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api import visitor
from inkstand.api.messages import Text
from inkstand.api.operations import Operations, answer, body_of, principal_of
from inkstand.api.people import Name, Secret, SecretRequest
from inkstand.api.schemas import Count, Number, Request, Rule
from inkstand.api.services import SERVICES
from inkstand.messages import Draft

if TYPE_CHECKING:
    from inkstand.accounts import model

OPERATIONS = Operations("people")
_MOST_DAYS = 365
_MOST_A_DAY = 100


@dataclass(frozen=True, kw_only=True)
class GuestRequest(Request):
    """Body of `POST /guests`."""

    name: Name
    expires_in_days: Annotated[int, Rule(minimum=1, maximum=_MOST_DAYS)]
    messages_a_day: Annotated[int, Rule(minimum=1, maximum=_MOST_A_DAY)]


@dataclass(frozen=True, kw_only=True)
class GuestMessageRequest(Request):
    """Body of `POST /guest/messages`."""

    secret: Secret = field(repr=False)
    text: Text


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A link for a guest, without what makes it one."""

    id: str
    name: str
    expires_at: datetime
    messages_a_day: Number
    left_today: Count

    @classmethod
    def of(cls, guest: "model.Guest", today: date) -> "Guest":
        """Return what is told about a link for a guest."""
        return cls(
            id=guest.id,
            name=guest.name,
            expires_at=datetime.fromtimestamp(guest.expires, UTC),
            messages_a_day=guest.a_day,
            left_today=guest.left(today),
        )


@dataclass(frozen=True, kw_only=True)
class NewGuest:
    """A link for a guest that was made."""

    guest: Guest
    url: Annotated[str, Rule(description="It is shown only now.")]


@dataclass(frozen=True, kw_only=True)
class Guests:
    """All links for guests that are good."""

    guests: list[Guest]


@OPERATIONS.add("get", "/guests", "guests", Scope.ADMIN, answers={200: Guests})
async def collection(request: web.Request) -> web.Response:
    """The links for guests, the first to end first."""
    services = request.app[SERVICES]
    today = services.clock.now().date()
    return answer(Guests(guests=[Guest.of(it, today) for it in services.accounts.guests.all()]))


@OPERATIONS.add(
    "post",
    "/guests",
    "makeGuest",
    Scope.ADMIN,
    body=GuestRequest,
    answers={201: NewGuest},
    errors=(409, 503, 507),
)
async def make(request: web.Request) -> web.Response:
    """Make a link by which somebody may send, and do nothing else; it is told only now."""
    wanted = await body_of(request, GuestRequest)
    services = request.app[SERVICES]
    lifetime = timedelta(days=wanted.expires_in_days)
    secret, made = await services.accounts.guests.make(
        wanted.name, lifetime, wanted.messages_a_day, principal_of(request).user
    )
    url = f"{visitor.site_of(request)}/guest#{secret}"
    return answer(NewGuest(guest=Guest.of(made, services.clock.now().date()), url=url), 201)


@OPERATIONS.add(
    "delete",
    "/guests/{id}",
    "revokeGuest",
    Scope.ADMIN,
    answers={204: None},
    errors=(503, 507),
)
async def revoke(request: web.Request) -> web.Response:
    """Make a link for a guest worthless."""
    await request.app[SERVICES].accounts.guests.revoke(request.match_info["id"])
    return web.Response(status=204)


@OPERATIONS.add(
    "post",
    "/guest/look",
    "lookAtGuest",
    None,
    body=SecretRequest,
    answers={200: Guest},
    errors=(404, 429),
)
async def look(request: web.Request) -> web.Response:
    """What a link for a guest is good for."""
    sent = await body_of(request, SecretRequest)
    services = request.app[SERVICES]
    found = services.accounts.guests.look(sent.secret, visitor.visitor_of(request, ""))
    return answer(Guest.of(found, services.clock.now().date()))


@OPERATIONS.add(
    "post",
    "/guest/messages",
    "sendAsGuest",
    None,
    body=GuestMessageRequest,
    answers={201: Guest},
    errors=(404, 429, 503, 507),
)
async def send(request: web.Request) -> web.Response:
    """Send a message as a guest; one that is refused later counts for the day, too."""
    sent = await body_of(request, GuestMessageRequest)
    services = request.app[SERVICES]
    guests, now = services.accounts.guests, services.clock.now()
    guest = guests.look(sent.secret, visitor.visitor_of(request, ""))
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time.min, now.tzinfo)
    used = await guests.use(guest, now.date(), int((tomorrow - now).total_seconds()) + 1)
    draft = Draft(author=f"{guest.name} (guest)", text=sent.text, sender=f"#{guest.id}")
    await services.controller.submit(draft)
    return answer(Guest.of(used, now.date()), 201)
