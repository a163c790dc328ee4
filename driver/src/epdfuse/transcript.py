"""`epdfuse transcript`: what a driver does on the bus, without a bus (docs/contracts.md)."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from epdfuse.controllers import Controller, create_controller
from epdfuse.panel.spec import (
    DEFAULT_TEMPERATURE,
    DIMENSIONS,
    FILMS,
    DcFailedError,
    PanelBrokenError,
    PanelError,
    PanelSpec,
    UnsupportedCogError,
    panel_spec,
)
from epdfuse.simulator.recording import HEALTHY_CHIP_ID, HEALTHY_STATUS, RecordingBus, SilentBus

OPERATIONS = ("clear", "update", "partial")
TEMPERATURES = range(-99, 100)
STAGE_TIMES = range(50, 2001)

_STATUS = {UnsupportedCogError: 1, PanelBrokenError: 2, DcFailedError: 3}


@dataclass(frozen=True, slots=True)
class Request:
    """What to record. `old` and `new` are frames; `stage_ms` is that of the `F` command."""

    spec: PanelSpec
    operation: str
    old: bytes
    new: bytes
    celsius: int = DEFAULT_TEMPERATURE
    stage_ms: int | None = None
    chip_id: int = HEALTHY_CHIP_ID
    status: int = HEALTHY_STATUS
    with_pwm: bool = False


def example_old(spec: PanelSpec) -> bytes:
    """Give the old image of docs/contracts.md."""
    return bytes((37 * i + 11) % 256 for i in range(spec.frame_bytes))


def example_new(spec: PanelSpec) -> bytes:
    """Give the new image of docs/contracts.md."""
    return bytes(((101 * i + 7) ^ (i >> 3)) % 256 for i in range(spec.frame_bytes))


def record(request: Request, write: Callable[[str], object]) -> None:
    """Write the events of power up, operation, power down and the status, one a line."""
    chip = SilentBus(request.chip_id, request.status)
    bus = RecordingBus(write, chip, with_pwm=request.with_pwm)
    controller = create_controller(request.spec, bus)
    controller.celsius = request.celsius
    write(f"status {_run(controller, request)}")


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the sub-command to a command line."""
    add_arguments(add_parser("transcript", help=_SUMMARY, description=f"{_SUMMARY}."))


_SUMMARY = "Print what the driver does on the bus for one operation, without any hardware"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options of the sub-command, and set `run`."""
    parser.add_argument("--panel", required=True, choices=DIMENSIONS, help="diagonal in inches")
    parser.add_argument(
        "--film", type=int, choices=FILMS, default=231, help="generation (default: %(default)s)"
    )
    parser.add_argument("--operation", required=True, choices=OPERATIONS)
    parser.add_argument(
        "--temperature",
        type=_whole(TEMPERATURES),
        default=DEFAULT_TEMPERATURE,
        metavar="CELSIUS",
        help="of the glass (default: %(default)s)",
    )
    parser.add_argument(
        "--old", type=Path, metavar="FILE", help="frame on the glass, raw (default: an example)"
    )
    parser.add_argument(
        "--new", type=Path, metavar="FILE", help="frame to show, raw (default: an example)"
    )
    parser.add_argument(
        "--stage-time",
        type=_whole(STAGE_TIMES),
        metavar="MS",
        help="time of a stage of a partial update, as the F command sets it",
    )
    parser.add_argument(
        "--chip-id",
        type=_byte,
        default=HEALTHY_CHIP_ID,
        metavar="HEX",
        help="what the chip says it is (default: 02)",
    )
    parser.add_argument(
        "--status",
        type=_byte,
        default=HEALTHY_STATUS,
        metavar="HEX",
        help="status register: 80 glass whole, 40 voltage reached (default: c0)",
    )
    parser.add_argument(
        "--with-pwm", action="store_true", help="also print the pump clock of film 110"
    )
    parser.set_defaults(run=lambda options: run(options, parser))


def run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Print the transcript; exits with 2 and a sentence when the request makes no sense."""
    try:
        request = _request(options)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    events: list[str] = []
    record(request, events.append)
    sys.stdout.write("\n".join(events) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sub-command by itself: `python3 -m epdfuse.transcript`."""
    parser = argparse.ArgumentParser(prog="epdfuse transcript", description=f"{_SUMMARY}.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    options.run(options)
    return 0


def _run(controller: Controller, request: Request) -> int:
    try:
        controller.begin()
        _operate(controller, request)
        controller.end()
    except PanelError as error:
        return _STATUS[type(error)]
    return 0


def _operate(controller: Controller, request: Request) -> None:
    if request.operation == "clear":
        controller.clear()
    elif request.operation == "update":
        controller.update(request.old, request.new)
    else:
        controller.partial(request.old, request.new, request.stage_ms)


def _request(arguments: argparse.Namespace) -> Request:
    spec = panel_spec(arguments.panel, arguments.film)
    return Request(
        spec=spec,
        operation=arguments.operation,
        old=_frame(arguments.old, spec, example_old),
        new=_frame(arguments.new, spec, example_new),
        celsius=arguments.temperature,
        stage_ms=arguments.stage_time,
        chip_id=arguments.chip_id,
        status=arguments.status,
        with_pwm=arguments.with_pwm,
    )


def _frame(path: Path | None, spec: PanelSpec, example: Callable[[PanelSpec], bytes]) -> bytes:
    if path is None:
        return example(spec)
    frame = path.read_bytes()
    if len(frame) != spec.frame_bytes:
        raise ValueError(
            f"{path} has {len(frame)} bytes; a frame of this panel has {spec.frame_bytes}"
        )
    return frame


def _whole(allowed: range) -> Callable[[str], int]:
    def convert(text: str) -> int:
        number = int(text)
        if number not in allowed:
            raise argparse.ArgumentTypeError(f"{text} is not within {allowed[0]} to {allowed[-1]}")
        return number

    return convert


def _byte(text: str) -> int:
    number = int(text, 16)
    if not 0 <= number <= 0xFF:  # noqa: PLR2004  (a byte)
        raise argparse.ArgumentTypeError(f"{text} is not a byte in hexadecimal")
    return number


if __name__ == "__main__":
    sys.exit(main())
