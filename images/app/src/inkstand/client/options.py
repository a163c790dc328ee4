"""The part of the command line that talks to a server."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inkstand.client.arguments import seconds
from inkstand.client.errors import MisusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

EXIT_CODES = """\
exit codes:
  0  done
  1  failed: the server said no, or something here did not work
  2  wrong usage or settings
  3  not logged in, or the login is not good for this
  4  the server cannot be reached, or cannot be trusted
  5  a message ended before it was what --wait waits for
  6  it took longer than --timeout
  130  ended by Ctrl-C
"""


def add_client(commands: Commands) -> None:
    """Add the commands of the client."""
    _add_session(commands)
    _add_discover(commands)
    _add_send(commands)
    _add_looking(commands)
    _add_message(commands)
    _add_tokens(commands)
    _add_settings(commands)
    _add_people(commands)
    text = "print what lets a shell complete commands and options by Tab"
    completion = _add(commands, "completion", "completion:print_script", text, _COMPLETION)
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def _add_session(commands: Commands) -> None:
    login = _add(commands, "login", "session:log_in", "log in at a server and keep the token")
    login.add_argument("url", metavar="URL", help="such as https://mac.example.com")
    login.add_argument("--user", default="owner", help="default: owner")
    authority = login.add_mutually_exclusive_group()
    authority.add_argument("--ca", type=Path, metavar="FILE", help=_CA)
    authority.add_argument("--ca-fingerprint", metavar="SHA256", help=_CA_FINGERPRINT)
    source = login.add_mutually_exclusive_group()
    source.add_argument("--password-stdin", action="store_true", help=_PASSWORD)
    source.add_argument("--token-stdin", action="store_true", help=_TOKEN)
    logout = _add(commands, "logout", "session:log_out", "make the token worthless and forget it")
    _add_server(logout)


def _add_discover(commands: Commands) -> None:
    text = "list the appliances that announce themselves in this network, as they answer"
    discover = _add(commands, "discover", "discovering:discover", text, _DISCOVER)
    discover.add_argument("--timeout", type=_seconds, default=3, metavar="SECONDS", help=_LISTEN)
    discover.add_argument("--interface", metavar="ADDRESS", help=_INTERFACE)
    _add_json(discover, "print each as JSON, one a line")


def _add_send(commands: Commands) -> None:
    send = _add(commands, "send", "sending:send", "send a message or a picture", _SEND)
    send.add_argument("text", nargs="*", metavar="TEXT", help=_TEXT)
    send.add_argument("-e", "--escapes", action="store_true", help=_ESCAPES)
    send.add_argument("--image", type=Path, metavar="FILE", help=_IMAGE)
    send.add_argument("--framing", choices=("fit", "fill"), default="fit", help="default: fit")
    send.add_argument("--tone", choices=("dither", "threshold"), default="dither", help=_TONE)
    send.add_argument("--align", choices=("auto", "left", "center", "right"), help=_ALIGN)
    send.add_argument("--size", choices=("auto", "small", "medium", "large"), help=_SIZE)
    send.add_argument("--bold", action="store_true", help="show the text in bold letters")
    send.add_argument("--monospace", action="store_true", help=_MONOSPACE)
    send.add_argument("--qr", action="store_true", help="show the text as a QR code")
    send.add_argument("--wifi", metavar="SSID", help=_WIFI)
    send.add_argument("--urgent", action="store_true", help="show it at once")
    send.add_argument("--for", type=_seconds, dest="show_for", metavar="SECONDS", help=_FOR)
    send.add_argument("--expires", metavar="WHEN", help=_EXPIRES)
    send.add_argument("--at", metavar="WHEN", help=_AT)
    send.add_argument("--repeat", metavar="RULE", help=_REPEAT)
    send.add_argument("--wait", choices=("shown", "read"), nargs="?", const="shown", help=_WAIT)
    send.add_argument("--timeout", type=_seconds, metavar="SECONDS", help=_TIMEOUT)
    send.add_argument("--key", help=_KEY)
    send.add_argument("--group", metavar="NAME", help=_GROUP)
    _add_json(send, "print the message as JSON")
    _add_server(send)


def _add_looking(commands: Commands) -> None:
    text = "print what happens there, a line each, until Ctrl-C"
    watch = _add(commands, "watch", "watching:watch", text)
    _add_json(watch, "print each event as JSON")
    history = _add(commands, "history", "looking:history", "list messages, newest first")
    history.add_argument("--limit", type=_count, default=20, metavar="N", help="default: 20")
    history.add_argument("--state", metavar="STATE,…", help=_STATE)
    history.add_argument("--search", metavar="WORDS", help=_SEARCH)
    _add_json(history, "print a JSON array")
    queue = _add(commands, "queue", "looking:queue", "list what is shown and what comes next")
    _add_json(queue, "print a JSON array")
    later = _add(commands, "later", "looking:later", "list messages that come later", _LATER)
    _add_json(later, "print a JSON array")
    panel = _add(commands, "panel", "looking:panel", "say how the panel is, or fetch its picture")
    panel.add_argument("-o", "--output", type=Path, metavar="FILE.png", help=_OUTPUT)
    _add_json(panel, "print the answer of the server")
    status = _add(commands, "status", "looking:status", "say how the appliance is")
    _add_json(status, "print the answer of the server")
    text = "list the other appliances of the MQTT broker, and what is on them"
    neighbours = _add(commands, "neighbours", "looking:neighbours", text)
    _add_json(neighbours, "print the answer of the server")
    for command in (watch, history, queue, later, panel, status, neighbours):
        _add_server(command)


def _add_message(commands: Commands) -> None:
    for name, run, text in (
        ("show", "looking:show", "show a message again at once"),
        ("acknowledge", "looking:acknowledge", "take a message off the glass, as the button does"),
        ("skip", "looking:skip", "let a message that repeats not come once"),
        ("delete", "looking:delete", "take a message back, or end one that repeats"),
    ):
        command = _add(commands, name, run, text)
        command.add_argument("id", type=_count, metavar="ID", help="its number in the history")
        if name == "skip":
            command.add_argument("when", nargs="?", metavar="WHEN", help=_SKIPPED)
        _add_server(command)


def _add_tokens(commands: Commands) -> None:
    text = "list, create and revoke tokens for other programs and people"
    tokens = _add(commands, "tokens", "tokens:list_all", text)
    _add_json(tokens, "print a JSON array")
    _add_server(tokens)
    actions = tokens.add_subparsers(metavar="ACTION")
    # Defaults of an action would undo what stands before it: `tokens --server A list`.
    listing = _add(actions, "list", "tokens:list_all", "list tokens and sessions")
    create = _add(actions, "create", "tokens:create", "make a token; it is printed this once")
    create.add_argument("name", metavar="NAME", help="who or what it is for")
    create.add_argument("--scope", choices=_SCOPES, default="post", help=_SCOPE)
    create.add_argument("--days", type=_count, metavar="N", help="expires after N days")
    revoke = _add(actions, "revoke", "tokens:revoke", "make a token worthless from now on")
    revoke.add_argument("id", metavar="ID", help="as in the list")
    for action in (listing, create, revoke):
        _add_json(action, "print JSON", default=argparse.SUPPRESS)
        _add_server(action, default=argparse.SUPPRESS)


def _add_settings(commands: Commands) -> None:
    text = "screens, playlist and quiet hours: look at them and change them"
    settings = _add(commands, "settings", "settings:get", text, _SETTINGS)
    _add_server(settings)
    actions = settings.add_subparsers(metavar="ACTION")
    get = _add(actions, "get", "settings:get", "say how all are, or print the value of one")
    get.add_argument("name", metavar="NAME", nargs="?", help=_SETTING)
    put = _add(actions, "set", "settings:put", "change one; it counts at once")
    put.add_argument("name", metavar="NAME", help=_SETTING)
    put.add_argument("value", metavar="VALUE", help="JSON, or a word; - reads standard input")
    unset = _add(actions, "unset", "settings:unset", "go back to the default of one")
    unset.add_argument("name", metavar="NAME", help=_SETTING)
    export = _add(actions, "export", "settings:export", "print all that can be changed, as JSON")
    text = "change what a file of an export has, all or none"
    importer = _add(actions, "import", "settings:import_all", text)
    importer.add_argument("file", metavar="FILE", help="- is standard input")
    for action in (get, put, unset, export, importer):
        _add_server(action, default=argparse.SUPPRESS)


def add_own_packs(actions: Commands) -> None:
    """Add to those below `packs` what asks a server, and let the list go on with its packs."""
    listing = actions.choices["list"]
    listing.set_defaults(run=partial(_list_packs, listing.get_default("run")))
    add = _add(actions, "add", "packs:add", "add one of your own, or replace it; it counts at once")
    add.add_argument("file", metavar="FILE", help="a pack's file; - is standard input")
    remove = _add(actions, "remove", "packs:remove", "remove one of your own")
    remove.add_argument("name", metavar="NAME", help="as in the list")
    for action in (listing, add, remove):
        _add_server(action)


def _list_packs(shipped: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    return shipped(options) or _run("packs:list_own", options)


def _add_people(commands: Commands) -> None:
    text = "list, invite and remove people who may log in"
    people = _add(commands, "people", "people:list_all", text)
    _add_json(people, "print JSON")
    _add_server(people)
    actions = people.add_subparsers(metavar="ACTION")
    listing = _add(actions, "list", "people:list_all", "list people and open invitations")
    invite = _add(actions, "invite", "people:invite", "make a link that lets one in, once")
    invite.add_argument("name", nargs="?", metavar="NAME", help="who it is for (default: anybody)")
    invite.add_argument("--role", choices=_ROLES, default="sender", help=_ROLE)
    guest = _add(actions, "guest", "people:guest", "make a link for a guest, who only sends")
    guest.add_argument("name", metavar="NAME", help="how their messages are signed")
    guest.add_argument("--days", type=_count, default=7, metavar="N", help="default: 7")
    guest.add_argument("--a-day", type=_count, default=5, metavar="N", help=_A_DAY)
    for action in (listing, invite, guest):
        _add_json(action, "print JSON", default=argparse.SUPPRESS)
    revoke = _add(actions, "revoke", "people:revoke", "make a link worthless")
    revoke.add_argument("id", metavar="LINK", help="as in the list")
    role = _add(actions, "role", "people:change_role", "give somebody another role")
    role.add_argument("name", metavar="NAME")
    role.add_argument("role", choices=_ROLES)
    remove = _add(actions, "remove", "people:remove", "remove somebody")
    remove.add_argument("name", metavar="NAME")
    for action in (listing, invite, guest, revoke, role, remove):
        _add_server(action, default=argparse.SUPPRESS)
    password = _add(commands, "password", "people:password", "choose another password")
    password.add_argument("--stdin", action="store_true", help=_TWO_LINES)
    _add_server(password)


def _add(
    commands: Commands, name: str, run: str, text: str, more: str = ""
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=text,
        description=text,
        epilog=more + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=partial(_run, run))
    return command


def _run(place: str, options: argparse.Namespace) -> int:
    """Import what a command needs when it is asked for, and run it."""
    import importlib  # noqa: PLC0415

    module, _, name = place.partition(":")
    command: Callable[[argparse.Namespace], int]
    command = getattr(importlib.import_module(f"inkstand.client.{module}"), name)
    return command(options)


def _add_server(command: argparse.ArgumentParser, default: str | None = None) -> None:
    command.add_argument("--server", metavar="URL", default=default, help=_SERVER)


def _add_json(command: argparse.ArgumentParser, text: str, default: str | bool = False) -> None:
    command.add_argument("--json", action="store_true", default=default, help=text)


def _seconds(text: str) -> int:
    try:
        return seconds(text)
    except MisusedError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


_CA = "certificate that signs for this server, in PEM; it is kept with the login"
_CA_FINGERPRINT = (
    "SHA-256 fingerprint of that certificate, which is then fetched from the server itself; without"
    " this and --ca it is shown on a terminal, and kept if you say yes"
)
_PASSWORD = "read the password from standard input"  # noqa: S105 - a help text
_TOKEN = "read a token from standard input and keep that"  # noqa: S105
_TEXT = "the message; - reads it from standard input"
_ESCAPES = r"take \n, \t and \\ in TEXT for a new line, a tab and a backslash"
_IMAGE = (
    "send this picture (PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC; - for standard input), named TEXT; a"
    " photo is made smaller where Pillow is installed, and HEIC a JPEG where pillow-heif is"
)
_TONE = "how greys become black and white (default: dither)"
_ALIGN = "where the lines of a text stand (default: auto, by what it is)"
_SIZE = "how large a text is; pages, if it does not fit (default: auto, as large as fits)"
_MONOSPACE = "show it in letters of one width, so that columns stay columns"
_WIFI = (
    "send a QR code that lets phones into this network; its password is asked for, or is that of"
    " INKSTAND_WIFI_PASSWORD (empty: there is none)"
)
_FOR = "take it off the glass after that long (90, 5m, 2h); else the button does"
_EXPIRES = "forget about it then: 2h, 18:30, 2026-11-22T08:00"
_AT = "show it then: 2h, 19:00, 'tomorrow 7:00', 'friday 8:00', 2026-11-22T08:00"
_REPEAT = "daily, weekdays, weekly, monthly, yearly, or an RRULE such as FREQ=WEEKLY;BYDAY=TU,FR"
_SKIPPED = "as the list says (default: the next time)"
_WAIT = "wait until it is shown (default) or read, and tell by the exit code"
_TIMEOUT = "wait at most that long"
_KEY = "send nothing if something was sent with this key before (default: a new one each time)"
_GROUP = "show it on all appliances of this group, by MQTT; not for --image"
_STATE = "only these: waiting, shown, read, expired, deleted"
_SEARCH = "only those with this in the text or in the sender's name"
_OUTPUT = "write what is on the glass there; - is standard output"
_LISTEN = "wait that long for answers (default: 3)"
_INTERFACE = "ask only in the network where this computer has that address (default: in all)"
_DISCOVER = """\
Anybody in the network can announce anything: compare the fingerprint of an authority of its own
before you trust it. When none is found, the exit code is 4.

