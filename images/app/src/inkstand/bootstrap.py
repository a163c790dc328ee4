"""The composition root: settings in, running services out."""

from __future__ import annotations

import asyncio
import contextlib
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
from inkstand.playlist.playlist import CLOCK, DATE_CLOCK
from inkstand.preferences.preferences import Preferences
from inkstand.screens.clock import Face
from inkstand.screens.home import HomeScreen
from inkstand.showing import Showing
from inkstand.status.authority import Authority
from inkstand.status.certificate import Certificate
from inkstand.status.host_time import HostTime
from inkstand.status.recent_errors import RecentErrors
from inkstand.status.report import StatusReport
from inkstand.status.updates import UpdatesFile

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from aiohttp import web

    from inkstand.button import Button
    from inkstand.clock import Clock, TimeSource
    from inkstand.config import Settings
    from inkstand.mqtt.mqtt import Mqtt
    from inkstand.panel import Panel
    from inkstand.webhooks.webhooks import Webhooks

_LOG = logging.getLogger(__name__)
_LAST_REFRESH = 5.0
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
    showing: Showing
    preferences: Preferences
    store: MessageStore
    controller: Controller
    accounts: Accounts
    broadcaster: Broadcaster
    report: StatusReport
    preview_renderer: PreviewRenderer
    webhooks: Webhooks | None
    mqtt: Mqtt | None

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
            preferences=self.preferences,
            screen_picture=self.showing.picture,
            webhooks=self.webhooks,
            neighbourhood=self.mqtt,
        )


def build(settings: Settings) -> System:
    """Put together what `settings` ask for; does no I/O. Needs a running event loop."""
    hub, clock = Hub(), SystemClock(settings.timezone)
    time = _time(settings, clock)
    language, panel = settings.language_of_glass, _panel(settings)
    clock_screen = HomeScreen(time, language, Face(settings.clock))
    store = MessageStore(settings.state_directory, settings.waiting_max, settings.timezone)
    display = Display(panel, clock, hub, clock_screen, _policy(settings))
    controller = Controller(
        display,
        store,
        clock,
        hub,
        clock_screen,
        page_time=timedelta(seconds=settings.page_seconds),
        time=time,
        language=language,
    )
    built_in = {CLOCK: clock_screen, DATE_CLOCK: HomeScreen(time, language, Face.DATE)}
    showing = Showing(controller, display, clock, hub, built_in)
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
        updates=UpdatesFile(settings.updates_file, settings.image),
        screens=lambda: showing.states,
        state_directory=settings.state_directory,
        language=language,
    )
    controller.on_long_press = report.screen
    preferences = Preferences(settings, lambda it: showing.follow(it, preferences.shown_packs))
    broadcaster = Broadcaster(hub, controller, display, clock)
    mqtt = None
    if settings.mqtt_url:
        # Most owners have none.
        from inkstand.mqtt.mqtt import Mqtt  # noqa: PLC0415

        mqtt = Mqtt(settings, hub, clock, controller, display, report, broadcaster.png)
    return System(
        settings=settings,
        hub=hub,
        clock=clock,
        panel=panel,
        button=button,
        display=display,
        showing=showing,
        preferences=preferences,
        store=store,
        controller=controller,
        accounts=_accounts(settings, clock, hub, time),
        broadcaster=broadcaster,
        report=report,
        preview_renderer=PreviewRenderer(display),
        webhooks=_webhooks(settings, hub, clock, time),
        mqtt=mqtt,
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
        StorageUnavailableError: the messages, the accounts or the settings cannot be opened.
    """
    async with (
        system.store,
        system.accounts,
        system.preferences,
        system.webhooks or contextlib.nullcontext(),
        asyncio.TaskGroup() as group,
    ):
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
        StorageUnavailableError: the messages, the accounts or the settings cannot be opened.
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
        _pruning(system),
        system.button.run(),
        system.report.run(),
        system.broadcaster.run(),
        system.accounts.run(),
        _serve_http(app, listener, ready),
        system.showing.run(),
        *([mounts.watch(system.display.look_again)] if system.settings.panel == "epd" else []),
        *([system.mqtt.run()] if system.mqtt else []),
        *([system.webhooks.run()] if system.webhooks else []),
    ]


async def _pruning(system: System) -> None:
    retention = Retention(timedelta(days=system.settings.history_days), system.settings.history_max)
    await keep_pruned(
        system.store, system.clock, retention, system.hub, lambda: system.report.synchronised
    )


async def _serve_http(
    app: web.Application, listener: socket.socket, ready: Callable[[], None]
) -> None:
    async with serving(app, listener, _LAST_REQUESTS):
        ready()
        await asyncio.get_running_loop().create_future()


def _webhooks(settings: Settings, hub: Hub, clock: Clock, time: TimeSource) -> Webhooks | None:
    if not settings.webhooks:
        return None
    # Most owners have none.
    from inkstand.webhooks.webhooks import Webhooks  # noqa: PLC0415

    directory = settings.state_directory
    return Webhooks(settings.webhooks, directory, hub=hub, clock=clock, time=time)


def _panel(settings: Settings) -> Panel:
    if settings.panel == "memory":
        return MemoryPanel(*settings.panel_size)
    return EpdPanel(settings.panel_directory)


def _policy(settings: Settings) -> Policy:
    return Policy(
        timedelta(minutes=settings.full_refresh_minutes),
        settings.panel_temperature,
        settings.rotation,
    )


def _time(settings: Settings, clock: Clock) -> TimeSource:
    if settings.time_source == "none":
        return TrustedTime()
    return HostTime(settings.time_synchronised_file, clock)


def _certificate(settings: Settings, clock: Clock) -> Certificate:
    name = urllib.parse.urlsplit(settings.public_url).hostname
    return Certificate(settings.certificate_address, name, clock)


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


def _accounts(settings: Settings, clock: Clock, hub: Hub, time: TimeSource) -> Accounts:
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
        guests=Guests(people, attempts, registry.database),
        lifetime=timedelta(hours=settings.token_lifetime_hours),
        is_right=lambda: time.synchronised,
    )
