"""Who may log in, under `/api/v1/people`, how they are invited, and one's own password.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from aiohttp import web

from inkstand.accounts.model import MIN_PASSWORD, Role, Scope
from inkstand.accounts.names import LONGEST, clean, is_obvious
from inkstand.api import visitor
from inkstand.api.operations import Operations, answer, body_of, principal_of
from inkstand.api.schemas import Limits, Request, Rule
from inkstand.api.services import SERVICES
from inkstand.errors import InvalidValueError

if TYPE_CHECKING:
    from inkstand.accounts import model

OPERATIONS = Operations("people")


def _name(name: str, value: object, _limits: Limits) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"{name} has to be a string")
    try:
        return clean(value)
    except ValueError as error:
        raise InvalidValueError(f"{name} {error}") from error


def _secret(name: str, value: object, _limits: Limits) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"{name} has to be a string")
    return value


def _new_password(name: str, value: object, limits: Limits) -> str:
    if len(_secret(name, value, limits)) < MIN_PASSWORD:
        raise InvalidValueError(
            f"{name} has to have {MIN_PASSWORD} characters or more, "
            "for example four words that have nothing to do with each other"
        )
    return str(value)


_SECRET = {"type": "string", "format": "password"}
Invited = Literal[Role.VIEWER, Role.SENDER, Role.ADMIN]
Name = Annotated[str, Rule(_name, type="string", minLength=1, description="How they log in.")]
Secret = Annotated[str, Rule(_secret, **_SECRET)]
NewPassword = Annotated[str, Rule(_new_password, **_SECRET, minLength=MIN_PASSWORD)]


@dataclass(frozen=True, kw_only=True)
class RoleRequest(Request):
    """Body of `PUT /people/{name}`."""

    role: Invited


@dataclass(frozen=True, kw_only=True)
class InvitationRequest(Request):
    """Body of `POST /invitations`; `name` None: who is invited chooses it."""

    role: Invited
    name: Name | None = None


@dataclass(frozen=True, kw_only=True)
class SecretRequest(Request):
    """Body of `POST /invitation/look` and `/guest/look`: what is behind the `#` of the link."""

    secret: Secret = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AcceptRequest(Request):
    """Body of `POST /invitation/accept`."""

    secret: Secret = field(repr=False)
    name: Name
    password: NewPassword = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PasswordRequest(Request):
    """Body of `PUT /me/password`."""

    old: Secret = field(repr=False)
    new: NewPassword = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may log in."""

    name: Annotated[str, Rule(maxLength=LONGEST)]
    role: Role
    created_at: Annotated[datetime, Rule(description="null: the owner.")] | None
    last_used_at: Annotated[datetime, Rule(description="Of their tokens and sessions.")] | None


@dataclass(frozen=True, kw_only=True)
class People:
    """All who may log in."""

    people: list[Person]


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """An invitation that is open, without what makes it one."""

    id: str
    role: Invited
    name: str | None
    expires_at: datetime

    @classmethod
    def of(cls, invitation: "model.Invitation") -> "Invitation":
        """Return what is told about an invitation."""
        return cls(
            id=invitation.id,
            role=invitation.role,  # type: ignore[arg-type] # nobody is invited as the owner
            name=invitation.name or None,
            expires_at=datetime.fromtimestamp(invitation.expires, UTC),
        )


@dataclass(frozen=True, kw_only=True)
class NewInvitation(Invitation):
    """An invitation that was made."""

    url: Annotated[str, Rule(description="It is shown only now.")]


@dataclass(frozen=True, kw_only=True)
class Invitations:
    """All invitations that are open."""

    invitations: list[Invitation]


@OPERATIONS.add("get", "/people", "people", Scope.ADMIN, answers={200: People})
async def collection(request: web.Request) -> web.Response:
    """Who may log in: the owner, then the others in the order in which they came."""
    accounts = request.app[SERVICES].accounts
    used: dict[str, int] = {}
    for record in accounts.tokens():
        used[record.user] = max(used.get(record.user, 0), record.used or 0)
    everybody = [_told(person, used.get(person.name, 0)) for person in accounts.people.all()]
    return answer(People(people=everybody))


@OPERATIONS.add(
    "put",
    "/people/{name}",
    "changeRole",
    Scope.ADMIN,
    body=RoleRequest,
    answers={200: Person},
    errors=(409, 503, 507),
)
async def change_role(request: web.Request) -> web.Response:
    """Give somebody another role: their sessions end, and with a lower one their tokens."""
    wanted = await body_of(request, RoleRequest)
    accounts = request.app[SERVICES].accounts
    return answer(_told(await accounts.change_role(request.match_info["name"], wanted.role), 0))


