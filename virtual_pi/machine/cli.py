"""The command line of the machine: `python -m virtual_pi machine …`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from virtual_pi.machine import actions
from virtual_pi.machine.settings import DEFAULT_NAME, DEFAULT_STATE, Machine
from virtual_pi.options import number, port

if TYPE_CHECKING:
    from collections.abc import Callable

    Action = Callable[[Machine, argparse.Namespace], object]


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    add = common.add_argument
    add("--name", default=DEFAULT_NAME, help="its name in the inventory (%(default)s)")
    where = "where disk, inventory, keys and CA file are kept (%(default)s)"
    add("--state-directory", type=Path, default=DEFAULT_STATE, help=where)
    for name, default in (("ssh", 8022), ("https", 8444), ("http", 8081)):
        text = f"loopback port of {name.upper()} (%(default)s)"
        add(f"--{name}-port", type=port, default=default, help=text)
    add("--memory", type=number, default=2048, help="how many MiB it has (%(default)s)")
    add("--processors", type=number, default=2, help="how many it has (%(default)s)")
    timing = "let the simulated panel take the time of a real one, or none (%(default)s)"
    add("--simulated-timing", choices=["real", "fast"], default="real", help=timing)
    return common


def _machine(options: argparse.Namespace) -> Machine:
    return Machine(
        name=options.name,
        https_port=options.https_port,
        http_port=options.http_port,
        state=options.state_directory.resolve(),
        simulated_timing=options.simulated_timing,
        ssh_port=options.ssh_port,
        memory_mib=options.memory,
        processors=options.processors,
    )


def _add(
    to: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str, action: Action
) -> argparse.ArgumentParser:
    made = to.add_parser(name, parents=[_common()], help=text, description=text)
    made.set_defaults(action=lambda options: action(_machine(options), options))
    return made


def _plain(action: Callable[[Machine], object]) -> Action:
    """Give an action that needs no options of its own."""
    return lambda machine, _: action(machine)


def _deploy(machine: Machine, options: argparse.Namespace) -> None:
    actions.run_deploy(machine, *(["--check", "--diff"] if options.check else []))


def _execute(machine: Machine, options: argparse.Namespace) -> int:
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    return actions.execute(machine, argv)


def _add_life(to: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    _add(to, "up", "make a machine, deploy to it, and say how to use it", _plain(actions.up))
    _add(to, "create", "make a machine with nothing on it", _plain(actions.create))
    leaving = "log in with its password and leave a key"
    _add(to, "leave-key", leaving, _plain(actions.leave_key))
    deploying = _add(to, "deploy", "run the playbook against it", _deploy)
    deploying.add_argument("--check", action="store_true", help="only say what would change")
    removing = _add(to, "destroy", "remove it", lambda m, o: actions.destroy(m, images=o.images))
    removing.add_argument("--images", action="store_true", help="the cached disk, too")
    _add(to, "status", "say whether it runs", _plain(actions.status))
    _add(to, "restart", "reboot it", _plain(actions.restart))
    _add(to, "cut", "pull its power cord", _plain(actions.cut))
    _add(to, "start", "switch it on again", _plain(actions.start))


def _add_use(to: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    executing = _add(to, "exec", "run a program on it (a shell when none is given)", _execute)
    executing.add_argument("argv", nargs=argparse.REMAINDER, metavar="PROGRAM ...")
    _add(to, "press", "press its button", _plain(actions.press))
    show = "save a picture of what is on the glass"
    showing = _add(to, "panel", show, lambda m, o: actions.save_panel(m, o.output, o.scale))
    showing.add_argument("-o", "--output", type=Path, required=True, help="the PNG file to write")
    showing.add_argument("--scale", type=number, default=3, help="pixels per pixel (%(default)s)")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `machine` with its own commands to the command line."""
    text = "the same as a machine: an arm64 Debian 13 in QEMU, with a GPIO chip"
    top = commands.add_parser("machine", help=text, description=text)
    to = top.add_subparsers(dest="machine_command", required=True, metavar="COMMAND")
    _add_life(to)
    _add_use(to)
