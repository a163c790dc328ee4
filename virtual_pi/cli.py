"""The command line of the virtual Pi."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.common.errors import ToolError
from tools.common.paths import ROOT
from virtual_pi import actions
from virtual_pi.machine import cli as machine
from virtual_pi.options import port
from virtual_pi.settings import DEFAULT_NAME, VirtualPi

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Action = Callable[[VirtualPi, argparse.Namespace], object]


def _memory(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[mg]", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 512m or 2g")
    return text


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--name", default=DEFAULT_NAME, help="container name (%(default)s)")
    common.add_argument(
        "--state-directory",
        type=Path,
        default=ROOT / ".virtual-pi",
        help="where inventory, secrets and CA file are kept (%(default)s)",
    )
    common.add_argument(
        "--https-port", type=port, default=8443, help="loopback port of HTTPS (%(default)s)"
    )
    common.add_argument(
        "--http-port", type=port, default=8080, help="loopback port of HTTP (%(default)s)"
    )
    common.add_argument("--no-ports", action="store_true", help="publish nothing")
    common.add_argument(
        "--simulated-timing",
        choices=["real", "fast"],
        default="real",
        help="let the simulated panel take the time of a real one, or none (%(default)s)",
    )
    common.add_argument(
        "--memory",
        type=_memory,
        metavar="SIZE",
        help="the most memory that it may use, such as 512m (all that this machine has)",
    )
    common.add_argument(
        "--packs", action="store_true", help="show all packs that ship, with their example data"
    )
    return common


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    action: Action,
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, parents=[_common()], help=text, description=text)
    made.set_defaults(action=lambda options: action(_virtual_pi(options), options))
    return made


def _deploy(pi: VirtualPi, options: argparse.Namespace) -> None:
    actions.run_deploy(pi, *(["--check", "--diff"] if options.check else []))


def _execute(pi: VirtualPi, options: argparse.Namespace) -> int:
    return actions.execute(pi, options.argv[1:] if options.argv[:1] == ["--"] else options.argv)


def _press(pi: VirtualPi, options: argparse.Namespace) -> int:
    return actions.press(pi, [options.gpio, *(["--double"] if options.double else [])])


def _panel(pi: VirtualPi, options: argparse.Namespace) -> None:
    actions.save_panel(pi, options.output, options.scale)


def parser() -> argparse.ArgumentParser:
    """Give the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m virtual_pi",
        description="A Raspberry Pi in a container, and Inkstand deployed on it.",
    )
    to = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add(to, "up", "make a virtual Pi, deploy to it, and say how to use it", _plain(actions.up))
    _add(to, "create", "make a virtual Pi with nothing on it", _plain(actions.create))
    deploying = _add(to, "deploy", "run the playbook against it", _deploy)
    deploying.add_argument("--check", action="store_true", help="only say what would change")
    removing = _add(to, "destroy", "remove it", lambda pi, o: actions.destroy(pi, images=o.images))
    removing.add_argument("--images", action="store_true", help="its images and the cache, too")
    _add(to, "status", "say whether it runs", _plain(actions.status))
    _add(to, "restart", "reboot it", _plain(actions.restart))
    executing = _add(to, "exec", "run a program on it (a shell when none is given)", _execute)
    executing.add_argument("argv", nargs=argparse.REMAINDER, metavar="PROGRAM ...")
    pressing = _add(to, "press", "press the simulated button", _press)
    pressing.add_argument("--gpio", default="22", help="of which GPIO (%(default)s)")
    pressing.add_argument("--double", action="store_true", help="twice, quickly")
    showing = _add(to, "panel", "save a picture of what is on the glass", _panel)
    showing.add_argument("-o", "--output", type=Path, required=True, help="the PNG file to write")
    showing.add_argument("--scale", type=int, default=3, help="pixels per pixel (%(default)s)")
    machine.add(to)
    return top


def _plain(action: Callable[[VirtualPi], object]) -> Action:
    """Give an action that needs no options of its own."""
    return lambda pi, _: action(pi)


def _virtual_pi(options: argparse.Namespace) -> VirtualPi:
    return VirtualPi(
        name=options.name,
        https_port=None if options.no_ports else options.https_port,
        http_port=None if options.no_ports else options.http_port,
        state=options.state_directory.resolve(),
        simulated_timing=options.simulated_timing,
        memory=options.memory or "",
        packs=options.packs,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line: 0 when it did what was asked, 1 with a sentence when it could not."""
    options = parser().parse_args(argv)
    try:
        status = options.action(options)
    except ToolError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return status if isinstance(status, int) else 0
