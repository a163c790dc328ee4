"""Which names a query may have: one that means nothing is a typing error, and is said to be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import events, images, messages, preview, wishes

if TYPE_CHECKING:
    from inkstand.api.middlewares import Handler

_PREFIX = "/api/"
_KNOWN: dict[object, tuple[str, ...]] = {
    events.events: events.QUERY,
    images.post: wishes.IMAGE_QUERY,
    messages.history: wishes.HISTORY_QUERY,
    preview.post: wishes.IMAGE_QUERY,
}


@web.middleware
async def refuse_unknown_queries(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a name that the resource does not know; the classic API never looked at any.

    Raises:
        InvalidValueError: there is such a name.
    """
    # What is at no resource is answered as such.
    if (
        request.query
        and request.path.startswith(_PREFIX)
        and request.match_info.http_exception is None
    ):
        wishes.refuse_others(request.query, _KNOWN.get(request.match_info.handler, ()))
    return await handler(request)
