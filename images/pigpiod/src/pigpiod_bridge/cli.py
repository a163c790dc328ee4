"""The command line: ``serve``, ``check``, and for simulated lines ``press`` and ``level``.

Imports are few up here: ``press`` and ``check`` start a Python each, on a Pi Zero a second of
work, most of which is importing asyncio.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from pigpiod_bridge.check import version
from pigpiod_bridge.control import DRIVES, SOCKET_PATH, ControlError, Level, Order, ask
from pigpiod_bridge.lines import GPIO_COUNT
from pigpiod_bridge.press import MAX_HOLD, MIN_HOLD, Press

if TYPE_CHECKING:
    from types import ModuleType

BACK_END_NAMES: Final = ("simulated", "gpiochip")
MAX_PORT: Final = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status; says in one sentence what went wrong."""
    options = _parser().parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace], int] = options.run
        return command(options)
    except (OSError, ControlError, ValueError, RuntimeError) as error:
        print(f"pigpiod-bridge: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pigpiod-bridge", description="Speaks the pigpiod socket protocol over GPIO lines."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="serve clients until SIGTERM"))
    _add_check(commands.add_parser("check", help="ask a server for its version; exit 0 or 1"))
    _add_press(commands.add_parser("press", help="press the button on a simulated line"))
    _add_level(commands.add_parser("level", help="show or set what a simulated line is tied to"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)
    parser.add_argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 8888),
        metavar="ADDRESS:PORT",
        help="default 127.0.0.1:8888; the protocol has no login, so think before opening it",
    )
    parser.add_argument("--line", choices=BACK_END_NAMES, default="simulated", help="the lines")
    parser.add_argument(
        "--gpio",
        type=_gpio,
        action="append",
        default=[],
        help="a GPIO that clients may change; can be repeated; default none. The others can be read"
        " when the lines are simulated; of a GPIO chip only these are used",
    )
    parser.add_argument(
        "--chip-label",
        action="append",
        default=[],
        metavar="LABEL",
        help="the GPIO chip to use with --line gpiochip, as gpiodetect shows it in brackets; can be"
        " repeated; default the chip of a Raspberry Pi's header",
    )
    _add_control(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_check)
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    parser.add_argument("--port", type=_port, default=8888, help="default 8888")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds, default 3")


def _add_press(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_press)
    parser.add_argument("gpio", type=_gpio, metavar="GPIO")
    parser.add_argument(
        "--for",
        dest="hold",
        type=_hold,
        default=0.1,
        metavar="SECONDS",
        help="how long the button is held, default 0.1",
    )
    parser.add_argument("--double", action="store_true", help="press twice")
    parser.add_argument("--bounce", action="store_true", help="with a contact that bounces 3.5 ms")
    _add_control(parser)


def _add_level(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_level)
    parser.add_argument("gpio", type=_gpio, metavar="GPIO")
    parser.add_argument("to", nargs="?", choices=tuple(DRIVES), help="default: only show the level")
    _add_control(parser)


def _add_control(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--control",
        type=Path,
        default=SOCKET_PATH,
        metavar="PATH",
        help=f"the simulated lines' control socket, default {SOCKET_PATH}",
    )


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise argparse.ArgumentTypeError(f"{text!r} is no ADDRESS:PORT such as 127.0.0.1:8888")
    return host.strip("[]"), _port(port)


def _port(text: str) -> int:
    return _number(text, MAX_PORT, "port")


def _gpio(text: str) -> int:
    return _number(text, GPIO_COUNT - 1, "GPIO")


def _number(text: str, highest: int, what: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= highest:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no {what}: a number from 0 to {highest}")


def _hold(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from error
    if not MIN_HOLD <= seconds <= MAX_HOLD:
        raise argparse.ArgumentTypeError(f"{text} is not from {MIN_HOLD} to {MAX_HOLD:g} seconds")
    return seconds


def _serve(options: argparse.Namespace) -> int:
    # As process 1 of a container a signal without a handler is ignored; this is for the time
    # until the loop has its own.
    signal.signal(signal.SIGTERM, _leave)
    _forget_tls()
    import asyncio  # noqa: PLC0415 see the head of this file
    import logging  # noqa: PLC0415

    from pigpiod_bridge.bootstrap import Settings, serve  # noqa: PLC0415
    from pigpiod_bridge.gpiochip import LABELS  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    host, port = options.listen
    permitted = frozenset(options.gpio)
    labels = tuple(options.chip_label) or LABELS
    asyncio.run(serve(Settings(host, port, options.line, permitted, options.control, labels)))
    return 0


def _forget_tls() -> None:
    # asyncio does without ssl when it is not there. This process never speaks TLS, and OpenSSL
    # is a quarter of its memory and of its start.
    modules: dict[str, ModuleType | None] = dict.fromkeys(("ssl", "_ssl"))
    sys.modules.update(modules)  # type: ignore[arg-type]  # None is the documented "not there"


def _leave(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)


def _check(options: argparse.Namespace) -> int:
    address = f"{options.host}:{options.port}"
    try:
        found = version(options.host, options.port, options.timeout)
    except OSError as error:
        raise OSError(f"no answer from {address}: {error.strerror or error}") from error
    print(f"{address} speaks the pigpiod protocol, version {found}")
    return 0


def _press(options: argparse.Namespace) -> int:
    times = 2 if options.double else 1
    _ask(options, Press(options.gpio, options.hold, times, options.bounce))
    return 0


def _level(options: argparse.Namespace) -> int:
    print(_ask(options, Level(options.gpio, options.to)))
    return 0


def _ask(options: argparse.Namespace, order: Order) -> int:
    try:
        return ask(options.control, order)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise OSError(f"no bridge with simulated lines serves {options.control}") from error
