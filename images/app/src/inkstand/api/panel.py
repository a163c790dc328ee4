"""The panel and what it shows, under `/api/v1/panel` and `/api/v1/screen`, and the button.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.messages import Message
from inkstand.api.operations import PNG, Operations, answer, body_of, header
from inkstand.api.schemas import Count, Number, Request, Rule
from inkstand.api.services import SERVICES
from inkstand.errors import PanelUnavailableError
from inkstand.events import Gesture
from inkstand.messages.events import ScreenKind
from inkstand.panel import Refresh

if TYPE_CHECKING:
    from inkstand.display.display import Display
    from inkstand.events import FrameShown, RefreshStarted
    from inkstand.frame import Frame as Pixels
    from inkstand.messages.events import ScreenState

OPERATIONS = Operations("panel")
RefreshKind = Literal["full", "partial"]
RefreshCounter = Literal["full", "partial", "skipped"]


@dataclass(frozen=True, kw_only=True)
class ScreenRequest(Request):
    """Body of `PUT /screen`."""

    screen: Literal[ScreenKind.CLOCK, ScreenKind.STATUS]


@dataclass(frozen=True, kw_only=True)
class PressRequest(Request):
    """Body of `POST /button`."""

    gesture: Gesture = Gesture.SHORT


@dataclass(frozen=True, kw_only=True)
class Refreshing:
    """A refresh that goes on."""

    refresh: RefreshKind
    at: datetime

    @classmethod
    def of(cls, started: "RefreshStarted") -> "Refreshing":
        """Return what is told about a refresh that goes on."""
        return cls(refresh=_kind(started.refresh), at=started.at)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What is on the glass, without its pixels."""

    etag: str
    at: datetime
    refresh: RefreshKind | None
    seconds: Annotated[float, Rule(minimum=0)] | None

    @classmethod
    def of(cls, shown: "FrameShown") -> "Frame":
        """Return what is told about the frame on the glass, without its pixels."""
        return cls(
            etag=tag(shown.frame),
            at=shown.at,
            refresh=None if shown.refresh is None else _kind(shown.refresh),
            seconds=None if shown.seconds is None else round(shown.seconds, 3),
        )


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The panel, and what is on it; width and height as people see it, however it hangs."""

    state: Literal["ok", "unavailable"]
    reason: str | None
    width: Annotated[int, Rule(minimum=8)] | None
    height: Number | None
    refreshing: Refreshing | None
    frame: Frame | None
    refreshes: dict[RefreshCounter, Count]

    @classmethod
    def of(cls, display: "Display") -> "Panel":
        """Return what is told about the panel."""
        width, height = display.info.size if display.info else (None, None)
        return cls(
            state="ok" if display.reason is None else "unavailable",
            reason=display.reason,
            width=width,
            height=height,
            refreshing=None if display.refreshing is None else Refreshing.of(display.refreshing),
            frame=None if display.last_refresh is None else Frame.of(display.last_refresh),
            refreshes=counts(display.refreshes),
        )


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What is shown."""

    screen: ScreenKind
    message: Message | None
    page: Number
    pages: Number
    name: str | None
    quiet_until: datetime | None

    @classmethod
    def of(cls, state: "ScreenState") -> "Screen":
        """Return what is told about what is shown."""
        return cls(
            screen=state.screen,
            message=None if state.message is None else Message.of(state.message),
            page=state.page,
            pages=state.pages,
            name=state.name,
            quiet_until=state.quiet_until,
        )


@OPERATIONS.add("get", "/panel", "panel", Scope.READ, answers={200: Panel})
async def panel(request: web.Request) -> web.Response:
    """The panel, and what is on it."""
    return answer(Panel.of(request.app[SERVICES].display))


@OPERATIONS.add(
    "get",
    "/panel.png",
    "panelPicture",
    Scope.READ,
    parameters=(header("If-None-Match", "The ETag of the picture that is known already."),),
    answers={200: PNG, 304: None},
    errors=(503,),
    headers={"ETag": "Another one for another picture."},
)
async def picture(request: web.Request) -> web.Response:
    """What is on the glass, as the driver says, and upright, however the panel hangs."""
    services = request.app[SERVICES]
    frame = services.display.frame
    if frame is None:
        raise PanelUnavailableError(services.display.reason or "the panel has not answered yet")
    etag = tag(frame)
    headers = {"ETag": f'"{etag}"', "Cache-Control": "private, no-cache"}
    if any(sent.value in (etag, "*") for sent in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    body = await services.broadcaster.png(frame)
    return web.Response(body=body, content_type="image/png", headers=headers)


@OPERATIONS.add("get", "/screen", "screen", Scope.READ, answers={200: Screen})
async def screen(request: web.Request) -> web.Response:
    """What is shown."""
    return _state(request)


@OPERATIONS.add(
    "put",
    "/screen",
    "showScreen",
    Scope.POST,
    body=ScreenRequest,
    answers={200: Screen},
    errors=(503,),
)
async def show_screen(request: web.Request) -> web.Response:
    """`status`: have a look at it; `clock`: back to what was there before."""
    controller = request.app[SERVICES].controller
    wanted = await body_of(request, ScreenRequest)
    if wanted.screen is ScreenKind.STATUS:
        controller.show_status()
    else:
        controller.end_peek()
    return _state(request)


@OPERATIONS.add("post", "/button", "press", Scope.POST, body=PressRequest, answers={204: None})
async def press(request: web.Request) -> web.Response:
    """Use the button: a short press turns the page, the last one is read."""
    wanted = await body_of(request, PressRequest)
    request.app[SERVICES].controller.press(wanted.gesture)
    return web.Response(status=204)


def tag(frame: "Pixels") -> str:
    """Return what is the same for equal frames only, without the quotes that an ETag has."""
    return hashlib.sha256(b"%dx%d " % frame.size + frame.data).hexdigest()[:16]


def counts(refreshes: Mapping[str, int]) -> dict[Any, int]:
    """Return how often the panel was refreshed, by kind."""
    return {kind: refreshes.get(kind, 0) for kind in get_args(RefreshCounter)}


def _state(request: web.Request) -> web.Response:
    return answer(Screen.of(request.app[SERVICES].controller.state.screen))


def _kind(refresh: Refresh) -> RefreshKind:
    """Return what clients call a refresh; a cleared panel was refreshed as a whole."""
    return "partial" if refresh is Refresh.PARTIAL else "full"
