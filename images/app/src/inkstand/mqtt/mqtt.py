"""The appliance on a broker: says how it is and what happens, shows what is sent to it, sends."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from inkstand.api.schemas import Limits
from inkstand.api.status import counts_of
from inkstand.errors import (
    BrokerError,
    InvalidValueError,
    RequestError,
    StorageFullError,
    StorageUnavailableError,
)
from inkstand.events import (
    BrokerChanged,
    ButtonChanged,
    ButtonPressed,
    FrameShown,
    Gesture,
    PanelChanged,
)
from inkstand.messages import State
from inkstand.messages.events import MessageChanged, ScreenChanged
from inkstand.messages.model import clean
from inkstand.mqtt import discovery, payloads
from inkstand.mqtt.connection import (
    LARGEST,
    Broker,
    Connected,
    Connection,
    Disconnected,
    Received,
    Refused,
)
from inkstand.mqtt.neighbours import Neighbours
from inkstand.mqtt.posting import post
from inkstand.mqtt.topics import OFF, ON, PLAYLIST, Topics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from inkstand.api.neighbours import Neighbour
    from inkstand.clock import Clock
    from inkstand.config import Settings
    from inkstand.display.display import Display
    from inkstand.events import Event, Hub
    from inkstand.frame import Frame
    from inkstand.messages import Draft
    from inkstand.messages.controller import Controller
    from inkstand.status.report import StatusReport

_LOG = logging.getLogger(__name__)
_KINDS = (
    MessageChanged,
    ScreenChanged,
    FrameShown,
    ButtonPressed,
    PanelChanged,
    ButtonChanged,
    BrokerChanged,
)
_BACKLOG = 256
# Seconds until a disk that could not be written is tried again.
_DISK_RETRY = 10.0
# Seconds within which the broker has to have what is sent to a group.
_PATIENCE = 10.0
# What appliances take, with room for the head of the packet.
_LARGEST = LARGEST - 1024


class Mqtt:
    """Keeps the appliance on the broker that `settings` name.

    `png` makes a picture of a frame.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it tells of, and where it hands on
        self,
        settings: Settings,
        hub: Hub,
        clock: Clock,
        controller: Controller,
        display: Display,
        report: StatusReport,
        png: Callable[[Frame], Awaitable[bytes]],
    ) -> None:
        self._settings = settings
        self._hub = hub
        self._clock = clock
        self._controller = controller
        self._display = display
        self._report = report
        self._png = png
        self._broker = Broker(
            settings.mqtt_url, settings.mqtt_name, settings.mqtt_password, settings.mqtt_ca
        )
        self._topics = Topics(settings.mqtt_name, settings.mqtt_groups, settings.mqtt_discovery)
        self._commands: dict[str, Callable[[str], None]] = {
            self._topics.press: self._press,
            self._topics.screen: self._hold,
            self._topics.quiet: self._switch_quiet,
            self._topics.refresh: lambda _: display.wipe(),
        }
        self._reason: str | None = None
        self._said: set[str] = set()
        self._state = b""
        self._last_read_at: datetime | None = None
        self._screens: tuple[str, ...] = ()
        self._neighbours = Neighbours(settings.mqtt_name)
        self._turn = asyncio.Lock()

    @property
    def neighbours(self) -> list[Neighbour]:
        """The other appliances of the broker, by their names; none while it is away."""
        return self._neighbours.all

    async def send(self, group: str, draft: Draft) -> str:
        """Send a message to all of a group, and return its id there once the broker has it.

        Raises:
            BrokerError: it did not take it, and will not.
            InvalidValueError: it is longer than what appliances take.
        """
        draft = clean(draft)
        name, key = self._settings.mqtt_name, draft.idempotency_key
        number = payloads.id_of(name, draft.author, key) if key else secrets.token_hex(16)
        payload = payloads.group_message(draft, number)
        if len(payload) > _LARGEST:
            raise InvalidValueError(f"text is too long for a group, which takes {_LARGEST} bytes")
        topic, deadline = self._topics.group_message(group), time.monotonic() + _PATIENCE
        try:
            # Who waits for a broker that is silent must not take all threads.
            async with asyncio.timeout(_PATIENCE), self._turn:
                await asyncio.to_thread(post, self._broker, topic, payload, deadline)
        except TimeoutError:
            raise BrokerError("it does not answer") from None
        return number

    async def run(self) -> None:
        """Be on the broker whenever it is there, until cancelled."""
        broker, topics = self._broker, self._topics
        connection = Connection(
            broker, topics.read, topics.availability, discovery.OFFLINE, topics.neighbours
        )
        with self._hub.listen(_BACKLOG, _KINDS) as events:
            self._last_read_at = await self._read_last()
            async with connection, asyncio.TaskGroup() as group:
                group.create_task(self._follow(connection, broker))
                async for event in events:
                    await self._tell(connection, event)

    async def _read_last(self) -> datetime | None:
        """Return when the newest message that was read was; None also where nobody can tell."""
        try:
            page = await self._controller.store.page(limit=1, states=(State.READ,))
        except StorageUnavailableError:
            return None
        return page.messages[0].ended_at if page.messages else None

    async def _follow(self, connection: Connection, broker: Broker) -> None:
        async for told in connection:
            match told:
                case Connected():
                    self._is(None)
                case Disconnected(reason):
                    self._is(f"{broker.address}: {reason}")
                case Refused(what):
                    self._say_once(what, f"the broker {broker.address} refuses something: {what}")
                case Received():
                    await self._take(connection, told)
                    connection.keep(told)

    def _is(self, reason: str | None) -> None:
        """Note that the broker is there, or why it is not."""
        if reason is None:
            _LOG.info("connected with the broker")
        else:
            # What others have left there comes again when it is there again.
            self._neighbours.forget()
            if self._reason is None:
                _LOG.warning("no broker, trying again until there is one: %s", reason)
        if reason is None or reason != self._reason:
            self._hub.publish(BrokerChanged(self._clock.now(), reason))
        self._reason = reason

    def _say_once(self, fault: str, sentence: str) -> None:
        if fault not in self._said:
            self._said.add(fault)
            _LOG.warning("%s (said once)", sentence)

    async def _take(self, connection: Connection, received: Received) -> None:
        if received.topic == self._topics.birth:
            self._discover(connection)
        elif (command := self._commands.get(received.topic)) is not None:
            command(received.payload.decode(errors="replace").strip())
            # Below a message it changes nothing that anybody is told of.
            await self._tell_state(connection)
        elif (neighbour := self._topics.neighbour(received.topic)) is not None:
            self._meet(*neighbour, received.payload)
        else:
            await self._show(received)

    def _meet(self, name: str, what: str, payload: bytes) -> None:
        try:
            self._neighbours.take(name, what, payload)
        except InvalidValueError as error:
            self._say_once("neighbour", f"what {name!r} says by MQTT is not listened to: {error}")

    def _press(self, wanted: str) -> None:
        if wanted.lower() in list(Gesture):
            self._controller.press(Gesture(wanted.lower()))
        else:
            self._say_once("press", f"a press by MQTT is one of {', '.join(Gesture)}")

    def _hold(self, wanted: str) -> None:
        known = (PLAYLIST, *self._controller.screens)
        if wanted in known:
            self._controller.hold(None if wanted == PLAYLIST else wanted)
        else:
            self._say_once("screen", f"a screen by MQTT is one of {', '.join(known)}")

    def _switch_quiet(self, wanted: str) -> None:
        if wanted.upper() in {ON, OFF}:
            self._controller.switch_quiet(on=wanted.upper() == ON)
        else:
            self._say_once("quiet", f"quiet by MQTT is {ON} or {OFF}")

    async def _show(self, received: Received) -> None:
        limits = Limits(self._settings.message_max_length, self._clock.now())
        try:
            draft = payloads.draft_of(received.payload, limits)
            await self._submit(received, draft)
        except (RequestError, StorageFullError) as error:
            sentence = f"a message by MQTT at {received.topic} is not shown: {error}"
            self._say_once(f"{received.topic} {error.code}", sentence)

    async def _submit(self, received: Received, draft: Draft) -> None:
        """Keep it, as soon as the disk lets us: till then the broker keeps it too."""
        while True:
            try:
                if not await self._is_kept(received, draft):
                    await self._controller.submit(_with_key(received, draft))
            except StorageUnavailableError:
                await asyncio.sleep(_DISK_RETRY)
            else:
                return

    async def _is_kept(self, received: Received, draft: Draft) -> bool:
        """Tell whether one without an id was kept before, as far as that can be told."""
        if draft.idempotency_key is not None or not received.repeated:
            return False
        store = self._controller.store
        return await store.open_by_key(draft.author, _mark(received)) is not None

    async def _tell(self, connection: Connection, event: Event) -> None:
        match event:
            case ButtonPressed(gesture=gesture):
                pressed = payloads.as_json({"event_type": gesture})
                connection.publish(self._topics.button_event, pressed)
            case MessageChanged(message=message) if event.is_told:
                if message.state is State.READ:
                    self._last_read_at = message.ended_at
                told = payloads.message_event(message)
                connection.publish(self._topics.message_event, told)
            case BrokerChanged(reason=None):
                await self._announce(connection)
        if isinstance(event, FrameShown):
            await self._tell_picture(connection, event)
        if self._screens != self._controller.screens:
            self._discover(connection)
        await self._tell_state(connection)

    async def _announce(self, connection: Connection) -> None:
        self._state = b""
        self._discover(connection)
        if self._display.last_refresh is not None:
            await self._tell_picture(connection, self._display.last_refresh)
        await self._tell_state(connection)
        online = discovery.ONLINE.encode()
        connection.publish(self._topics.availability, online, retain=True)

    def _discover(self, connection: Connection) -> None:
        self._screens = self._controller.screens
        if self._topics.discovery:
            title, url = self._settings.app_title, self._settings.public_url
            told = payloads.as_json(discovery.device(self._topics, title, url, self._screens))
            connection.publish(self._topics.config, told, retain=True)

    async def _tell_picture(self, connection: Connection, shown: FrameShown) -> None:
        png = await self._png(shown.frame)
        connection.publish(self._topics.picture, png, retain=True)

    async def _tell_state(self, connection: Connection) -> None:
        counts = await counts_of(self._controller.store)
        if counts is None:
            # Who has to know is told by the panel and the page.
            return
        refreshes, found = self._display.refreshes, self._report.updates
        state = payloads.state(
            payloads.Condition(
                screen=self._controller.state.screen,
                held=self._controller.state.home.held,
                quiet_until=self._controller.state.home.quiet_until,
                waiting=counts.get(State.WAITING, 0),
                panel=self._report.panel,
                button=self._report.button,
                last_read_at=self._last_read_at,
                refreshes=refreshes["full"] + refreshes["partial"],
                certificate_expires_at=self._report.certificate_expires_at,
                updates=None if found is None else len(found.packages),
            )
        )
        if state != self._state:
            self._state = state
            connection.publish(self._topics.state, state, retain=True)


def _mark(received: Received) -> str:
    """Return how the keys begin of what has come with that number and says that."""
    return f"mqtt:{received.number} {hashlib.sha256(received.payload).hexdigest()[:16]} "


def _with_key(received: Received, draft: Draft) -> Draft:
    if draft.idempotency_key is not None:
        return draft
    return replace(draft, idempotency_key=f"{_mark(received)}{secrets.token_hex(8)}")
