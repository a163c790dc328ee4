"""Lines that are in scripts of owners: options, their values and exit codes stay what they were.

A line may be added here, and none be changed.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from inkstand import cli
from inkstand.client import errors
from inkstand.client.arguments import with_wait_spelled_out

pytestmark = pytest.mark.unit

LINES: dict[str, dict[str, Any]] = {
    "login https://mac.example.com": {"url": "https://mac.example.com", "user": "owner"},
    "login mac --user john --ca ca.pem --password-stdin": {
        "user": "john",
        "ca": Path("ca.pem"),
        "password_stdin": True,
    },
    "login mac --token-stdin": {"token_stdin": True},
    "logout --server mac": {"server": "mac"},
    "send Dinner is ready": {"text": ["Dinner", "is", "ready"], "wait": None, "image": None},
    "send -": {"text": ["-"]},
    "send -e 'Milk'": {"escapes": True},
    "send --escapes Milk": {"escapes": True},
    "send --image cat.jpg": {"image": Path("cat.jpg"), "framing": "fit", "tone": "dither"},
    "send --image - --framing fill --tone threshold": {"framing": "fill", "tone": "threshold"},
    "send --align center --size large Open": {"align": "center", "size": "large"},
    "send --bold --monospace --qr x": {"bold": True, "monospace": True, "qr": True},
    "send --wifi Guests --for 2h": {"wifi": "Guests", "show_for": 7200},
    "send --urgent --for 90 --expires 18:30 x": {
        "urgent": True,
        "show_for": 90,
        "expires": "18:30",
    },
    "send --at 'tuesday 19:00' --repeat weekly Bins": {"at": "tuesday 19:00", "repeat": "weekly"},
    "send --wait Please call": {"wait": "shown", "text": ["Please", "call"]},
    "send --wait read --timeout 5m x": {"wait": "read", "timeout": 300, "text": ["x"]},
    "send --key 2026-11-21 --json --server mac x": {"key": "2026-11-21", "json": True},
    "send -- --wait": {"text": ["--wait"], "wait": None},
    "watch --json --server mac": {"json": True},
    "history --limit 5 --state waiting,shown --search milk --json": {
        "limit": 5,
        "state": "waiting,shown",
        "search": "milk",
    },
    "queue --json": {"json": True},
    "later --json": {"json": True},
    "panel -o now.png --json": {"output": Path("now.png")},
    "panel --output -": {"output": Path("-")},
    "status --json": {"json": True},
    "show 7": {"id": 7},
    "acknowledge 7": {"id": 7},
    "skip 7": {"id": 7, "when": None},
    "skip 7 18:30": {"when": "18:30"},
    "delete 7 --server mac": {"id": 7, "server": "mac"},
    "tokens": {"json": False},
    "tokens --server mac list --json": {"server": "mac", "json": True},
    "tokens create cron --scope post --days 30 --json": {"scope": "post", "days": 30},
    "tokens create cron": {"name": "cron", "scope": "post", "days": None},
    "tokens revoke 3": {"id": "3"},
    "settings": {},
    "settings get screens": {"name": "screens"},
    "settings set quiet_hours -": {"name": "quiet_hours", "value": "-"},
    "settings unset playlist --server mac": {"name": "playlist"},
    "settings export": {},
    "settings import settings.json": {"file": "settings.json"},
    "people list --json": {"json": True},
    "people invite Ann --role admin": {"name": "Ann", "role": "admin"},
    "people guest Bob --days 3 --a-day 2": {"name": "Bob", "days": 3, "a_day": 2},
    "people revoke 5": {"id": "5"},
    "people role Ann viewer": {"role": "viewer"},
    "people remove Ann": {"name": "Ann"},
    "password --stdin": {"stdin": True},
    "packs list": {},
    "packs add my.toml": {"file": "my.toml"},
    "packs remove mine": {"name": "mine"},
    "packs check my.toml": {"pack": "my.toml"},
    "packs preview clock -o x.png --size 264x176 --set a=b --data c=d": {"set": ["a=b"]},
    "packs stops gtfs.zip Central": {"names": ["Central"]},
    "packs lines gtfs.zip 4": {"names": ["4"]},
    "serve --config x.toml --slow-retry": {"config": Path("x.toml"), "slow_retry": True},
    "check-config": {"config": None},
    "healthcheck": {},
    "login-code": {},
    "reset-owner": {},
    "hash-password --setting app_password_hash": {"setting": "app_password_hash"},
    "render clock -o x.png --size 264x176 --text a --author b --page 2 --language de": {"page": 2},
    "demo --port 8000 --packs": {"port": 8000, "packs": True},
}
EXIT_CODES = {
    errors.ClientError: 1,
    errors.MisusedError: 2,
    errors.NotLoggedInError: 3,
    errors.NotAllowedError: 3,
    errors.UnreachableError: 4,
    errors.UntrustedError: 4,
    errors.UnknownSignerError: 4,
    errors.AnswerError: 1,
    errors.TooOftenError: 1,
    errors.EndedError: 5,
    errors.WaitedTooLongError: 6,
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_means_what_it_meant(line: str) -> None:
    options = vars(cli._parser().parse_args(with_wait_spelled_out(shlex.split(line))))
    assert {name: options[name] for name in LINES[line]} == LINES[line]


def test_an_error_ends_with_the_exit_code_that_it_had() -> None:
    known = {each for each in vars(errors).values() if isinstance(each, type)}
    found = {each: each.exit_code for each in known if issubclass(each, errors.ClientError)}
    assert found == EXIT_CODES


@pytest.mark.parametrize("line", ["", "no-such-command", "send --no-such-option", "show x"])
def test_misuse_ends_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(shlex.split(line))
    assert end.value.code == 2
    assert "usage: inkstand" in capsys.readouterr().err
