"""The composition root: settings in, running services out."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api.app import make_app
from inkstand.api.keys import Services
from inkstand.appliance import Appliance
from inkstand.auth.accounts import Accounts
from inkstand.auth.attempts import Attempts
from inkstand.auth.passwords import PasswordVerifier
from inkstand.auth.tokens import Tokens
from inkstand.button import MemoryButton, NoButton, PigpioButton, PigpioSettings
from inkstand.clock import SystemClock
from inkstand.display import Display
from inkstand.errors import InkstandError
from inkstand.events import Hub
from inkstand.panel import mounts
from inkstand.panel.epd import EpdPanel
from inkstand.panel.memory import MemoryPanel
from inkstand.screens import ClockScreen
from inkstand.storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from inkstand.button import Button
    from inkstand.clock import Clock
    from inkstand.config import Settings
    from inkstand.panel import Panel

_LOG = logging.getLogger(__name__)
_LAST_REFRESH = 5.0
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
    appliance: Appliance
    accounts: Accounts

    @property
    def services(self) -> Services:
        """What the API is a face of."""
        return Services(self.settings, self.accounts, self.appliance, self.display, self.button)


def build(settings: Settings) -> System:
    """Put together what `settings` ask for; does no I/O. Needs a running event loop."""
    hub, clock, home = Hub(), SystemClock(settings.timezone), ClockScreen()
    panel = _panel(settings)
    display = Display(panel, clock, hub, home)
    return System(
        settings=settings,
        hub=hub,
        clock=clock,
        panel=panel,
        button=_button(settings, clock, hub),
        display=display,
        appliance=Appliance(display, MemoryStore(), clock, hub, home),
        accounts=_accounts(settings),
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
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in _jobs(system, app, listener, ready)]
        await stop.wait()
        for task in tasks:
            task.cancel()
    await asyncio.to_thread(system.display.settle, _LAST_REFRESH)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the appliance that `settings` describe until `stop` is set.

    Raises:
        ListenError: the address cannot be had.
    """
    listener = listen(settings.listen_host, settings.listen_port)
    system = build(settings)
    app = make_app(system.services)
    await run(system, app, listener, stop, lambda: _LOG.info("serving %s", url_of(listener)))


def _jobs(
    system: System, app: web.Application, listener: socket.socket, ready: Callable[[], None]
) -> list[Coroutine[Any, Any, None]]:
    return [
        system.display.run(),
        system.appliance.run(),
        system.button.run(),
        mounts.watch(system.display.look_again),
        _serve_http(app, listener, ready),
    ]


async def _serve_http(
    app: web.Application, listener: socket.socket, ready: Callable[[], None]
) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_REQUESTS)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        ready()
        await asyncio.get_running_loop().create_future()
    finally:
        await runner.cleanup()


def _panel(settings: Settings) -> Panel:
    if settings.panel == "memory":
        return MemoryPanel(*settings.panel_size)
    return EpdPanel(settings.panel_directory)


def _button(settings: Settings, clock: Clock, hub: Hub) -> Button:
    if settings.button == "none":
        return NoButton()
    if settings.button == "memory":
        return MemoryButton(clock, hub)
    line = PigpioSettings(
        host=settings.pigpiod_host,
        port=settings.pigpiod_port,
        gpio=settings.button_gpio,
        glitch_filter_us=settings.button_glitch_filter_us,
    )
    return PigpioButton(line, clock, hub)


def _accounts(settings: Settings) -> Accounts:
    lifetime = timedelta(hours=settings.token_lifetime_hours)
    return Accounts(
        settings.username,
        PasswordVerifier(settings.password_hash),
        Tokens(settings.token_secret, settings.username, lifetime),
        Attempts(),
    )
