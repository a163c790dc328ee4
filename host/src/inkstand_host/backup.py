"""Pack what makes a Raspberry Pi this Inkstand and no other, encrypted, and put it back.

An archive is a `tar.gz` that age encrypted: first `manifest.json`, then the files that it names.
The manifest says what made it (`format`, `host`, `machine`, `made`), the version of each database
(`schemas`, by name) and of each file its size, SHA-256, mode and numeric owner. Names begin with a
place, such as `app/messages.sqlite3`; where a place is on a host is told on the command line.

Plain text is in no file but on the Pi it comes from or goes to. Needs nothing but Python and age.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 16 * 1024 * 1024
STAGING = ".inkstand-restore"
DATABASE = b"SQLite format 3\0"
# What SQLite keeps beside a database; the copy of the database holds what is in them.
BESIDE_DATABASES = ("-wal", "-shm", "-journal")
CHUNK = 1 << 20

Places = dict[str, Path]
# Where a deployed Inkstand keeps what makes it this one and no other.
PLACES: Places = {
    "app": Path("/var/lib/inkstand"),
    "etc": Path("/etc/inkstand"),
    "traefik": Path("/var/lib/inkstand-traefik"),
}


@dataclass(frozen=True)
class Entry:
    """One file or directory of an archive; `sha256` is empty for a directory."""

    name: str
    size: int
    sha256: str
    mode: int
    uid: int
    gid: int

    @property
    def is_directory(self) -> bool:
        """True when nothing but its mode and owner is kept."""
        return not self.sha256

    @property
    def place(self) -> str:
        """The first part of the name."""
        return self.name.partition("/")[0]

    def below(self, folder: Path) -> Path:
        """Give where it belongs when its place is `folder`."""
        return folder.joinpath(*PurePosixPath(self.name).parts[1:])


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself; `made` is UTC in ISO 8601."""

    format: int
    version: str
    host: str
    machine: str
    made: str
    schemas: dict[str, int]
    entries: dict[str, Entry]

    def to_json(self) -> bytes:
        """Give the text of `manifest.json`."""
        return json.dumps(
            {**asdict(self), "entries": list(map(asdict, self.entries.values()))}
        ).encode()

    @property
    def summary(self) -> dict[str, Any]:
        """What a person wants to know: all but the list of files."""
        files = [entry for entry in self.entries.values() if not entry.is_directory]
        told = {key: value for key, value in asdict(self).items() if key != "entries"}
        return {**told, "files": len(files), "bytes": sum(entry.size for entry in files)}


