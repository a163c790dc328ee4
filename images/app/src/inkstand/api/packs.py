"""Packs, for who chooses screens, under `/api/v1/packs`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import PNG, Operations, answer, body_of
from inkstand.api.schemas import Limits, Request, Rule
from inkstand.api.services import SERVICES
from inkstand.errors import ConfigError, InvalidValueError, PackError

if TYPE_CHECKING:
    from inkstand.packs import pack as packs_read
    from inkstand.packs.pack import Setting

OPERATIONS = Operations("settings")


def _table(name: str, value: object, _limits: Limits) -> object:
    if not isinstance(value, dict):
        raise InvalidValueError(f"{name} has to be an object")
    return value


@dataclass(frozen=True, kw_only=True)
class PackSetting:
    """What a pack asks for; `default` null: it has to be filled in."""

    name: str
    about: str
    type: Literal["text", "number", "choice", "url", "list", "secret"]
    default: str | None
    choices: list[str]
    secret: bool

    @classmethod
    def of(cls, setting: "Setting") -> "PackSetting":
        """Return what is told about a setting."""
        return cls(
            name=setting.name,
            about=setting.about,
            type=setting.type.value,
            default=None if setting.default is None else f"{setting.default}",
            choices=list(setting.choices),
            secret=setting.secret,
        )


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A pack, one that ships or the owner's own; one with a `problem` shows that alone."""

    name: str
    about: str
    settings: list[PackSetting]
    asks: Annotated[bool, Rule(description="Whether it asks servers, such as on the internet.")]
    own: Annotated[bool, Rule(description="Whether the owner added it.")]
    problem: str | None

    @classmethod
    def of(cls, pack: "packs_read.Pack", problem: str | None, *, own: bool) -> "Pack":
        """Return what is told about a pack."""
        return cls(
            name=pack.name,
            about=pack.about,
            settings=[PackSetting.of(setting) for setting in pack.settings.values()],
            asks=bool(pack.sources),
            own=own,
            problem=problem,
        )


@dataclass(frozen=True, kw_only=True)
class Packs:
    """All packs, those of the owner's own first."""

    packs: list[Pack]


@dataclass(frozen=True, kw_only=True)
class PackPreviewRequest(Request):
    """Body of `POST /packs/{name}/preview`; what is not filled in is as in its example."""

    settings: Annotated[Any, Rule(_table, type="object")]


@OPERATIONS.add("get", "/packs", "packs", Scope.ADMIN, answers={200: Packs})
async def packs(request: web.Request) -> web.Response:
    """The packs that there are, and what each asks for."""
    from inkstand.packs import offered  # noqa: PLC0415 - loads slowly, and most ask for none

    kept = request.app[SERVICES].preferences.packs
    told = await asyncio.to_thread(offered.told, kept)
    ship = await asyncio.to_thread(offered.packs)
    return answer(
        Packs(
            packs=[
                *(Pack.of(pack, problem or None, own=True) for pack, problem in told),
                *(Pack.of(pack, None, own=False) for pack in ship if pack.name not in kept),
            ]
        )
    )


@OPERATIONS.add(
    "post",
    "/packs/{name}/preview",
    "previewPack",
    Scope.ADMIN,
    body=PackPreviewRequest,
    answers={200: PNG},
    errors=(429, 503),
)
async def preview(request: web.Request) -> web.Response:
    """How a pack would look on this panel, with example data; nobody is asked, nothing is shown."""
    # What cannot be drawn is a picture that says why.
    from inkstand.packs import offered  # noqa: PLC0415 - as above

    services, name = request.app[SERVICES], request.match_info["name"]
    language, own = services.settings.language_of_glass, services.preferences.packs
    wanted, now = await body_of(request, PackPreviewRequest), services.clock.now()
    try:
        drawn = await services.preview_renderer.in_turn(
            lambda size: offered.preview(name, wanted.settings, size, now, language, own)
        )
    except (ConfigError, PackError) as error:
        raise InvalidValueError(str(error)) from error
    return web.Response(body=drawn.png, content_type="image/png")
