"""The command `inkstand`. What a subcommand needs is imported when it is asked for."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inkstand import __version__
from inkstand.accounts.model import MIN_PASSWORD
from inkstand.client.arguments import with_wait_spelled_out
from inkstand.client.completion import answer_shell
from inkstand.client.errors import ClientError
from inkstand.client.options import EXIT_CODES, add_client, add_own_packs
from inkstand.config import (
    DEFAULT_FILE,
    MAY_HOLD_SECRETS,
    SECRETS,
    load,
    names,
    panel_directory,
)
from inkstand.errors import ConfigError, InkstandError
from inkstand.language import CODES
from inkstand.log import log_to_stderr
from inkstand.packs.options import add_packs

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from inkstand.config import Settings

_DONE, _FAILED, _MISUSED = 0, 1, 2
# What a shell reports of programs that these signals ended.
_INTERRUPTED, _NOBODY_READS = 128 + signal.SIGINT, 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code, see client.options.EXIT_CODES."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    try:
        answer_shell(parser)
        options = parser.parse_args(with_wait_spelled_out(given))
        return int(options.run(options))
    except InkstandError as error:
        print(f"inkstand: {error}", file=sys.stderr)
        return _exit_code(error)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == __package__:
            raise
        print(f"inkstand: {_without_server(error.name)}", file=sys.stderr)
        return _FAILED
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except KeyboardInterrupt:
        return _INTERRUPTED


def _exit_code(error: InkstandError) -> int:
    if isinstance(error, ClientError):
        return error.exit_code
    return _MISUSED if isinstance(error, ConfigError) else _FAILED


def _without_server(name: str) -> str:
    return (
        f"only the client is installed, and this command needs {name}; "
        "run in the repository: pipx install --force './images/app[server]'"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="inkstand",
        description="An e-paper panel and a button on the open internet: client and server.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"inkstand {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_client(commands)
    _add_serving(commands)
    _add_tools(commands)
    return parser


def _add_serving(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, run, text in (
        ("serve", _serve, "run the appliance until SIGTERM or Ctrl-C"),
        ("check-config", _check_config, "check the settings and print them without secrets"),
        ("healthcheck", _healthcheck, "ask the running app how it is; exit code 0 if it answers"),
        ("login-code", _login_code, "print a code that lets the owner log in once, where it runs"),
        ("reset-owner", _reset_owner, "at the next start, the owner's password is the settings'"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--config", type=Path, metavar="FILE", help=f"settings (default: {DEFAULT_FILE})"
        )
        command.set_defaults(run=run)
        if run is _serve:
            command.add_argument(
                "--slow-retry",
                action="store_true",
                help="if it cannot start, say why on the panel too, and end a minute later",
            )


def _add_tools(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "read a password from standard input and print its argon2id hash"
    hasher = commands.add_parser("hash-password", help=text, description=text)
    hasher.add_argument(
        "--setting", metavar="NAME", help="print a line of YAML that gives this setting the hash"
    )
    hasher.set_defaults(run=_hash_password)
    _add_render(commands)
    add_own_packs(add_packs(commands))
    text = "try Inkstand here, with panel and button in memory; Ctrl-C stops it"
    demo = commands.add_parser("demo", help=text, description=text)
    demo.add_argument(
        "--port", type=int, help="port on 127.0.0.1 (default: 8000 or the next one that is free)"
    )
    demo.add_argument(
        "--packs",
        action="store_true",
        help="show the packs that ship by turns, with example data; the button brings the next",
    )
    demo.set_defaults(run=_demo)


def _add_render(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "draw a screen into a PNG file, with no panel"
    render = commands.add_parser("render", help=text, description=text)
    render.add_argument("screen", choices=("clock", "clock-date", "message", "status"))
    render.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png")
    render.add_argument("--size", default="264x176", metavar="WxH", help="default: 264x176")
    render.add_argument("--text", default="Hello World!", help="what the message says")
    render.add_argument("--author", default="owner", help="who the message is from")
    render.add_argument("--page", type=int, default=1, help="which page of a long message")
    render.add_argument("--language", choices=CODES, default="en", help="default: en")
    render.set_defaults(run=_render)


def _settings(options: argparse.Namespace) -> Settings:
    return load(options.config, os.environ)


def _serve(options: argparse.Namespace) -> int:
    try:
        settings = _settings(options)
        log_to_stderr(settings.log_level)
        from inkstand.bootstrap import serve  # noqa: PLC0415 - loads slowly on a Pi Zero

        _need_fonts()
        return _run_until_signal(lambda stop: serve(settings, stop))
    except InkstandError as error:
        if not options.slow_retry:
            raise
        log_to_stderr("info")
        from inkstand.startup import hold_failure  # noqa: PLC0415 - hardly ever needed

        hold_failure(error, panel_directory(options.config, os.environ))
        return _exit_code(error)


def _need_fonts() -> None:
    """Load what draws text, before a task needs it whose error would be one of a group."""
    from inkstand.rendering.fonts import font_map  # noqa: PLC0415 - loads slowly on a Pi Zero

    font_map()


def _demo(options: argparse.Namespace) -> int:
    log_to_stderr("warning")
    from inkstand.demo import demo  # noqa: PLC0415 - loads slowly on a Pi Zero

    _need_fonts()
    return _run_until_signal(lambda stop: demo(options.port, stop, packs=options.packs))


def _check_config(options: argparse.Namespace) -> int:
    settings = _settings(options)
    for name in names():
        value = getattr(settings, name)
        hidden = name in SECRETS or (value and name in MAY_HOLD_SECRETS)
        print(f"{name} = {'(set, not shown)' if hidden else value}")
    return _DONE


def _healthcheck(options: argparse.Namespace) -> int:
    from inkstand.healthcheck import ask  # noqa: PLC0415

    settings = _settings(options)
    print(ask(settings.listen_host, settings.listen_port))
    return _DONE


def _login_code(options: argparse.Namespace) -> int:
    from inkstand.accounts.login_code import LIFETIME, make_code  # noqa: PLC0415

    settings = _settings(options)
    print(make_code(settings.state_directory))
    print(
        f"Good once within {LIFETIME // 60} minutes, as the password of {settings.username}"
        f"{f' at {settings.public_url}' if settings.public_url else ''}.",
        file=sys.stderr,
    )
    return _DONE


def _reset_owner(options: argparse.Namespace) -> int:
    from inkstand.accounts.people import ask_for_reset  # noqa: PLC0415

    ask_for_reset(_settings(options).state_directory)
    return _DONE


def _hash_password(options: argparse.Namespace) -> int:
    password = _ask_password() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise ConfigError("the password is empty")
    if len(password) < MIN_PASSWORD:
        raise ConfigError(
            f"the password has {len(password)} characters; take {MIN_PASSWORD} or more, "
            "for example four words that have nothing to do with each other"
        )
    from inkstand.accounts.names import is_obvious  # noqa: PLC0415
    from inkstand.accounts.passwords import make_hash  # noqa: PLC0415

    if is_obvious(password):
        raise ConfigError(
            "the password is little more than the name of the appliance or of its owner, which "
            "is tried first; take four words that have nothing to do with each other"
        )

    made = make_hash(password)
    print(f"{options.setting}: '{made}'" if options.setting else made)
    return _DONE


def _ask_password() -> str:
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise ConfigError("the two passwords differ")
    return password


def _render(options: argparse.Namespace) -> int:
    from inkstand.preview import render  # noqa: PLC0415

    render(
        options.screen,
        options.size,
        options.text,
        options.author,
        options.output,
        options.page,
        options.language,
    )
    return _DONE


def _run_until_signal(start: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> int:
    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await start(stop)

    asyncio.run(run())
    return _DONE
