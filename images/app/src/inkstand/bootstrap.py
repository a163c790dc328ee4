"""The composition root: settings in, running services out."""

from __future__ import annotations

import asyncio
import logging
import socket
import urllib.parse
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from inkstand.accounts.accounts import Accounts
from inkstand.accounts.attempts import Attempts
from inkstand.accounts.authenticator import Authenticator
from inkstand.accounts.guests import Guests
from inkstand.accounts.invitations import Invitations
from inkstand.accounts.keys import parse_keys
from inkstand.accounts.login_code import LoginCode
from inkstand.accounts.passwords import PasswordVerifier
from inkstand.accounts.people import People
from inkstand.accounts.registry import TokenRegistry
from inkstand.accounts.tokens import Signer
from inkstand.api.app import make_app
from inkstand.api.broadcaster import Broadcaster
from inkstand.api.server import serving
from inkstand.api.services import Services
from inkstand.button import MemoryButton, NoButton, PigpioButton, PigpioSettings, Timing
from inkstand.clock import SystemClock, TrustedTime
from inkstand.display.display import Display, Policy
from inkstand.display.preview import PreviewRenderer
from inkstand.errors import InkstandError
from inkstand.events import Hub, TokenRevoked
from inkstand.loop_watchdog import watched_loop
from inkstand.messages import Draft
from inkstand.messages.controller import Controller
from inkstand.messages.retention import Retention, keep_pruned
from inkstand.messages.store import MessageStore
from inkstand.panel import mounts
from inkstand.panel.epd import EpdPanel
from inkstand.panel.memory import MemoryPanel
from inkstand.playlist.home import Home
from inkstand.playlist.playlist import CLOCK, Entry, Playlist
from inkstand.screens.home import HomeScreen
from inkstand.screens.quiet import QuietLook
from inkstand.status.authority import Authority
from inkstand.status.certificate import Certificate
from inkstand.status.host_time import HostTime
from inkstand.status.recent_errors import RecentErrors
from inkstand.status.report import StatusReport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from aiohttp import web

    from inkstand.button import Button
    from inkstand.clock import Clock, TimeSource
    from inkstand.config import Settings
    from inkstand.packs.screens import PackScreens
    from inkstand.panel import Panel
    from inkstand.screens import Screen

_LOG = logging.getLogger(__name__)
_LAST_REFRESH = 5.0
# Minutes.
_TURN = 10
_OURSELVES = "Inkstand"
_LAST_REQUESTS = 2.0


class ListenError(InkstandError, OSError):
    """The address is in use, or not one of this machine."""

    code = "listen"


@dataclass(frozen=True, slots=True)
class System:
    """All parts, put together and not running yet."""

    settings: Settings
    hub: Hub
    clock: Clock
    panel: Panel
    button: Button
    display: Display
    packs: PackScreens | None
    store: MessageStore
    controller: Controller
    accounts: Accounts
    broadcaster: Broadcaster
    report: StatusReport
    preview_renderer: PreviewRenderer

    @property
    def services(self) -> Services:
        """What the API is a face of."""
        return Services(
            settings=self.settings,
            accounts=self.accounts,
            controller=self.controller,
            display=self.display,
            button=self.button,
            clock=self.clock,
            broadcaster=self.broadcaster,
            report=self.report,
            preview_renderer=self.preview_renderer,
        )


