"""Messages, under `/api/v1/messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import schemas, views
from inkstand.api.access import Principal, Scope, principal_of
from inkstand.api.http import answer, key_of, message_id_of, message_of, query_of
from inkstand.api.keys import SERVICES
from inkstand.api.operations import KEY, PLAIN_TEXT, PNG, REPLAYED, Operations
from inkstand.errors import NoPictureError
from inkstand.messages import Draft, Priority
from inkstand.messages.store import VISIBLE

if TYPE_CHECKING:
    from inkstand.messages.store import Added

OPERATIONS = Operations("messages")
_MESSAGE = "/messages/{id:[0-9]{1,19}}"
_TOLD = {200: schemas.Message}


@OPERATIONS.add(
    "post",
    "/messages",
    "send",
    Scope.POST,
    parameters=(KEY,),
    body=schemas.MessageRequest,
    bodies={PLAIN_TEXT: {"schema": {"$ref": "#/components/schemas/Text"}}},
    answers={201: schemas.Message},
    errors=(409, 429, 503, 507),
    headers=REPLAYED,
)
async def post(request: web.Request) -> web.Response:
    """Send a message; it is on the disk when this is answered."""
    principal = principal_of(request)
    key, wanted = key_of(request), await message_of(request)
    draft = draft_of(principal, wanted.text, wanted, key)
    return created(await request.app[SERVICES].controller.submit(draft))


def draft_of(
    by: Principal,
    text: str,
    options: schemas.MessageRequest | schemas.PictureQuery,
    key: str | None,
    picture: bytes | None = None,
) -> Draft:
    """Return what to keep of what somebody asks for."""
    return Draft(
        author=by.user,
        sender=by.sender,
        text=text,
        priority=options.priority or Priority.NORMAL,
        expires_at=options.expires_at,
        show_for=options.show_for,
        picture=picture,
        idempotency_key=key,
    )


def created(added: Added) -> web.Response:
    """Return the answer for a message that was taken in, now or by the same request before."""
    headers = {"Location": f"/api/v1/messages/{added.message.id}"}
    if not added.created:
        headers["Idempotency-Replayed"] = "true"
    return answer(views.message(added.message), 201, headers)


@OPERATIONS.add(
    "get",
    "/messages",
    "history",
    Scope.READ,
    query=schemas.HistoryQuery,
    answers={200: schemas.History},
    errors=(503,),
)
async def history(request: web.Request) -> web.Response:
    """Messages, newest first; deleted ones only when they are asked for."""
    wanted = query_of(request, schemas.HistoryQuery)
    states = VISIBLE if wanted.state is None else wanted.state
    page = await request.app[SERVICES].controller.store.page(
        before=wanted.before, limit=wanted.limit, states=states
    )
    messages = [views.message(message) for message in page.messages]
    return answer(schemas.History(messages=messages, next=page.next))


@OPERATIONS.add("get", _MESSAGE, "message", Scope.READ, answers=_TOLD, errors=(503,))
async def get(request: web.Request) -> web.Response:
    """A message."""
    message = await request.app[SERVICES].controller.store.get(message_id_of(request))
    return answer(views.message(message))


@OPERATIONS.add(
    "get", f"{_MESSAGE}/picture", "picture", Scope.READ, answers={200: PNG}, errors=(503,)
)
async def picture(request: web.Request) -> web.Response:
    """The picture of a message."""
    number = message_id_of(request)
    data = await request.app[SERVICES].controller.store.picture(number)
    if data is None:
        raise NoPictureError(number)
    return web.Response(body=data, content_type="image/png")


@OPERATIONS.add(
    "post", f"{_MESSAGE}/show", "showAgain", Scope.POST, answers=_TOLD, errors=(409, 503)
)
async def show(request: web.Request) -> web.Response:
    """Show a message at once."""
    message = await request.app[SERVICES].controller.show_again(message_id_of(request))
    return answer(views.message(message))


@OPERATIONS.add(
    "post", f"{_MESSAGE}/acknowledge", "acknowledge", Scope.POST, answers=_TOLD, errors=(409, 503)
)
async def acknowledge(request: web.Request) -> web.Response:
    """Say that it was read."""
    message = await request.app[SERVICES].controller.acknowledge(message_id_of(request))
    return answer(views.message(message))


@OPERATIONS.add("delete", _MESSAGE, "deleteMessage", Scope.POST, answers={204: None}, errors=(503,))
async def delete(request: web.Request) -> web.Response:
    """Take a message back; its text is gone."""
    await request.app[SERVICES].controller.delete(message_id_of(request))
    return web.Response(status=204)