def parse_manifest(text: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        ArchiveError: it is of a newer Inkstand, or none.
    """
    try:
        found = json.loads(text)
        if found["format"] > FORMAT:
            raise ArchiveError(
                f"The archive was made by a newer Inkstand (format {found['format']}, this one "
                f"knows {FORMAT}). Update your copy of the repository first, then restore."
            )
        entries = [Entry(**entry) for entry in found.pop("entries")]
        return Manifest(**found, entries={entry.name: require_safe(entry) for entry in entries})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArchiveError(f"The archive has no manifest that can be read: {error!r}") from error


def require_safe(entry: Entry) -> Entry:
    """Give an entry back that stays below its place.

    Raises:
        ArchiveError: its name leads elsewhere.
    """
    parts = entry.name.split("/")
    if not all(parts) or {".", "..", STAGING} & set(parts) or "\0" in entry.name:
        raise ArchiveError(f"The archive names {entry.name!r}, which no backup has.")
    return entry


# --- Packing ----------------------------------------------------------------------------------


def is_database(path: Path) -> bool:
    """Tell by its first bytes whether a file is a database of SQLite."""
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def copy_database(source: Path, target: Path) -> int:
    """Copy a database as of one moment, while others write to it; give its schema's version.

    Raises:
        ArchiveError: it is damaged, or cannot be read.
    """
    try:
        with (
            # Not read-only: that would leave a log and an index behind where no app has them open.
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new,
        ):
            old.backup(new)
            # One file and no companions; the app switches back when it opens it.
            new.execute("PRAGMA journal_mode = DELETE")
            sound = new.execute("PRAGMA quick_check(1)").fetchone()[0]
            version: int = new.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise ArchiveError(f"{source} cannot be copied: {error}") from error
    if sound != "ok":
        raise ArchiveError(f"{source} is damaged ({sound}); there is no use in a copy of it.")
    return version


def sources(folder: Path) -> Iterator[Path]:
    """Give what is to be kept below a folder and the folder itself, parents first.

    Only files and directories: sockets and links are nothing that Inkstand keeps.
    """
    yield folder
    for path in sorted(folder.rglob("*")):
        if STAGING in path.parts or path.is_symlink() or not (path.is_file() or path.is_dir()):
            continue
        if not any(path.name.endswith(f".sqlite3{suffix}") for suffix in BESIDE_DATABASES):
            yield path


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Snapshot:
    """Copies of all files of some places, made in a private folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self.schemas: dict[str, int] = {}

    def add(self, place: str, folder: Path) -> None:
        """Copy a place; one that is not there adds nothing.

        Raises:
            ArchiveError: a database is damaged.
            OSError: a file cannot be read, or there is no room for its copy.
        """
        if not folder.is_dir():
            return
        for path in sources(folder):
            name = PurePosixPath(place, path.relative_to(folder)).as_posix()
            # A file that went away in the meantime was none to keep.
            with contextlib.suppress(FileNotFoundError):
                self.entries[name] = self._copied(name, path)

    def _copied(self, name: str, path: Path) -> Entry:
        status, copy = path.stat(), self.folder / name
        owner = {"mode": stat.S_IMODE(status.st_mode), "uid": status.st_uid, "gid": status.st_gid}
        if path.is_dir():
            copy.mkdir(parents=True)
            return Entry(name, size=0, sha256="", **owner)
        if is_database(path):
            self.schemas[path.name] = copy_database(path, copy)
        else:
            shutil.copyfile(path, copy)
        return Entry(name, size=copy.stat().st_size, sha256=digest(copy), **owner)


def require_room(staging: Path, places: Places) -> None:
    """See that the copies and the archive fit.

    Raises:
        ArchiveError: they do not.
    """
    files = (path for folder in places.values() if folder.is_dir() for path in sources(folder))
    needed = 2 * sum(path.stat().st_size for path in files if path.is_file())
    free = shutil.disk_usage(staging).free
    if needed > free:
        raise ArchiveError(
            f"A backup needs {in_words(needed)} for a moment, and {staging} has {in_words(free)}. "
            "Make room first:  docker image prune  removes images that nothing uses."
        )


def in_words(size: int) -> str:
    """Write a number of bytes as people do: `34 kB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004  (a thousand to the next unit)
            break
        size = round(size / 1000)
    return f"{size} {unit}"


def write_tar(stream: IO[bytes], manifest: Manifest, folder: Path) -> None:
    """Write the archive's plain text: the manifest, then the files."""
    with tarfile.open(fileobj=stream, mode="w|gz") as tar:
        text = manifest.to_json()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
        for entry in manifest.entries.values():
            _write_entry(tar, entry, folder)


def _write_entry(tar: tarfile.TarFile, entry: Entry, folder: Path) -> None:
    info = tarfile.TarInfo(entry.name)
    info.size, info.mode, info.uid, info.gid = entry.size, entry.mode, entry.uid, entry.gid
    if entry.is_directory:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        return
    with (folder / entry.name).open("rb") as file:
        tar.addfile(info, file)


# --- age --------------------------------------------------------------------------------------


@contextlib.contextmanager
def age(argv: Sequence[str], **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run age, and see in the end that it was content.

    What breaks in the body while age fails is told in the words of age, which knows why.

    Raises:
        ArchiveError: age is not installed, or it failed; or what it gave is no archive.
    """
    broken: Exception | None = None
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(["age", *argv], stderr=said, **streams)
        except FileNotFoundError as error:
            raise ArchiveError("age is not installed here:  apt install age") from error
        with process:
            try:
                yield process
            except (tarfile.TarError, EOFError, zlib.error, BrokenPipeError) as error:
                broken = error
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    _finish(stream)
        said.seek(0)
        words = said.read().decode(errors="replace")
    if process.returncode:
        raise ArchiveError(explain(words)) from broken
    if broken:
        raise ArchiveError(f"The archive is damaged: {broken}") from broken


def _finish(stream: IO[bytes] | None) -> None:
    if stream is None:
        return
    if stream.readable():
        while stream.read(CHUNK):
            pass
    stream.close()


def explain(words: str) -> str:
    """Say in a sentence what age said."""
    said = (
        words.strip().splitlines()[0].removeprefix("age: error: ") if words.strip() else "nothing"
    )
    if "no identity matched" in words:
        return "The archive was made for another key than that of backup_identity_file."
    if "malformed recipient" in words or "unknown recipient" in words:
        return f"backup_recipients has something that is no public key: {said}"
    if "identity" in words or "failed to open file" in words:
        return f"The key of backup_identity_file cannot be used: {said}"
    if "failed to open input file" in words:
        return f"The archive cannot be read: {said}"
    return f"The archive is damaged, or is none: {said}"


@contextlib.contextmanager
def encrypted(target: Path, recipients: Iterable[str]) -> Iterator[IO[bytes]]:
    """Give a stream into a file that only the owners of `recipients` can read."""
    options = [option for one in recipients for option in ("--recipient", one)]
    with age([*options, "--output", os.fspath(target)], stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101  (it is a pipe)
        yield process.stdin


@contextlib.contextmanager
def decrypted(archive: Path, identity: Path) -> Iterator[IO[bytes]]:
    """Give the plain text of a file that was made for the key in the file `identity`."""
    argv = ["--decrypt", "--identity", os.fspath(identity), os.fspath(archive)]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with age(argv, **streams) as process:
        assert process.stdout  # noqa: S101  (it is a pipe)
        yield process.stdout


# --- Unpacking --------------------------------------------------------------------------------


def read_tar(stream: IO[bytes], take: Callable[[Entry, IO[bytes]], None]) -> Manifest:
    """Go through an archive's plain text, hand each file to `take`, and give its manifest.

    Raises:
        ArchiveError: it is not what its manifest says, or of a newer Inkstand.
        tarfile.TarError, EOFError, zlib.error: it is cut off or damaged.
    """
    with tarfile.open(fileobj=stream, mode="r|gz") as tar:
        manifest = _read_manifest(tar)
        missing = dict(manifest.entries)
        while member := tar.next():
            entry = missing.pop(member.name, None)
            if entry is None or member.isdir() != entry.is_directory or member.size != entry.size:
                raise ArchiveError(
                    f"The archive is damaged: {member.name} is not as its manifest says."
                )
            _take(tar, member, entry, take)
    if missing:
        raise ArchiveError(f"The archive is damaged: it lacks {next(iter(missing))}.")
    return manifest


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    file = tar.extractfile(member) if member and member.name == MANIFEST else None
    if file is None:
        raise ArchiveError("That is no archive of Inkstand: it does not begin with a manifest.")
    return parse_manifest(file.read(LARGEST_MANIFEST))


def _take(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    entry: Entry,
    take: Callable[[Entry, IO[bytes]], None],
) -> None:
    file = tar.extractfile(member) or io.BytesIO()
    hashed = _Hashed(file)
    take(entry, cast("IO[bytes]", hashed))
    if not entry.is_directory and hashed.sha256() != entry.sha256:
        raise ArchiveError(f"The archive is damaged: {entry.name} is not what was backed up.")


class _Hashed(io.RawIOBase):
    """A stream that knows the SHA-256 of what was read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        while self.read(CHUNK):
            pass
        return self._digest.hexdigest()


def require_known_schemas(manifest: Manifest, known: Mapping[str, int]) -> None:
    """See that this Inkstand can read the databases.

    Raises:
        ArchiveError: one was written by a newer Inkstand.
    """
    for name, version in manifest.schemas.items():
        if version > known.get(name, version):
            raise ArchiveError(
                f"{name} was written by a newer Inkstand (version {version}, this one knows "
                f"{known[name]}). Update your copy of the repository first, then restore."
            )


class Unpacked:
    """Files of an archive, beside what they will replace: in a folder of each place."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.directories: list[tuple[Path, Entry]] = []

    def take(self, entry: Entry, content: IO[bytes]) -> None:
        """Write one entry with its owner and mode.

        Raises:
            ArchiveError: nobody said where its place is.
        """
        if entry.place not in self.places:
            raise ArchiveError(f"The archive has {entry.name}, and {entry.place} is nowhere here.")
        target = entry.below(self.places[entry.place] / STAGING)
        if entry.is_directory:
            target.mkdir(parents=True, mode=0o700)
            self.directories.append((target, entry))
        else:
            write_file(target, entry, content)

    def finish(self) -> None:
        """Give directories their modes, last of all, for some let nobody in."""
        for target, entry in reversed(self.directories):
            give(target, entry)

    def discard(self) -> None:
        """Remove what was unpacked."""
        for folder in self.places.values():
            shutil.rmtree(folder / STAGING, ignore_errors=True)


def write_file(target: Path, entry: Entry, content: IO[bytes]) -> None:
    """Write a file that is on the disk when this returns, private until it has its owner."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())
    give(target, entry)


def give(path: Path, entry: Entry) -> None:
    """Give a file or directory the owner and mode of an entry."""
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)


def put_in_place(folder: Path) -> bool:
    """Replace what is in a place by what was unpacked for it; False when that is nothing.

    The directory itself stays: it may be a mount point.
    """
    staged = folder / STAGING
    if not staged.is_dir():
        return False
    for old in folder.iterdir():
        if old != staged:
            _remove(old)
    for new in staged.iterdir():
        new.rename(folder / new.name)
    status = staged.stat()
    os.chown(folder, status.st_uid, status.st_gid)
    folder.chmod(stat.S_IMODE(status.st_mode))
    staged.rmdir()
    os.sync()
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


# --- Commands ---------------------------------------------------------------------------------


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
