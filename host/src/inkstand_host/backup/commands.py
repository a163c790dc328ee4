"""`inkstand-host backup` and `restore`: what Ansible and an owner call."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from inkstand_host.backup.age import CHUNK, decrypted, encrypted
from inkstand_host.backup.manifest import FORMAT, Entry, Manifest, require_known_schemas
from inkstand_host.backup.pack import Places, Snapshot, in_words, require_room, write_tar
from inkstand_host.backup.unpack import Unpacked, put_in_place, read_tar
from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where a deployed Inkstand keeps what makes it this one and no other.
PLACES: Places = {
    "app": Path("/var/lib/inkstand"),
    "etc": Path("/etc/inkstand"),
    "traefik": Path("/var/lib/inkstand-traefik"),
}


def create(options: argparse.Namespace) -> dict[str, Any]:
    """Write an archive; the file belongs to the owner of its directory, who fetches it."""
    require_room(options.staging, options.places)
    with tempfile.TemporaryDirectory(dir=options.staging) as name:
        snapshot = Snapshot(Path(name))
        for place, folder in options.places.items():
            snapshot.add(place, folder)
        if not snapshot.schemas:
            raise ArchiveError("There is no Inkstand here that ever ran, so nothing to back up.")
        manifest = _manifest(options, snapshot)
        with encrypted(options.output, options.recipient) as stream:
            write_tar(stream, manifest, snapshot.folder)
    owner = options.output.parent.stat()
    os.chown(options.output, owner.st_uid, owner.st_gid)
    options.output.chmod(0o600)
    return {**manifest.summary, "size": in_words(options.output.stat().st_size)}


def _manifest(options: argparse.Namespace, snapshot: Snapshot) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=options.version,
        host=options.host,
        machine=platform.machine(),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        schemas=snapshot.schemas,
        entries=snapshot.entries,
    )


def _ignore(_entry: Entry, _content: IO[bytes]) -> None:
    """Take nothing: that it was read is enough."""


def inspect(options: argparse.Namespace) -> dict[str, Any]:
    """Read an archive to its end without writing anything, and say what it is."""
    with decrypted(options.archive, options.identity) as stream:
        manifest = read_tar(stream, _ignore)
    require_known_schemas(manifest, options.schemas)
    return manifest.summary


def rewrap(options: argparse.Namespace) -> dict[str, Any]:
    """Encrypt an archive for somebody else, with its plain text in a pipe only."""
    with (
        decrypted(options.archive, options.identity) as plain,
        encrypted(options.output, options.recipient) as stream,
    ):
        shutil.copyfileobj(plain, stream, CHUNK)
    options.output.chmod(0o600)
    return {"output": os.fspath(options.output)}


def unpack(options: argparse.Namespace) -> dict[str, Any]:
    """Unpack an archive beside what it will replace; nothing is replaced, all of it is checked."""
    unpacked = Unpacked(options.places)
    unpacked.discard()
    try:
        with decrypted(options.archive, options.identity) as stream:
            manifest = read_tar(stream, unpacked.take)
    except (ArchiveError, OSError):
        unpacked.discard()
        raise
    unpacked.finish()
    return manifest.summary


def replace(options: argparse.Namespace) -> dict[str, Any]:
    """Put in place what was unpacked."""
    return {"replaced": [p for p, folder in options.places.items() if put_in_place(folder)]}


def _place(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if not name.isidentifier() or not path.startswith("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not like app=/var/lib/inkstand")
    return name, Path(path)


def add_commands(commands: Any) -> None:
    """Add `backup` and `restore` to those of `inkstand-host`."""
    backup = commands.add_parser("backup", help="make an encrypted archive, or look at one")
    restore = commands.add_parser("restore", help="put an archive back (restore.yml does)")
    options: dict[str, dict[str, Any]] = {
        "--place": {
            "action": "append",
            "type": _place,
            "default": [],
            "metavar": "NAME=DIRECTORY",
            "help": "what is kept, and where it is on this host (what Inkstand has)",
        },
        "--recipient": {
            "action": "append",
            "required": True,
            "help": "the public key that it is encrypted for, age1... or of SSH; may be repeated",
        },
        "--output": {"type": Path, "required": True, "help": "the archive to write"},
        "--archive": {"type": Path, "required": True, "help": "the archive to read"},
        "--identity": {"type": Path, "required": True, "help": "the file with the secret key"},
        "--staging": {
            "type": Path,
            "default": Path("/var/tmp"),  # noqa: S108  (a directory of its own is made there)
            "help": "where copies are made meanwhile (%(default)s)",
        },
        "--schemas": {"type": json.loads, "default": {}, "help": "newest databases, as JSON"},
        "--host": {"default": platform.node(), "help": "what to call this host (%(default)s)"},
        "--version": {"default": "", "help": "the version of Inkstand, to be noted"},
    }
    _add(backup, options, _BACKUP)
    _add(restore, options, _RESTORE)


Command = Callable[[argparse.Namespace], dict[str, Any]]
_BACKUP: dict[Command, tuple[str, ...]] = {
    create: ("--place", "--recipient", "--output", "--staging", "--host", "--version"),
    inspect: ("--archive", "--identity", "--schemas"),
    rewrap: ("--archive", "--identity", "--recipient", "--output"),
}
_RESTORE: dict[Command, tuple[str, ...]] = {
    unpack: ("--archive", "--identity", "--place"),
    replace: ("--place",),
}


def _add(
    parent: argparse.ArgumentParser,
    options: Mapping[str, dict[str, Any]],
    needed: Mapping[Command, tuple[str, ...]],
) -> None:
    commands = parent.add_subparsers(required=True, metavar="COMMAND")
    for command, names in needed.items():
        said = (command.__doc__ or "").splitlines()[0]
        made = commands.add_parser(command.__name__, help=said, description=said)
        made.set_defaults(run=_run, command=command, needs_root=False)
        made.add_argument("--json", action="store_true", help="tell it as JSON on one line")
        for name in names:
            made.add_argument(name, **options[name])


def _run(options: argparse.Namespace) -> int:
    options.places = dict(getattr(options, "place", [])) or PLACES
    told = options.command(options)
    lines = [f"{name}: {value}" for name, value in told.items()]
    print(json.dumps(told) if options.json else "\n".join(lines))
    return 0
