"""Who asks, and may they."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.accounts.model import Principal, Scope
from inkstand.api.keys import PRINCIPAL
from inkstand.errors import ForbiddenError, UnauthorizedError

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Principal", "Scope", "principal_of", "require"]


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


def principal_of(request: web.Request) -> Principal:
    """Return who asks, where an Operation has seen to it that they may."""
    principal: Principal = request[PRINCIPAL]
    return principal
