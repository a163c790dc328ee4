"""Where handlers find what they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from inkstand.appliance import Appliance
    from inkstand.auth.accounts import Accounts
    from inkstand.config import Settings
    from inkstand.display import Display


class HasState(Protocol):
    """Something that can be out of order."""

    @property
    def state(self) -> str:
        """Return "ok" or the reason why it is not."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the API is a face of."""

    settings: Settings
    accounts: Accounts
    appliance: Appliance
    display: Display
    button: HasState


SERVICES = web.AppKey("services", Services)
USER = "user"
