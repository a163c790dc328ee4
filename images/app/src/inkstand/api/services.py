"""Where handlers find what they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkstand.accounts.accounts import Accounts
    from inkstand.api.broadcaster import Broadcaster
    from inkstand.api.neighbours import Neighbour
    from inkstand.clock import Clock
    from inkstand.config import Settings
    from inkstand.display.display import Display
    from inkstand.display.preview import PreviewRenderer
    from inkstand.messages import Draft
    from inkstand.messages.controller import Controller
    from inkstand.preferences.preferences import Preferences
    from inkstand.status.report import StatusReport
    from inkstand.webhooks.webhooks import Webhooks


class HasState(Protocol):
    """Something that can be out of order."""

    @property
    def state(self) -> str:
        """Return "ok" or the reason why it is not."""
        ...


class Neighbourhood(Protocol):
    """The other appliances of a broker."""

    @property
    def neighbours(self) -> list[Neighbour]:
        """Return those that are known, by their names."""
        ...

    async def send(self, group: str, draft: Draft) -> str:
        """Send a message to all of a group, and return its id there once the broker has it.

        Raises:
            BrokerError: it did not take it.
            InvalidValueError: it is too long to be taken.
        """
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the API is a face of."""

    settings: Settings
    accounts: Accounts
    controller: Controller
    display: Display
    button: HasState
    clock: Clock
    broadcaster: Broadcaster
    report: StatusReport
    preview_renderer: PreviewRenderer
    preferences: Preferences
    screen_picture: Callable[[str], bytes | None]
    webhooks: Webhooks | None = None
    neighbourhood: Neighbourhood | None = None


SERVICES = web.AppKey("services", Services)
PRINCIPAL = "principal"
