"""What an owner may change while it runs, under `/api/v1/settings`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import PNG, Operations, answer, body_of, principal_of
from inkstand.api.schemas import Limits, Request, Rule
from inkstand.api.services import SERVICES
from inkstand.errors import InvalidValueError, ScreenNotShownError
from inkstand.preferences import model
from inkstand.preferences.preferences import Preference

OPERATIONS = Operations("settings")
SettingName = Literal["screens", "playlist", "quiet_hours", "quiet_screen"]
_ERRORS = (409, 503, 507)


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    """Return the schema of an object; what is not required may be null as well."""
    for name in properties.keys() - required:
        properties[name] = {**properties[name], "type": [properties[name]["type"], "null"]}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_DAYS = {**_TEXT, "description": "Such as `daily`, `mon`, `sat,sun` or `fri-mon`."}
_TIME = {**_TEXT, "description": "Such as `22:30`, in the zone of the appliance."}
_WHEN = {"days": _DAYS, "from": _TIME, "to": _TIME}
_MINUTES = {"type": "integer", "minimum": 1, "maximum": 1440}
_NAME = {**_TEXT, "pattern": "^[a-z0-9][a-z0-9_-]{0,31}$", "description": "Not `clock`."}
_FILLED_IN = {
    "type": "object",
    "description": f"What its pack asks for. A secret is answered as `{model.KEPT_SECRET}`; "
    "who sends that back keeps the secret.",
}
_SCREEN = _object(
    ("name", "pack"),
    name=_NAME,
    pack={**_TEXT, "description": "One that ships, or a file of the owner's."},
    settings=_FILLED_IN,
    private={"type": "boolean", "description": "Whether it may ask in a private network."},
    example={"type": "boolean", "description": "Whether it shows its example and asks nobody."},
)
_ENTRY = _object(("screen",), screen=_TEXT, minutes=_MINUTES, **_WHEN)
_SCHEMAS: dict[str, dict[str, Any]] = {
    "screens": {"type": "array", "items": _SCREEN},
    "playlist": {"type": "array", "items": _ENTRY},
    "quiet_hours": {"type": "array", "items": _object((), **_WHEN)},
    "quiet_screen": {"type": "string", "enum": ["until", "last", "blank"]},
}
# Which texts are good depends on the name.
_ANY = {"anyOf": [*_SCHEMAS.values(), {"type": "string"}]}


def _value(name: str, value: object, _limits: Limits) -> object:
    model.check(name, value)
    return value


def _any_value(name: str, value: object, _limits: Limits) -> object:
    is_list = isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if not is_list and not isinstance(value, str):
        raise InvalidValueError(f"{name} has to be a list of objects, or a text")
    return value


def _rule(name: str, read: Callable[[str, Any, Limits], Any] = _value) -> Rule:
    return Rule(read, **_SCHEMAS[name])


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting. Who provisioned it has to change it; with a `problem` it is not in use."""

    name: SettingName
    value: Annotated[Any, Rule(_any_value, **_ANY)]
    default: Annotated[Any, Rule(_any_value, **_ANY)]
    provisioned: bool
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings that may be changed while it runs."""

    settings: list[Setting]
    internet: Annotated[bool, Rule(description="Whether screens can ask servers on the internet.")]


@dataclass(frozen=True, kw_only=True)
class SettingRequest(Request):
    """Body of `PUT /settings/{name}`."""

    value: Annotated[Any, Rule(_any_value, **_ANY)]


@dataclass(frozen=True, kw_only=True)
class SettingsRequest(Request):
    """Body of `PATCH /settings`; null is back to the default, what is not sent stays."""

    screens: Annotated[Any, _rule("screens")] | None = ""
    playlist: Annotated[Any, _rule("playlist")] | None = ""
    quiet_hours: Annotated[Any, _rule("quiet_hours")] | None = ""
    quiet_screen: Annotated[Any, _rule("quiet_screen")] | None = ""


@OPERATIONS.add("get", "/settings", "settings", Scope.ADMIN, answers={200: Settings})
async def settings(request: web.Request) -> web.Response:
    """All settings that may be changed while it runs."""
    return await _told(request)


@OPERATIONS.add(
    "patch",
    "/settings",
    "changeSettings",
    Scope.ADMIN,
    body=SettingsRequest,
    answers={200: Settings},
    errors=_ERRORS,
)
async def change(request: web.Request) -> web.Response:
    """Change several settings, all or none; they count at once."""
    wanted = asdict(await body_of(request, SettingsRequest))
    return await _change(request, {name: it for name, it in wanted.items() if it != ""})


@OPERATIONS.add(
    "put",
    "/settings/{name}",
    "changeSetting",
    Scope.ADMIN,
    body=SettingRequest,
    answers={200: Settings},
    errors=_ERRORS,
)
async def put(request: web.Request) -> web.Response:
    """Change a setting; it counts at once."""
    request.app[SERVICES].preferences.refuse(request.match_info["name"])
    wanted = await body_of(request, SettingRequest)
    return await _change(request, {request.match_info["name"]: wanted.value})


@OPERATIONS.add(
    "delete",
    "/settings/{name}",
    "resetSetting",
    Scope.ADMIN,
    answers={200: Settings},
    errors=_ERRORS,
)
async def delete(request: web.Request) -> web.Response:
    """Go back to the default of a setting."""
    return await _change(request, {request.match_info["name"]: None})


@OPERATIONS.add(
    "get", "/settings/screens/{name}.png", "screenPicture", Scope.ADMIN, answers={200: PNG}
)
async def picture(request: web.Request) -> web.Response:
    """How a screen of the playlist looks now, with its data, whether it is its turn or not."""
    name = request.match_info["name"]
    png = request.app[SERVICES].screen_picture(name)
    if png is None:
        raise ScreenNotShownError(name)
    return web.Response(body=png, content_type="image/png")


async def _change(request: web.Request, changes: dict[str, Any]) -> web.Response:
    preferences = request.app[SERVICES].preferences
    if principal_of(request).invited:
        _refuse_private(changes.get("screens") or (), await preferences.told())
    await preferences.change(changes)
    return await _told(request)


def _refuse_private(screens: Iterable[Any], known: Iterable[Preference]) -> None:
    """Let the owner alone say that a screen may ask the network at home, which is the owner's.

    Raises:
        InvalidValueError: somebody else says it of a screen that is new or another.
    """
    before = next(each.value for each in known if each.name == "screens")
    if any(screen.get("private") and screen not in before for screen in screens):
        raise InvalidValueError("private: only the owner lets a screen ask your own network")


async def _told(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    told = [Setting(**asdict(each)) for each in await services.preferences.told()]
    return answer(Settings(settings=told, internet=services.settings.screens_internet))
