"""`inkstand settings`: screens, playlist and quiet hours, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from inkstand.client import packs, wording
from inkstand.client.errors import ClientError, MisusedError
from inkstand.client.terminal import STANDARD, note, read_text, say, say_json, server_of

if TYPE_CHECKING:
    import argparse

    from inkstand.client.server import Server

_KEPT_SECRET = "(kept secret)"  # noqa: S105 - what the server says in the place of one


def get(options: argparse.Namespace) -> int:
    """Print all settings, or the value of one."""
    told = _settings(server_of(options))
    name = getattr(options, "name", None)
    if name is None:
        say(*wording.setting_lines(told))
        return 0
    for each in told:
        if each["name"] == name:
            say_json(each["value"])
            return 0
    raise ClientError(f"there is no setting {name}; there is {_names(told)}")


def put(options: argparse.Namespace) -> int:
    """Change a setting."""
    text = read_text(STANDARD) if options.value == str(STANDARD) else options.value
    server_of(options).ask("PUT", _path(options.name), {"value": _value(text)})
    say(f"{options.name} is changed")
    return 0


def unset(options: argparse.Namespace) -> int:
    """Go back to the default of a setting."""
    server_of(options).ask("DELETE", _path(options.name))
    say(f"{options.name} is the default")
    return 0


def export(options: argparse.Namespace) -> int:
    """Print, as JSON, what import_all() takes: all that may be changed there."""
    server = server_of(options)
    told = _settings(server)
    values = {each["name"]: each["value"] for each in told if not each["provisioned"]}
    if own := packs.texts(server):
        values["packs"] = own
    text = json.dumps(values, ensure_ascii=False, indent=2)
    say(text)
    if _KEPT_SECRET in text:
        note(f"secrets stay where they are: where it says {_KEPT_SECRET}, another server needs one")
    return 0


def import_all(options: argparse.Namespace) -> int:
    """Change the settings that a file has, all or none, once its packs are added."""
    values = _json(read_text(Path(options.file)))
    own = values.pop("packs", {}) if isinstance(values, dict) else None
    if not isinstance(own, dict) or not all(isinstance(toml, str) for toml in own.values()):
        raise MisusedError(f"{options.file} is no JSON object as  inkstand settings export  has it")
    server = server_of(options, timeout=packs.TIMEOUT)
    for toml in own.values():
        packs.put(server, toml.encode())
    server.ask("PATCH", "/settings", values)
    say(f"changed: {', '.join([*values, *own]) or 'nothing'}")
    return 0


def _settings(server: Server) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = server.ask("GET", "/settings").json()["settings"]
    return told


def _path(name: str) -> str:
    return f"/settings/{quote(name, safe='')}"


def _names(told: list[dict[str, Any]]) -> str:
    return ", ".join(each["name"] for each in told)


def _value(text: str) -> Any:
    """Return what `text` says as JSON; a word alone needs no quotes."""
    return text if text.strip().isalpha() else _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MisusedError(f"this is no JSON: {error}") from error
