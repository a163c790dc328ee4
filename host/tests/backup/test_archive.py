"""What an archive holds, who can read it, and what is refused before anything is changed."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.backup.age import explain
from inkstand_host.backup.manifest import parse_manifest, require_known_schemas
from inkstand_host.backup.pack import in_words, require_room, sources
from inkstand_host.backup.unpack import read_tar
from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

integration = pytest.mark.integration
unit = pytest.mark.unit


def texts(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "messages.sqlite3")) as database:
        return [text for (text,) in database.execute("SELECT text FROM message")]


def entry(name: Any, content: bytes = b"x", **changed: Any) -> dict[str, Any]:
    sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    owner = {"mode": 0o600, "uid": os.getuid(), "gid": os.getgid()}
    return {"name": name, "size": len(content), "sha256": sha256, **owner, **changed}


def manifest(*entries: dict[str, Any], **changed: Any) -> dict[str, Any]:
    told = {"version": "0.1.0", "host": "pi1", "machine": "x86_64", "made": "2026-11-21T12:00:00Z"}
    return {"format": 1, **told, "schemas": {}, "entries": list(entries), **changed}


def tar(told: Any, **files: bytes | None) -> io.BytesIO:
    """An archive before it is encrypted; None is a directory."""
    stream = io.BytesIO()
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    with tarfile.open(fileobj=stream, mode="w|gz") as made:
        for name, content in {"manifest.json": text, **files}.items():
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            info.size = len(content or b"")
            made.addfile(info, io.BytesIO(content or b""))
    stream.seek(0)
    return stream


def read(stream: io.BytesIO) -> Any:
    return read_tar(stream, lambda entry, content: None)


@unit
def test_a_sound_archive_is_read_to_its_end() -> None:
    found = read(tar(manifest(entry("app/a")), **{"app/a": b"x"}))
    assert found.summary["files"] == 1
    assert found.summary["bytes"] == 1
    assert "entries" not in found.summary


@unit
@pytest.mark.parametrize(
    ("told", "files", "words"),
    [
        (manifest(entry("app/a")), {"app/a": b"y"}, "app/a is not what was backed up"),
        (manifest(entry("app/a")), {"app/a": b"yy"}, "app/a is not as its manifest says"),
        (manifest(entry("app/a")), {}, "it lacks app/a"),
        (manifest(), {"app/a": b"x"}, "app/a is not as its manifest says"),
        (manifest(format=2), {}, "made by a newer Inkstand .format 2, this one knows 1"),
        ([], {}, "no manifest that can be read"),
        ({"format": 1}, {}, "no manifest that can be read"),
        (b"{", {}, "no manifest that can be read"),
        (manifest(entry(5)), {}, "no manifest that can be read"),
        (manifest(entry("../../etc/passwd")), {}, "which no backup has"),
        (manifest(entry("/etc/passwd")), {}, "which no backup has"),
        (manifest(entry("app/.inkstand-restore/a")), {}, "which no backup has"),
        (manifest(entry("app/./a")), {}, "which no backup has"),
        (manifest(entry("app/a\0b")), {}, "which no backup has"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused(
    told: Any, files: dict[str, bytes], words: str
) -> None:
    with pytest.raises(ArchiveError, match=words):
        read(tar(told, **files))


@unit
@pytest.mark.parametrize("names", [[], ["something"], ["something", "manifest.json"]])
def test_what_does_not_begin_with_a_manifest_is_none_of_ours(names: list[str]) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w|gz") as made:
        for name in names:
            made.addfile(tarfile.TarInfo(name))
    stream.seek(0)
    with pytest.raises(ArchiveError, match="no archive of Inkstand"):
        read(stream)


@unit
def test_a_database_of_a_newer_inkstand_is_refused() -> None:
    newer = parse_manifest(json.dumps(manifest(schemas={"messages.sqlite3": 3})).encode())
    with pytest.raises(ArchiveError, match="version 3, this one knows 2"):
        require_known_schemas(newer, {"messages.sqlite3": 2})
    require_known_schemas(newer, {"messages.sqlite3": 3})


@unit
@pytest.mark.parametrize(
    ("size", "words"),
    [(999, "999 bytes"), (34_567, "35 kB"), (1_500_000, "2 MB"), (5_000_000_000_000, "5000 GB")],
)
def test_sizes_are_written_as_people_do(size: int, words: str) -> None:
    assert in_words(size) == words


@unit
@pytest.mark.parametrize(
    ("size", "words"), [(1000, "1 kB"), (999_499, "999 kB"), (1_000_000, "1 MB"), (10**9, "1 GB")]
)
def test_a_thousand_is_one_of_the_next_unit(size: int, words: str) -> None:
    assert in_words(size) == words


@unit
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("age: error: no identity matched any of the recipients", "made for another key than"),
        ("age: error: malformed recipient: x", "no public key: malformed recipient: x"),
        ("age: error: unknown recipient type: x", "no public key: unknown recipient type: x"),
        ('age: error: reading "x": no identity found', "cannot be used: reading"),
        ("age: error: failed to open file: x", "key of backup_identity_file cannot be used"),
        ("age: error: failed to open input file: x", "The archive cannot be read: failed"),
        ("age: error: unexpected intro\nreport it", "is damaged, or is none: unexpected intro"),
        ("\n", "is damaged, or is none: nothing"),
    ],
)
def test_what_age_says_is_told_by_what_the_owner_can_do(said: str, told: str) -> None:
    assert told in explain(said)


@integration
@pytest.mark.parametrize(("missing", "is_enough"), [(0, True), (1, False)])
def test_room_is_wanted_for_the_copies_and_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int, is_enough: bool
) -> None:
    places = {"app": tmp_path / "app", "none": tmp_path / "none"}
    (places["app"] / "folder").mkdir(parents=True)
    for name in ("a", "folder/b"):
        (places["app"] / name).write_bytes(bytes(1000))
    room = SimpleNamespace(free=2 * 2000 - missing)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    if is_enough:
        require_room(tmp_path, places)
    else:
        with pytest.raises(ArchiveError, match="needs 4 kB for a moment"):
            require_room(tmp_path, places)


@integration
def test_links_sockets_and_what_was_unpacked_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / ".inkstand-restore").mkdir()
    for name in (
        "folder/file",
        ".inkstand-restore/file",
        "m.sqlite3",
        "m.sqlite3-wal",
        "m.sqlite3-journal",
        "notes-wal",
    ):
        (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to("m.sqlite3")
    os.mkfifo(tmp_path / "pipe")
    found = [path.relative_to(tmp_path).as_posix() for path in sources(tmp_path)]
    assert found == [".", "folder", "folder/file", "m.sqlite3", "notes-wal"]


@unit
def test_a_directory_in_place_of_a_file_is_damage() -> None:
    stream = tar(manifest(entry("app", b"", sha256=""), entry("app/a")), app=b"")
    with pytest.raises(ArchiveError, match="app is not as its manifest says"):
        read(stream)


@integration
def test_an_archive_says_what_it_is(packed: Any, key: Any) -> None:
    done = packed.read("inspect", key)
    told = json.loads(done.stdout)
    assert (told["host"], told["version"], told["schemas"]) == (
        "pi1",
        "0.1.0",
        {"messages.sqlite3": 1},
    )
    assert told["files"] == 2


@integration
def test_only_its_owner_may_read_the_file(packed: Any) -> None:
    assert stat.S_IMODE(packed.file.stat().st_mode) == 0o600


@integration
def test_no_plain_text_is_left_or_in_the_file(packed: Any) -> None:
    assert list((packed.folder / "staging").iterdir()) == []
    assert packed.file.read_bytes().startswith(b"age-encryption.org/v1\n")


@integration
def test_what_the_app_has_not_written_back_yet_is_in_the_copy(
    desk: Any, pi: Path, key: Any, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(pi / "var" / "messages.sqlite3")) as app:
        app.execute("INSERT INTO message VALUES ('in the log')")
        app.commit()
        app.execute("INSERT INTO message VALUES ('not committed')")
        assert (pi / "var" / "messages.sqlite3-wal").stat().st_size > 0
        assert desk.create(pi, key.recipient).returncode == 0
    fresh = tmp_path / "fresh"
    assert desk.read("unpack", key, *desk.places(fresh)).returncode == 0
    assert desk.run("replace", *desk.places(fresh)).returncode == 0
    assert texts(fresh / "var") == ["on the disk", "in the log"]
    assert [path.name for path in (fresh / "var").iterdir()] == ["messages.sqlite3"]


@integration
def test_a_backup_leaves_the_pi_as_it_was(desk: Any, pi: Path, key: Any) -> None:
    before = sorted(path.name for path in (pi / "var").iterdir())
    assert desk.create(pi, key.recipient).returncode == 0
    assert sorted(path.name for path in (pi / "var").iterdir()) == before


@integration
def test_files_come_back_with_mode_and_owner_in_place_of_others(
    packed: Any, key: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "var" / "folder").mkdir(parents=True)
    (other / "var" / "messages.sqlite3-wal").write_text("of the other")
    (other / "var" / "link").symlink_to("folder")
    done = packed.read("unpack", key, *packed.places(other))
    assert done.returncode == 0, done.stderr
    assert (other / "var" / "folder").exists()
    done = packed.run("replace", *packed.places(other))
    assert json.loads(done.stdout) == {"replaced": ["app", "etc"]}
    assert [path.name for path in (other / "var").iterdir()] == ["messages.sqlite3"]
    assert stat.S_IMODE((other / "var").stat().st_mode) == 0o700
    secrets = other / "etc" / "app" / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o500
    assert stat.S_IMODE((secrets / "token_secret").stat().st_mode) == 0o400
    assert (secrets / "token_secret").read_text() == "a-key-that-signs\n"


@integration
def test_two_people_can_each_read_it(desk: Any, pi: Path, key: Any, stranger: Any) -> None:
    assert desk.create(pi, key.recipient, stranger.recipient).returncode == 0
    assert desk.read("inspect", key).returncode == 0
    assert desk.read("inspect", stranger).returncode == 0


@integration
def test_the_key_of_somebody_else_is_refused(packed: Any, stranger: Any) -> None:
    done = packed.read("inspect", stranger)
    assert done.returncode == 1
    assert done.stderr == (
        "The archive was made for another key than that of backup_identity_file.\n"
    )


@integration
def test_a_key_that_is_none_is_refused(packed: Any, key: Any) -> None:
    key.file.write_text("nonsense\n")
    done = packed.read("inspect", key)
    assert done.returncode == 1
    assert "The key of backup_identity_file cannot be used" in done.stderr


@integration
@pytest.mark.parametrize("damage", ["cut off", "empty", "one bit", "not age"])
def test_a_damaged_archive_changes_nothing(
    packed: Any, key: Any, tmp_path: Path, damage: str
) -> None:
    content = packed.file.read_bytes()
    packed.file.write_bytes(
        {
            "cut off": content[: len(content) // 2],
            "empty": b"",
            "one bit": content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
            "not age": b"x" * 1000,
        }[damage]
    )
    target = tmp_path / "target"
    (target / "var").mkdir(parents=True)
    (target / "var" / "mine").write_text("mine")
    done = packed.read("unpack", key, *packed.places(target))
    assert done.returncode == 1
    assert "The archive is damaged" in done.stderr
    assert [path.name for path in (target / "var").iterdir()] == ["mine"]
    assert packed.read("inspect", key).returncode == 1


@integration
def test_an_archive_is_handed_on_without_plain_text(packed: Any, key: Any, stranger: Any) -> None:
    handed = packed.folder / "handed.age"
    done = packed.read("rewrap", key, f"--recipient={stranger.recipient}", f"--output={handed}")
    assert done.returncode == 0, done.stderr
    assert handed.read_bytes().startswith(b"age-encryption.org/v1\n")
    shutil.move(handed, packed.file)
    assert packed.read("inspect", stranger).returncode == 0
    assert packed.read("inspect", key).returncode == 1


@integration
@pytest.mark.parametrize(("place", "length"), [(100, 4000), (4096, 1)], ids=["header", "page"])
def test_a_damaged_database_is_not_backed_up(
    desk: Any, pi: Path, key: Any, place: int, length: int
) -> None:
    database = pi / "var" / "messages.sqlite3"
    content = bytearray(database.read_bytes())
    content[place : place + length] = b"\xff" * length
    database.write_bytes(content)
    done = desk.create(pi, key.recipient)
    assert done.returncode == 1
    assert "messages.sqlite3" in done.stderr
    assert not desk.file.exists()


@integration
def test_a_pi_without_inkstand_has_nothing_to_back_up(desk: Any, key: Any, tmp_path: Path) -> None:
    done = desk.create(tmp_path / "bare", key.recipient)
    assert done.returncode == 1
    assert "nothing to back up" in done.stderr


@integration
def test_a_recipient_that_is_none_is_named(desk: Any, pi: Path) -> None:
    done = desk.create(pi, "age1nonsense")
    assert done.returncode == 1
    assert "backup_recipients has something that is no public key" in done.stderr
