"""The connection to a broker: paho's, in a thread of its own, which connects whenever it has to.

MQTT 5 alone, which says how large a message may be and how many may come before the first is kept.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import threading
import urllib.parse
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from paho.mqtt.client import ConnectFlags, DisconnectFlags
    from paho.mqtt.reasoncodes import ReasonCode

_PORT, _TLS_PORT = 1883, 8883
_KEEP_ALIVE = 60
_FIRST_RETRY, _LAST_RETRY = 1, 120
# How long the broker keeps what comes for us while we are away.
_SESSION = 7 * 86_400
LARGEST = 65_536  # bytes of a packet
_UNKEPT = 20
# Of what may get lost on its way, so many wait for us: all that 64 neighbours have left there.
_MOST_WAITING = 256
_MOST_QUEUED = 200
_LAST_WORDS = 2.0
_ONCE = SubscribeOptions(qos=1, retainHandling=2)
# The broker keeps none of it while we are away: it would take the room of messages.
_AS_IT_IS = SubscribeOptions(qos=0, noLocal=True, retainHandling=0)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and who we are there; `ca` is PEM, "": those of the system."""

    url: str
    name: str
    password: str = field(default="", repr=False)
    ca: str = ""

    @property
    def address(self) -> str:
        """The host and the port, for people."""
        return f"{self._parts.hostname}:{self.port}"

    @property
    def host(self) -> str:
        """The name of the host, or its address."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The port, or the usual one."""
        return self._parts.port or (_TLS_PORT if self.tls else _PORT)

    @property
    def tls(self) -> bool:
        """Whether all goes over TLS."""
        return self._parts.scheme == "mqtts"

    @property
    def username(self) -> str:
        """Who we are there, "": nobody in particular."""
        return urllib.parse.unquote(self._parts.username or "")

    @property
    def _parts(self) -> urllib.parse.SplitResult:
        return urllib.parse.urlsplit(self.url)


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has let us in, and knows what we read."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The broker is not to be had, for that `reason`; it is tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker does something that it was asked for not, and will not."""

    what: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message; the broker sends it again until keep() was told of it.

    `repeated` one may have been kept before, when it had the same `number`.
    """

    topic: str
    payload: bytes = field(repr=False)
    number: int
    qos: int
    repeated: bool


class Connection:
    """What happens on the way to a broker: `async for told in connection`, within `async with`.

    It reads `topics`, and `states`: what others leave there for who comes later, and may get lost.
    When we are gone, `offline` is what the broker says at `availability`.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Iterable[str],
        availability: str,
        offline: str,
        states: Iterable[str] = (),
    ) -> None:
        self._broker = broker
        self._wanted = {**dict.fromkeys(topics, _ONCE), **dict.fromkeys(states, _AS_IT_IS)}
        self._last_will = partial(self.publish, availability, offline.encode(), retain=True)
        self._told: asyncio.Queue[Connected | Disconnected | Refused | Received] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._client = self._make_client(availability, offline)
        # These two are for paho's thread alone.
        self._subscribed: dict[int, str] = {}
        self._is_in = False

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        wanted = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wanted.SessionExpiryInterval = _SESSION
        wanted.MaximumPacketSize = LARGEST
        wanted.ReceiveMaximum = _UNKEPT
        client, broker = self._client, self._broker
        client.connect_async(
            broker.host, broker.port, _KEEP_ALIVE, clean_start=False, properties=wanted
        )
        # A thread of ours that calls loop_forever() would let publish() write from the caller's:
        # paho writes nothing from there only if it knows of a thread. A connection of TLS that two
        # threads use breaks.
        client.loop_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take leave."""
        self._last_will()
        self._client.disconnect()
        # It ends when all is said, which no broker that is gone may hold up.
        leaving = threading.Thread(target=self._client.loop_stop, daemon=True)
        leaving.start()
        await asyncio.to_thread(leaving.join, _LAST_WORDS)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Connected | Disconnected | Refused | Received:
        return await self._told.get()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send `payload`, unless the broker is not to be had just now."""
        if self._client.is_connected():
            self._client.publish(topic, payload, qos=1, retain=retain)

    def keep(self, received: Received) -> None:
        """Say that a message is kept here, or is of no use."""
        if received.qos:
            self._client.ack(received.number, received.qos)

    def _make_client(self, availability: str, offline: str) -> Client:
        client = make_client(self._broker, f"inkstand-{self._broker.name}")
        client.manual_ack_set(True)
        client.will_set(availability, offline, qos=1, retain=True)
        client.reconnect_delay_set(_FIRST_RETRY, _LAST_RETRY)
        client.max_queued_messages_set(_MOST_QUEUED)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _tell(self, what: Connected | Disconnected | Refused | Received) -> None:
        self._loop.call_soon_threadsafe(self._told.put_nowait, what)

    # What follows is called in the thread of the client.

    def _on_connect(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            return self._tell(Disconnected(f"it refuses us: {reason}"))
        self._is_in = True
        self._subscribed.clear()
        for topic, options in self._wanted.items():
            _, number = client.subscribe(topic, options=options)
            self._subscribed[number or 0] = topic
        return None

    def _on_connect_fail(self, _client: Client, _data: object) -> None:
        error = sys.exc_info()[1]
        self._tell(Disconnected(in_words(error)))

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        # Why it did not let us in was said by then.
        was_in, self._is_in = self._is_in, False
        if was_in and reason.is_failure:
            self._tell(Disconnected("the connection was lost"))

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        number: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        topic = self._subscribed.pop(number, "")
        for reason in reasons:
            if reason.is_failure:
                self._tell(Refused(f"may not read {topic}: {reason}"))
        if not self._subscribed:
            self._tell(Connected())

    def _on_publish(
        self,
        _client: Client,
        _data: object,
        _number: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell(Refused(f"may not write below inkstand/{self._broker.name}: {reason}"))

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.qos or self._told.qsize() < _MOST_WAITING:
            self._tell(
                Received(message.topic, message.payload, message.mid, message.qos, message.dup)
            )


def make_client(broker: Broker, client_id: str) -> Client:
    """Return a client that is let in there; with the id "" the broker makes one."""
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5
    )
    if broker.username:
        client.username_pw_set(broker.username, broker.password or None)
    if broker.tls:
        client.tls_set_context(ssl.create_default_context(cadata=broker.ca or None))
    return client


def in_words(error: Any) -> str:
    """Return what went wrong on the way to a broker."""
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        return error.strerror or os.strerror(error.errno)
    return str(error)
