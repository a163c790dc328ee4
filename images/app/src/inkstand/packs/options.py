"""What `inkstand packs` takes on the command line; what it needs is loaded when it is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_packs(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Add the command `packs` and those below it, which are returned."""
    text = "data screens without code: list, check and draw them"
    below = commands.add_parser("packs", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    text = "name the packs that are there"
    below.add_parser("list", help=text, description=text).set_defaults(run=_run("list_packs"))
    text = "say what is wrong with a pack, by line; exit code 1 when something is"
    checker = below.add_parser("check", help=text, description=text)
    checker.add_argument("pack", metavar="FILE", help="a pack's file, or the name of one")
    checker.set_defaults(run=_run("check_pack"))
    _add_preview(below)
    _add_timetable(below, "stops", "find the ids of stops in a timetable, for the pack departures")
    _add_timetable(below, "lines", "find the ids of lines in a timetable, for the pack departures")
    return below


def _add_preview(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "draw a pack on its example data into a PNG file"
    preview = commands.add_parser("preview", help=text, description=text)
    preview.add_argument("pack", metavar="FILE|NAME", help="a pack's file, or the name of one")
    preview.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png")
    preview.add_argument("--size", default="264x176", metavar="WxH", help="default: 264x176")
    preview.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="fill in a setting"
    )
    preview.add_argument(
        "--data", action="append", default=[], metavar="SOURCE=FILE", help="what a source answered"
    )
    preview.set_defaults(run=_run("preview_pack"))


def _add_timetable(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], what: str, text: str
) -> None:
    finder = commands.add_parser(what, help=text, description=text)
    finder.add_argument("timetable", type=Path, metavar="FILE.zip", help="a timetable in GTFS")
    finder.add_argument("names", nargs="+", metavar="NAME", help="a name, or a part of one")
    finder.set_defaults(run=_run(f"print_{what}", "timetable"))


def _run(name: str, module: str = "commands") -> Callable[[argparse.Namespace], int]:
    """Return the function of that name of a module of inkstand.packs, which is not loaded yet."""

    def run(options: argparse.Namespace) -> int:
        # The first needs what a client has not.
        loaded = importlib.import_module(f"inkstand.packs.{module}")
        return int(getattr(loaded, name)(options))

    return run