"""
_SCOPES = ("metrics", "read", "post", "admin")
_SCOPE = "what it may do; each includes the one before (default: post)"
_ROLES = ("viewer", "sender", "admin")
_ROLE = "viewer sees, sender also sends, admin does everything (default: sender)"
_A_DAY = "so many messages a day (default: 5)"
_TWO_LINES = "read the old and the new password from standard input, one a line"
_SERVER = (
    "which one, as URL or beginning of its name (default: INKSTAND_SERVER, or the latest login)"
)
_LATER = """\
to skip one time: inkstand skip ID; to end it: inkstand delete ID

"""
_SETTING = "screens, playlist, quiet_hours or quiet_screen"
_SETTINGS = """\
examples:
  inkstand settings
  inkstand settings set screens '[{"name": "notes", "pack": "text", "settings": {"text": "Milk"}}]'
  inkstand settings set quiet_hours '[{"from": "22:30", "to": "07:00"}]'
  inkstand settings export > settings.json && inkstand settings import settings.json

"""
_COMPLETION = """\
to have it in each new shell:
  bash: echo 'eval "$(inkstand completion bash)"' >> ~/.bashrc
  zsh:  echo 'eval "$(inkstand completion zsh)"' >> ~/.zshrc    (below compinit)
  fish: inkstand completion fish > ~/.config/fish/completions/inkstand.fish

"""
_SEND = """\
examples:
  inkstand send Dinner is ready
  uptime | inkstand send -
  df -h | inkstand send --monospace -
  inkstand send -e 'Milk\nBread'
  inkstand send --align center --size large Open
  inkstand send --qr https://example.com/menu
  inkstand send --wifi Guests --for 2h
  inkstand send --image cat.jpg --for 10m
  inkstand send --at 'tuesday 19:00' --repeat weekly Bins
  inkstand send --group kitchens Dinner is ready
  inkstand send --wait read Please call me && echo they know

"""
