"""Who asks, and may they: `principal = require(request, Scope.POST)`, first thing in a handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.api.keys import PRINCIPAL
from inkstand.auth.model import Principal, Scope
from inkstand.errors import ForbiddenError, UnauthorizedError

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Principal", "Scope", "require"]


def require(request: web.Request, scope: Scope) -> Principal:
    """Return who asks, if they may do what needs `scope`.

    Raises:
        UnauthorizedError: nobody said who asks.
        ForbiddenError: the token does not go that far.
    """
    principal: Principal | None = request.get(PRINCIPAL)
    if principal is None:
        raise UnauthorizedError("log in first")
    if principal.scope < scope:
        raise ForbiddenError(scope.word)
    return principal
