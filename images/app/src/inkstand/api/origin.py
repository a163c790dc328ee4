"""Who wants to log in, and whose page asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.accounts.model import Visitor
from inkstand.api import cookies
from inkstand.api.access import Scope
from inkstand.api.keys import PRINCIPAL, SERVICES
from inkstand.api.proxy import address_of, own_origin
from inkstand.errors import CrossOriginError

if TYPE_CHECKING:
    from aiohttp import web

    from inkstand.accounts.model import Principal


def refuse_other_sites(request: web.Request) -> None:
    """Do nothing if a page of ours asked, as browsers say in `Sec-Fetch-Site` or `Origin`.

    Raises:
        CrossOriginError: a page of another site did, or nobody says whose.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is None:
        is_ours = request.headers.get("Origin", "").lower() == own_origin(request)
    else:
        is_ours = site == "same-origin"
    if not is_ours:
        raise CrossOriginError


def visitor_of(request: web.Request) -> Visitor:
    """Return who wants to log in.

    A device is known by its mark, or because its owner is logged in there.
    """
    agent = request.headers.get("User-Agent", "")
    return Visitor(address_of(request), agent, _device_of(request))


def _device_of(request: web.Request) -> str | None:
    mark = cookies.device_of(request)
    known = None if mark is None else request.app[SERVICES].accounts.known_device(mark)
    principal: Principal | None = request.get(PRINCIPAL)
    if known is None and principal is not None and principal.scope is Scope.ADMIN:
        return principal.token_id
    return known
