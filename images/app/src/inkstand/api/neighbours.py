"""The other appliances of a broker: how they are, and messages to a group of them.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.messages import KEY, MessageRequest, draft_of, key_of, require_code
from inkstand.api.operations import Operations, answer, body_of, principal_of
from inkstand.api.schemas import Rule
from inkstand.api.services import SERVICES, Services
from inkstand.errors import GroupNotFoundError
from inkstand.screens import MessageScreen

OPERATIONS = Operations("neighbours")
MOST = 64
LONGEST = 200  # characters of a text that another appliance tells
Told = Annotated[str, Rule(maxLength=LONGEST)] | None


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """Another appliance of the broker: whether it is there, and what it said last."""

    name: str
    online: bool
    screen: Told
    message: Told
    waiting: Annotated[int, Rule(minimum=0)] | None
    panel: Told
    button: Told


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The groups that this appliance is in, and the other appliances; none without a broker."""

    groups: list[str]
    neighbours: Annotated[list[Neighbour], Rule(maxItems=MOST)]


@dataclass(frozen=True, kw_only=True)
class SentToGroup:
    """A message that the broker has; `id` is the one by which a repeat is known."""

    id: str


@OPERATIONS.add("get", "/neighbours", "neighbours", Scope.READ, answers={200: Neighbours})
async def get(request: web.Request) -> web.Response:
    """Other appliances of the broker, and the groups that this one is in."""
    services = request.app[SERVICES]
    found = services.neighbourhood.neighbours if services.neighbourhood else []
    return answer(Neighbours(groups=_groups(services), neighbours=found))


@OPERATIONS.add(
    "post",
    "/groups/{group}/messages",
    "sendToGroup",
    Scope.POST,
    parameters=(KEY,),
    body=MessageRequest,
    answers={202: SentToGroup},
    errors=(503,),
)
async def post(request: web.Request) -> web.Response:
    """Send a message to all of a group, this one too; the broker has it when this is answered."""
    services, group = request.app[SERVICES], request.match_info["group"]
    if services.neighbourhood is None or group not in services.settings.mqtt_groups:
        raise GroupNotFoundError(group, _groups(services))
    wanted = await body_of(request, MessageRequest)
    draft = draft_of(principal_of(request), wanted.text, wanted, key_of(request))
    await require_code(request, MessageScreen(draft.text, draft.author, look=draft.look))
    return answer(SentToGroup(id=await services.neighbourhood.send(group, draft)), 202)


def _groups(services: Services) -> list[str]:
    return [*services.settings.mqtt_groups] if services.neighbourhood else []
