"""Messages, under `/api/v1/messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import views, wishes
from inkstand.api.access import Principal, Scope, require
from inkstand.api.keys import SERVICES
from inkstand.errors import NoPictureError
from inkstand.messages import Draft

if TYPE_CHECKING:
    from inkstand.api.wishes import Options
    from inkstand.storage import Added


async def post(request: web.Request) -> web.Response:
    """`POST /api/v1/messages`."""
    principal = require(request, Scope.POST)
    services = request.app[SERVICES]
    key = wishes.parse_key(request.headers.get("Idempotency-Key"))
    body, longest = await request.read(), services.settings.message_max_length
    now = services.clock.now()
    posting = wishes.parse_new_message(request.content_type, body, longest, now)
    draft = draft_of(principal, posting.text, posting.options, key)
    return created(await services.appliance.submit(draft))


def draft_of(
    by: Principal, text: str, options: Options, key: str | None, picture: bytes | None = None
) -> Draft:
    """Return what to keep of what somebody asks for."""
    return Draft(
        author=by.user,
        sender=by.sender,
        text=text,
        priority=options.priority,
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
    return web.json_response(views.message(added.message), status=201, headers=headers)


async def history(request: web.Request) -> web.Response:
    """`GET /api/v1/messages`."""
    require(request, Scope.READ)
    wish = wishes.parse_history(request.query)
    page = await request.app[SERVICES].appliance.store.page(
        before=wish.before, limit=wish.limit, states=wish.states
    )
    messages = [views.message(message) for message in page.messages]
    return web.json_response({"messages": messages, "next": page.next})


async def get(request: web.Request) -> web.Response:
    """`GET /api/v1/messages/{id}`."""
    require(request, Scope.READ)
    message = await request.app[SERVICES].appliance.store.get(_number(request))
    return web.json_response(views.message(message))


async def picture(request: web.Request) -> web.Response:
    """`GET /api/v1/messages/{id}/picture`."""
    require(request, Scope.READ)
    number = _number(request)
    data = await request.app[SERVICES].appliance.store.picture(number)
    if data is None:
        raise NoPictureError(number)
    return web.Response(body=data, content_type="image/png")


async def show(request: web.Request) -> web.Response:
    """`POST /api/v1/messages/{id}/show`."""
    require(request, Scope.POST)
    message = await request.app[SERVICES].appliance.show_again(_number(request))
    return web.json_response(views.message(message))


async def acknowledge(request: web.Request) -> web.Response:
    """`POST /api/v1/messages/{id}/acknowledge`."""
    require(request, Scope.POST)
    message = await request.app[SERVICES].appliance.acknowledge(_number(request))
    return web.json_response(views.message(message))


async def delete(request: web.Request) -> web.Response:
    """`DELETE /api/v1/messages/{id}`."""
    require(request, Scope.POST)
    await request.app[SERVICES].appliance.delete(_number(request))
    return web.Response(status=204)


def _number(request: web.Request) -> int:
    return wishes.parse_number(request.match_info["id"])