@OPERATIONS.add(
    "delete",
    "/people/{name}",
    "removePerson",
    Scope.ADMIN,
    answers={204: None},
    errors=(409, 503, 507),
)
async def remove(request: web.Request) -> web.Response:
    """Remove somebody: their sessions and tokens end; what they sent stays."""
    await request.app[SERVICES].accounts.remove_person(request.match_info["name"])
    return web.Response(status=204)


@OPERATIONS.add("get", "/invitations", "invitations", Scope.ADMIN, answers={200: Invitations})
async def invitations(request: web.Request) -> web.Response:
    """The invitations that are open, the first to end first."""
    found = request.app[SERVICES].accounts.invitations.all()
    return answer(Invitations(invitations=[Invitation.of(each) for each in found]))


@OPERATIONS.add(
    "post",
    "/invitations",
    "invite",
    Scope.ADMIN,
    body=InvitationRequest,
    answers={201: NewInvitation},
    errors=(409, 503, 507),
)
async def invite(request: web.Request) -> web.Response:
    """Make a link by which somebody comes in, once and within a day; it is told only now."""
    wanted = await body_of(request, InvitationRequest)
    invitations = request.app[SERVICES].accounts.invitations
    maker = principal_of(request).user
    secret, made = await invitations.make(wanted.role, wanted.name or "", maker)
    told = Invitation.of(made)
    url = f"{visitor.site_of(request)}/invite#{secret}"
    return answer(
        NewInvitation(
            id=told.id, role=told.role, name=told.name, expires_at=told.expires_at, url=url
        ),
        201,
    )


@OPERATIONS.add(
    "delete",
    "/invitations/{id}",
    "revokeInvitation",
    Scope.ADMIN,
    answers={204: None},
    errors=(503, 507),
)
async def revoke(request: web.Request) -> web.Response:
    """Make an invitation worthless."""
    await request.app[SERVICES].accounts.invitations.revoke(request.match_info["id"])
    return web.Response(status=204)


@OPERATIONS.add(
    "post",
    "/invitation/look",
    "lookAtInvitation",
    None,
    body=SecretRequest,
    answers={200: Invitation},
    errors=(404, 429),
)
async def look(request: web.Request) -> web.Response:
    """What an invitation is for; it stays good."""
    sent = await body_of(request, SecretRequest)
    found = request.app[SERVICES].accounts.invitations.look(
        sent.secret, visitor.visitor_of(request, "")
    )
    return answer(Invitation.of(found))


@OPERATIONS.add(
    "post",
    "/invitation/accept",
    "acceptInvitation",
    None,
    body=AcceptRequest,
    answers={201: Person},
    errors=(404, 409, 429, 503, 507),
)
async def accept(request: web.Request) -> web.Response:
    """Come in by an invitation, which then is used; log in next."""
    sent = await body_of(request, AcceptRequest)
    _refuse_obvious(request, sent.password, sent.name)
    person = await request.app[SERVICES].accounts.invitations.accept(
        sent.secret, sent.name, sent.password, visitor.visitor_of(request, "")
    )
    return answer(_told(person, 0), 201)


@OPERATIONS.add(
    "put",
    "/me/password",
    "changePassword",
    Scope.READ,
    own=True,
    body=PasswordRequest,
    answers={204: None},
    errors=(429, 503, 507),
)
async def change_password(request: web.Request) -> web.Response:
    """Choose another password: all sessions end, named tokens stay."""
    sent = await body_of(request, PasswordRequest)
    user = principal_of(request).user
    _refuse_obvious(request, sent.new, user)
    who = visitor.visitor_of(request, user)
    await request.app[SERVICES].accounts.change_password(user, sent.old, sent.new, who)
    return web.Response(status=204)


def _refuse_obvious(request: web.Request, password: str, name: str) -> None:
    if is_obvious(password, name, request.app[SERVICES].settings.app_title):
        raise InvalidValueError(
            "The password is little more than a name, yours or that of this appliance, which is "
            "tried first; take four words that have nothing to do with each other"
        )


def _told(person: "model.Person", used: int) -> Person:
    return Person(
        name=person.name,
        role=person.role,
        created_at=datetime.fromtimestamp(person.created, UTC) if person.created else None,
        last_used_at=datetime.fromtimestamp(used, UTC) if used else None,
    )