def build(settings: Settings) -> System:
    """Put together what `settings` ask for; does no I/O. Needs a running event loop."""
    hub, clock = Hub(), SystemClock(settings.timezone)
    time = _time(settings, clock)
    clock_screen, panel = HomeScreen(time), _panel(settings)
    store = MessageStore(settings.state_directory, settings.waiting_max)
    display = Display(panel, clock, hub, clock_screen, _policy(settings))
    packs = _packs(settings, clock, hub, clock_screen, display)
    controller = Controller(
        display,
        store,
        clock,
        hub,
        clock_screen,
        packs=packs.screens if packs else {},
        home=Home(playlist=_playlist(settings), quiet_hours=settings.quiet_hours),
        quiet=QuietLook(settings.quiet_screen),
        page_time=timedelta(seconds=settings.page_seconds),
        time=time,
    )
    button = _button(settings, clock, hub)
    report = StatusReport(
        title=settings.app_title,
        url=settings.public_url,
        clock=clock,
        display=display,
        button=button,
        time=time,
        certificate=_certificate(settings, clock),
        authority=Authority(settings.authority_url, clock),
        recent_errors=RecentErrors(hub),
        screens=packs.states if packs else {},
        state_directory=settings.state_directory,
    )
    controller.on_long_press = report.screen
    return System(
        settings=settings,
        hub=hub,
        clock=clock,
        panel=panel,
        button=button,
        display=display,
        packs=packs,
        store=store,
        controller=controller,
        accounts=_accounts(settings, clock, hub),
        broadcaster=Broadcaster(hub, controller, display, clock),
        report=report,
        preview_renderer=PreviewRenderer(display),
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port` (0: any free one).

    Raises:
        ListenError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ListenError(f"cannot listen on {host}, port {port}: {error.strerror}") from error


def url_of(listener: socket.socket) -> str:
    """Return the URL under which `listener` is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


async def run(
    system: System,
    app: web.Application,
    listener: socket.socket,
    stop: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    """Run everything until `stop` is set; `ready` is called once requests are answered.

    A part that dies ends all others and its error comes out of here, in an ExceptionGroup.

    Raises:
        StorageUnavailableError: the messages or the accounts cannot be opened.
    """
    async with system.store, system.accounts, asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in _jobs(system, app, listener, ready)]
        await system.report.tell_notices(partial(_post_notice, system.controller))
        await stop.wait()
        for task in tasks:
            task.cancel()
    await asyncio.to_thread(system.display.settle, _LAST_REFRESH)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the appliance that `settings` describe until `stop` is set.

    Raises:
        ListenError: the address cannot be had.
        StorageUnavailableError: the messages or the accounts cannot be opened.
    """
    async with watched_loop():
        listener = listen(settings.listen_host, settings.listen_port)
        system = build(settings)
        app = make_app(system.services)
        await run(system, app, listener, stop, lambda: _LOG.info("serving %s", url_of(listener)))


async def _post_notice(controller: Controller, text: str, key: str) -> None:
    """Put a notice onto the panel, once: it is kept like any message."""
    try:
        await controller.submit(Draft(author=_OURSELVES, text=text, idempotency_key=key))
    except InkstandError as error:
        _LOG.warning("a notice cannot be shown: %s", error)


def _jobs(
    system: System, app: web.Application, listener: socket.socket, ready: Callable[[], None]
) -> list[Coroutine[Any, Any, None]]:
    return [
        system.display.run(),
        system.controller.run(),
        keep_pruned(system.store, system.clock, _retention(system.settings), system.hub),
        system.button.run(),
        system.report.run(),
        system.broadcaster.run(),
        system.accounts.run(),
        _serve_http(app, listener, ready),
        *([system.packs.run()] if system.packs else []),
        *([mounts.watch(system.display.look_again)] if system.settings.panel == "epd" else []),
    ]


async def _serve_http(
    app: web.Application, listener: socket.socket, ready: Callable[[], None]
) -> None:
    async with serving(app, listener, _LAST_REQUESTS):
        ready()
        await asyncio.get_running_loop().create_future()


def _panel(settings: Settings) -> Panel:
    if settings.panel == "memory":
        return MemoryPanel(*settings.panel_size)
    return EpdPanel(settings.panel_directory)


def _packs(
    settings: Settings, clock: Clock, hub: Hub, clock_screen: Screen, display: Display
) -> PackScreens | None:
    """Return the packs that the playlist shows; of others nobody would see anything."""
    shown = {entry.screen for entry in _playlist(settings).entries}
    screens = {name: table for name, table in settings.screens.items() if name in shown}
    if not screens:
        return None
    # To load all that takes a Pi Zero a while, and most owners have none.
    from inkstand.fetching.fetcher import Fetcher  # noqa: PLC0415
    from inkstand.fetching.kept import KeptAnswers  # noqa: PLC0415
    from inkstand.packs.chosen import read_chosen  # noqa: PLC0415
    from inkstand.packs.screens import PackScreens  # noqa: PLC0415

    return PackScreens(
        read_chosen(screens, settings.packs_directory),
        instead=clock_screen,
        clock=clock,
        hub=hub,
        fetcher=Fetcher(clock),
        kept=KeptAnswers(settings.state_directory / "packs"),
        quiet=settings.quiet_hours,
        size=lambda: display.info.size if display.info else None,
        changed=display.look_again,
    )


def _playlist(settings: Settings) -> Playlist:
    """Return the owner's playlist; of who has screens and none, all take turns with the clock."""
    if settings.playlist.entries or not settings.screens:
        return settings.playlist
    return Playlist(tuple(Entry(name, _TURN) for name in (CLOCK, *settings.screens)))


def _policy(settings: Settings) -> Policy:
    return Policy(timedelta(minutes=settings.full_refresh_minutes), settings.panel_temperature)


def _time(settings: Settings, clock: Clock) -> TimeSource:
    if settings.time_source == "none":
        return TrustedTime()
    return HostTime(settings.time_synchronised_file, clock)


def _certificate(settings: Settings, clock: Clock) -> Certificate:
    name = urllib.parse.urlsplit(settings.public_url).hostname
    return Certificate(settings.certificate_address, name, clock)


def _retention(settings: Settings) -> Retention:
    return Retention(timedelta(days=settings.history_days), settings.history_max)


def _button(settings: Settings, clock: Clock, hub: Hub) -> Button:
    if settings.button == "none":
        return NoButton()
    if settings.button == "memory":
        return MemoryButton(clock, hub, _timing(settings))
    line = PigpioSettings(
        host=settings.pigpiod_host,
        port=settings.pigpiod_port,
        gpio=settings.button_gpio,
        pressed_high=settings.button_pressed_level == "high",
        glitch_filter_us=settings.button_glitch_filter_us,
    )
    return PigpioButton(line, clock, hub, _timing(settings))


def _timing(settings: Settings) -> Timing:
    """Return the gestures to look for; a time of zero means that there is none."""
    long, double = settings.button_long_ms, settings.button_double_ms
    return Timing(1000 * long or None, 1000 * double or None)


def _accounts(settings: Settings, clock: Clock, hub: Hub) -> Accounts:
    def revoked(token_id: str) -> None:
        hub.publish(TokenRevoked(clock.now(), token_id))

    passwords, attempts = PasswordVerifier(), Attempts(settings.username)
    registry = TokenRegistry(settings.state_directory, revoked, settings.username)
    people = People(settings.username, settings.password_hash, registry.database, attempts)
    return Accounts(
        people,
        Invitations(people, passwords, attempts, registry.database),
        Authenticator(people, passwords, attempts, LoginCode(settings.state_directory)),
        Signer(parse_keys(settings.token_secret)),
        registry,
        guests=Guests(attempts, registry.database),
        lifetime=timedelta(hours=settings.token_lifetime_hours),
    )
