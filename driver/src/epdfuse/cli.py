"""The command line: `epdfuse mount`, `simulate`, `show`, `doctor` and `transcript`."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from epdfuse import __version__, doctor, show, transcript
from epdfuse.backends import BUSES, BusOptions
from epdfuse.hardware.spi import DEFAULT_DEVICE
from epdfuse.panel.spec import (
    DIMENSIONS,
    FILMS,
    PanelError,
    PanelSpec,
    UnknownPanelError,
    panel_spec,
)
from epdfuse.simulator.panel import Bench, Fault
from epdfuse.storage import Refusal, holder

_Adder = Callable[..., argparse.ArgumentParser]
"""`add_parser` of a set of subcommands."""

_STATE_DIRECTORY = Path("/var/lib/epdfuse")

_MOUNT_EXAMPLES = """\
examples:
  epdfuse mount --panel 2.7 --bus simulated /run/epd/panel
  cat frame > /run/epd/panel/display && echo U > /run/epd/panel/command

The driver stays in the foreground, serves until SIGTERM or an unmount, and tells systemd
when it is ready. What is on the glass is remembered in the runtime directory for a driver that
is started anew, and when this one ends in the state directory for the next boot."""

_SIMULATE_EXAMPLES = """\
examples:
  epdfuse simulate fail broken     the next command fails: "Panel broken"
  epdfuse simulate fail ok         the panel works again
  epdfuse simulate record on       the bus is written to bus.txt, from the next command on
  epdfuse simulate status          what it does now
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the result is the exit code (1: failed, 2: wrong usage)."""
    logging.basicConfig(format="epdfuse: %(message)s", level=logging.INFO)
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (Refusal, PanelError) as error:
        print(f"epdfuse: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "epdfuse",
        description="Serve a small e-paper panel as a directory of files.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"epdfuse {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_mount(commands.add_parser)
    _add_simulate(commands.add_parser)
    for module in (show, doctor, transcript):
        module.add_command(commands.add_parser)
    return parser


def _command(add_parser: _Adder, name: str, about: str, epilog: str) -> argparse.ArgumentParser:
    command = add_parser(
        name,
        help=about,
        description=f"{about}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument(
        "--state-directory",
        type=Path,
        default=_STATE_DIRECTORY,
        metavar="DIR",
        help="what a panel leaves for the next boot (default: %(default)s)",
    )
    return command


def _add_mount(add_parser: _Adder) -> None:
    mount = _command(add_parser, "mount", "Serve a panel at MOUNTPOINT", _MOUNT_EXAMPLES)
    mount.set_defaults(run=_mount)
    mount.add_argument(
        "--runtime-directory",
        type=Path,
        metavar="DIR",
        help="where each update is remembered; in memory, it wears no SD card "
        "(default: the state directory)",
    )
    mount.add_argument("mountpoint", type=Path, metavar="MOUNTPOINT", help="an existing directory")
    mount.add_argument(
        "--panel", required=True, choices=DIMENSIONS, help="diagonal of the panel in inches"
    )
    mount.add_argument(
        "--film", type=int, choices=FILMS, default=231, help="generation (default: %(default)s)"
    )
    mount.add_argument("--bus", required=True, choices=BUSES, help="how the panel is reached")
    mount.add_argument(
        "--spi-device",
        type=Path,
        default=DEFAULT_DEVICE,
        metavar="FILE",
        help="where the panel is on --bus spi (default: %(default)s)",
    )
    mount.add_argument(
        "--simulated-timing",
        choices=("real", "fast"),
        default="real",
        help="whether a simulated panel takes the time of a real one (default: %(default)s)",
    )
    mount.add_argument(
        "--allow-other",
        action="store_true",
        help="let other users in, as the modes of the files say",
    )
    mount.add_argument(
        "--panel-line",
        choices=("full", "short"),
        default="full",
        help="content of the file panel; short leaves out the film, which programs for "
        "early drivers do not expect (default: %(default)s)",
    )
    mount.add_argument(
        "--busy-timeout",
        type=_seconds(0.1, 60),
        default=5.0,
        metavar="SECONDS",
        help="give up on a panel that stays busy for so long (default: %(default)g)",
    )
    mount.add_argument(
        "--idle-power-off",
        type=_seconds(1, 3600),
        default=60.0,
        metavar="SECONDS",
        help="power the controller off after so long without a command; partial updates "
        "leave it powered (default: %(default)g)",
    )
    mount.add_argument(
        "--full-update-interval",
        type=_seconds(0, 3600),
        default=0.0,
        metavar="SECONDS",
        help="let the glass rest so long after each full update; a command that comes "
        "earlier waits (default: %(default)g, no rest)",
    )


def _add_simulate(add_parser: _Adder) -> None:
    about = "Look at a simulated panel, or make it fail"
    simulate = _command(add_parser, "simulate", about, _SIMULATE_EXAMPLES)
    actions = simulate.add_subparsers(required=True, metavar="ACTION", dest="action")
    fail = actions.add_parser("fail", help="fail from the next command on; ok heals")
    fail.add_argument("fault", choices=[fault.value for fault in Fault])
    fail.set_defaults(run=_fail)
    record = actions.add_parser("record", help="write down what goes over the bus from now on")
    record.add_argument("switch", choices=("on", "off"))
    record.set_defaults(run=_record)
    actions.add_parser("status", help="print how it is").set_defaults(run=_status)


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def seconds(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}")
        return value

    return seconds


def _mount(options: argparse.Namespace) -> None:
    try:
        from epdfuse import service  # noqa: PLC0415 - the other commands need no FUSE
    except ImportError as error:
        packages = "python3-pyfuse3 python3-trio"
        raise Refusal(f"{error}; try: apt install {packages}") from error
    spec = _spec(options)
    bus_options = BusOptions(
        spec,
        options.state_directory,
        options.simulated_timing,
        options.busy_timeout,
        options.spi_device,
    )
    line = spec.description if options.panel_line == "full" else spec.short_description
    service.run(
        service.MountOptions(
            options.mountpoint.absolute(),
            options.bus,
            bus_options,
            options.runtime_directory or options.state_directory,
            options.allow_other,
            line,
            options.idle_power_off,
            options.full_update_interval,
        )
    )


def _spec(options: argparse.Namespace) -> PanelSpec:
    try:
        return panel_spec(options.panel, options.film)
    except UnknownPanelError as error:
        raise Refusal(str(error)) from error


def _fail(options: argparse.Namespace) -> None:
    try:
        _bench(options).fault = Fault(options.fault)
    except OSError as error:
        raise Refusal(f"cannot tell the panel: {error}") from error


def _record(options: argparse.Namespace) -> None:
    try:
        _bench(options).recording = options.switch == "on"
    except OSError as error:
        raise Refusal(f"cannot tell the panel: {error}") from error


def _status(options: argparse.Namespace) -> None:
    bench = _bench(options)
    pid = holder(options.state_directory)
    print(f"driver  {f'running, process {pid}' if pid else 'not running'}")
    print(f"fault   {bench.fault.value}")
    print(f"power   {'on' if bench.powered else 'off'}")
    drawn = bench.glass_picture.exists()
    print(f"glass   {bench.glass_picture if drawn else 'nothing drawn yet'}")
    print(f"bus     {f'written to {bench.bus_record}' if bench.recording else 'not recorded'}")


def _bench(options: argparse.Namespace) -> Bench:
    directory: Path = options.state_directory
    if not directory.is_dir():
        raise Refusal(f"no simulated panel has its state in {directory}")
    return Bench(directory)
