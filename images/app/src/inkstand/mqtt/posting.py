"""One message onto the broker, by a connection that ends with it. Blocks."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from inkstand.errors import BrokerError
from inkstand.mqtt.connection import in_words, make_client

if TYPE_CHECKING:
    from typing import Any

    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode

    from inkstand.mqtt.connection import Broker

_SILENT = "it does not answer"


def post(broker: Broker, topic: str, payload: bytes, deadline: float) -> None:
    """Return when the broker has `payload`; after `deadline`, by time.monotonic(), it is given up.

    The connection that the appliance keeps would send later what it could not send now. With one
    of its own a message that is given up is gone.

    Raises:
        BrokerError: it did not take it.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise BrokerError(_SILENT)
    client = make_client(broker, "")
    answers: list[ReasonCode] = []

    def note(_client: Client, _data: object, _what: Any, reason: ReasonCode, _more: object) -> None:
        answers.append(reason)

    client.on_connect = client.on_publish = note
    client.connect_timeout = left
    try:
        # A handshake of TLS has as long as the connection is kept.
        client.connect(broker.host, broker.port, math.ceil(left), clean_start=True)
        _await(client, answers, 1, deadline)
        client.publish(topic, payload, qos=1)
        _await(client, answers, 2, deadline)
    except BrokerError:
        raise
    except (OSError, ValueError) as error:
        raise BrokerError(in_words(error)) from error
    finally:
        client.disconnect()


def _await(client: Client, answers: list[ReasonCode], number: int, deadline: float) -> None:
    while len(answers) < number:
        left = deadline - time.monotonic()
        if left <= 0:
            raise BrokerError(_SILENT)
        if client.loop(left) and len(answers) < number:
            raise BrokerError("the connection was lost")
    if answers[-1].is_failure:
        raise BrokerError(f"it refuses that: {answers[-1]}")
