"""How ``press`` and ``level`` reach the simulated lines: one JSON object each way, one a line.

The socket is a Unix socket that only the bridge's own user can open. It exists for simulated
lines only, and is no part of the pigpiod protocol.
"""

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pigpiod_bridge.lines import GPIO_COUNT
from pigpiod_bridge.press import MAX_HOLD, MIN_HOLD, Press

SOCKET_PATH: Final = Path("/run/pigpiod-bridge/control.sock")
LINE_LIMIT: Final = 1024
PATIENCE: Final = 5.0


class ControlError(ValueError):
    """An order that makes no sense, or that the bridge could not carry out."""


@dataclass(frozen=True, slots=True)
class Level:
    """Asks for the level of ``gpio``, after connecting it: ``low``, ``high``, ``release``."""

    gpio: int
    to: str | None = None


Order = Press | Level

DRIVES: Final[dict[str, int | None]] = {"low": 0, "high": 1, "release": None}


def encode(order: Order) -> bytes:
    """Returns the line that asks the bridge for ``order``."""
    return json.dumps({"do": type(order).__name__.lower(), **asdict(order)}).encode() + b"\n"


def decode(line: bytes) -> Order:
    """Returns the order in a line.

    Raises:
        ControlError: it is none; quotes what is wrong.
    """
    try:
        fields = json.loads(line)
        kind = {"press": Press, "level": Level}[fields.pop("do")]
        order: Order = kind(**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ControlError(f"not an order: {line[:80]!r}") from error
    return check(order)


def check(order: Order) -> Order:
    """Returns ``order`` when it can be carried out on some line.

    Raises:
        ControlError: it cannot; says why.
    """
    if not _is_int(order.gpio, 0, GPIO_COUNT - 1):
        raise ControlError(f"GPIO numbers are 0 to {GPIO_COUNT - 1}, not {order.gpio!r}")
    return _check_press(order) if isinstance(order, Press) else _check_level(order)


def _is_int(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _check_press(press: Press) -> Press:
    if type(press.hold) not in {int, float} or not MIN_HOLD <= press.hold <= MAX_HOLD:
        raise ControlError(f"a press lasts {MIN_HOLD} to {MAX_HOLD:g} seconds, not {press.hold!r}")
    if not _is_int(press.times, 1, 2) or type(press.bounce) is not bool:
        raise ControlError("a press comes once or twice, bouncing or not")
    return press


def _check_level(level: Level) -> Level:
    if level.to is not None and level.to not in DRIVES:
        raise ControlError(f"a line is connected to {', '.join(DRIVES)}, not {level.to!r}")
    return level


def ask(path: Path, order: Order) -> int:
    """Has the bridge carry out ``order`` and returns the line's level afterwards.

    Raises:
        ControlError: it could not; says why.
        OSError: no bridge with simulated lines is behind ``path``.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE + 3 * MAX_HOLD)
        connection.connect(str(path))
        connection.sendall(encode(check(order)))
        with connection.makefile("rb") as answers:
            return _level_in(answers.readline(LINE_LIMIT))


def _level_in(line: bytes) -> int:
    answer: dict[str, Any] = json.loads(line or b'{"error": "the bridge went away"}')
    if "error" in answer:
        raise ControlError(answer["error"])
    return int(answer["level"])
