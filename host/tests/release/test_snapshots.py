"""What is written down of a release, its databases among it, and read again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host import files
from inkstand_host.errors import ReleaseError
from inkstand_host.release import database, snapshots
from inkstand_host.release.database import Format
from inkstand_host.release.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def make_database(path: Path, version: int = 1) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA user_version = {version}; CREATE TABLE a (b)")


def test_databases_are_copied_with_their_logs_and_nothing_else(tmp_path: Path) -> None:
    source, target = tmp_path / "state", tmp_path / "deep" / "copies"
    source.mkdir()
    (source / "other").write_text("not ours")
    for folder in (target, target.with_suffix(".new")):
        folder.mkdir(parents=True)
        (folder / "of-before").write_text("stale")
    make_database(source / "b.sqlite3", version=7)
    connection = sqlite3.connect(source / "a.sqlite3", isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE c (d)")
        found = database.copy(source, target)
    assert found == {"a.sqlite3": Format(0, whole=True), "b.sqlite3": Format(7, whole=True)}
    assert target.stat().st_mode & 0o777 == 0o700
    assert not target.with_suffix(".new").exists()
    assert {"a.sqlite3", "b.sqlite3"} <= (names := {path.name for path in target.iterdir()})
    assert not names & {"other", "of-before"}
    with contextlib.closing(sqlite3.connect(target / "a.sqlite3")) as copied:
        assert copied.execute("SELECT count(*) FROM c").fetchone() == (0,)


def test_what_is_no_database_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite3").write_bytes(b"garbage" * 4096)
    make_database(tmp_path / "b.sqlite3")
    content = bytearray((tmp_path / "b.sqlite3").read_bytes())
    # The second page is the table's; a page of no known kind is damage that opening does not find.
    content[4096] = 0xFF
    (tmp_path / "b.sqlite3").write_bytes(content)
    assert database.formats(tmp_path) == {
        "a.sqlite3": Format(-1, whole=False),
        "b.sqlite3": Format(1, whole=False),
    }


@pytest.mark.parametrize(
    ("then", "now", "is_unusable"),
    [
        (Format(1, whole=True), Format(1, whole=True), False),
        (Format(1, whole=True), Format(2, whole=True), True),
        (Format(1, whole=True), Format(1, whole=False), True),
        (Format(1, whole=True), None, True),
        (Format(1, whole=False), Format(2, whole=True), False),
        (Format(1, whole=False), None, False),
    ],
)
def test_a_whole_copy_replaces_what_is_of_another_format_broken_or_gone(
    then: Format, now: Format | None, is_unusable: bool
) -> None:
    found = database.unusable({"a": then}, {"a": now} if now else {})
    assert found == (["a"] if is_unusable else [])


def test_a_database_is_put_back_with_its_log_and_the_owner_of_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, target = tmp_path / "copies", tmp_path / "state"
    for folder in (copies, target):
        folder.mkdir()
    for name in ("a.sqlite3", "a.sqlite3-wal", "b.sqlite3"):
        (copies / name).write_text("then")
    for name in ("a.sqlite3-shm", "a.sqlite3", "b.sqlite3", "b.sqlite3-wal", "c.sqlite3"):
        (target / name).write_text("now")
    owned: list[tuple[str, int, int]] = []
    monkeypatch.setattr(shutil, "chown", lambda path, uid, gid: owned.append((path.name, uid, gid)))
    database.put_back(copies, target, ["a.sqlite3", "b.sqlite3"])
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        "a.sqlite3": "then",
        "a.sqlite3-wal": "then",
        "b.sqlite3": "then",
        "c.sqlite3": "now",
    }
    assert (target / "a.sqlite3").stat().st_mode & 0o777 == 0o600
    owner = target.stat()
    assert owned[0] == ("a.sqlite3.new", owner.st_uid, owner.st_gid)


@pytest.mark.parametrize(("missing", "is_enough"), [(0, True), (1, False)])
def test_a_copy_leaves_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int, is_enough: bool
) -> None:
    for name in ("a.sqlite3", "a.sqlite3-wal"):
        (tmp_path / name).write_bytes(bytes(1 << 20))
    # Twice, for a copy and what was there before it; and 32 MiB.
    room = SimpleNamespace(free=(2 * 2 + 32 << 20) - missing)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    if is_enough:
        database.require_room(tmp_path, tmp_path)
    else:
        with pytest.raises(ReleaseError, match=r"takes 36 MiB in .*, and 35 are free"):
            database.require_room(tmp_path, tmp_path)


def taken(pi: Any) -> snapshots.Snapshot:
    if not pi.engine.containers:
        pi.runs("one")
    patterns = pi.settings.snapshot_paths
    present = snapshots.Present(
        pi.engine.containers, ["panel"], patterns, ("a.socket",), {"edge": {}}, pi.settings_file
    )
    return snapshots.take(pi.folder / "snapshot", present)


def test_a_point_is_read_as_it_was_written_down(pi: Any) -> None:
    snapshot = taken(pi)
    assert snapshots.load(snapshot.directory) == snapshot
    assert snapshot.taken_at.endswith("+00:00")
    assert snapshot.directory.stat().st_mode & 0o777 == 0o700
    assert load(snapshot.settings) == pi.settings
    assert snapshot.images == {"inkstand/app:one", "inkstand/pigpiod:one", "inkstand/traefik:one"}
    assert snapshot.formats() == {}
    database.copy(pi.settings.databases, snapshot.databases)
    assert snapshot.formats() == {"messages.sqlite3": Format(1, whole=True)}
    assert snapshots.load(pi.folder / "none") is None


def test_a_point_that_is_taken_again_has_nothing_of_the_one_before(pi: Any) -> None:
    snapshot = taken(pi)
    (snapshot.directory / "databases").mkdir()
    assert taken(pi).formats() == {}
    assert not snapshot.databases.exists()


def test_files_that_changed_since_a_point_are_known_and_put_back(pi: Any) -> None:
    snapshot = taken(pi)
    assert snapshot.changed_files() == set()
    pi.write("setting", "two")
    changed = {str(pi.folder / "etc" / "setting")}
    assert snapshot.changed_files() == changed
    assert snapshot.put_files_back() == changed
    assert pi.setting == "one"


def test_a_release_is_called_the_same_as_long_as_it_is(pi: Any) -> None:
    snapshot = taken(pi)
    assert len(snapshot.release) == 12
    assert snapshots.name_of(pi.engine.containers, snapshot.files) == snapshot.release
    pi.engine.containers["inkstand-app"]["RestartCount"] = 7
    assert snapshots.name_of(pi.engine.containers, snapshot.files) == snapshot.release
    assert snapshots.name_of(pi.engine.containers, {}) != snapshot.release
    pi.engine.containers["inkstand-app"]["Config"]["Image"] = "inkstand/app:two"
    assert snapshots.name_of(pi.engine.containers, snapshot.files) != snapshot.release


def test_a_point_of_before_is_of_the_files_it_kept_and_all_their_units_ran(pi: Any) -> None:
    snapshot = taken(pi)
    known = json.loads((snapshot.directory / "release.json").read_text())
    for name in ("patterns", "units", "networks"):
        del known[name]
    known["files"] = {
        "/etc/inkstand/app": "directory",
        "/etc/inkstand/app/inkstand.toml": "file",
        "/etc/systemd/system/inkstand-ca.socket": "file",
    }
    files.write_json(snapshot.directory / "release.json", known)
    found = snapshots.load(snapshot.directory)
    assert found
    assert found.patterns == ("/etc/inkstand/app", "/etc/systemd/system/inkstand-ca.socket")
    assert (found.units, found.networks) == (("inkstand-ca.socket",), {})


def test_json_is_for_root_alone_and_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.with_suffix(".new").write_text("left by a power cut, and longer")
    os.chmod(file.with_suffix(".new"), 0o600)  # noqa: PTH101
    contents: list[Any] = [[1, 2, 3], {}]
    for content in contents:
        files.write_json(file, content)
        assert files.read_json(file) == content
        assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert files.read_json(tmp_path / "none.json") is None


def test_settings_are_read_as_they_were_written(pi: Any) -> None:
    assert load(pi.settings_file) == pi.settings
    known = json.loads(pi.settings_file.read_text())
    del known["edge"]
    with pytest.raises(ReleaseError, match="lack 'edge'; run the playbook again"):
        Settings.from_json(known)
    for text in ("{", None):
        if text:
            pi.settings_file.write_text(text)
        else:
            pi.settings_file.unlink()
        with pytest.raises(ReleaseError, match=r"cannot be read .*run the playbook first"):
            load(pi.settings_file)


def test_settings_of_an_older_program_are_read(pi: Any) -> None:
    known = json.loads(pi.settings_file.read_text())
    del known["maintenance_file"]
    assert Settings.from_json({**known, "door": "/etc/closed"}).maintenance_file == "/etc/closed"


def test_the_file_of_maintenance_is_no_part_of_a_release(pi: Any) -> None:
    paths = (*pi.settings.files, *pi.settings.driver_files)
    assert pi.settings.snapshot_paths == paths
    closed = replace(pi.settings, maintenance_file="/etc/closed")
    assert closed.snapshot_paths == (*paths, "!/etc/closed")
    assert asdict(pi.settings)["maintenance_file"] == ""


def test_kinds_modes_owners_and_contents_tell_files_apart(tmp_path: Path) -> None:
    file, other, link = (tmp_path / name for name in ("file", "other", "link"))
    for path in (file, other):
        path.write_text("a")
        path.chmod(0o600)
    link.symlink_to("file")
    assert files.entry(file) == files.entry(other)
    assert files.entry(link) != files.entry(file)
    pointed = files.entry(link)
    link.unlink()
    link.symlink_to("other")
    assert files.entry(link) != pointed
    other.chmod(0o640)
    assert files.entry(file) != files.entry(other)


def test_what_python_compiled_is_no_part_of_a_release(tmp_path: Path) -> None:
    (tmp_path / "lib" / "__pycache__").mkdir(parents=True)
    (tmp_path / "lib" / "__pycache__" / "a.pyc").write_text("")
    (tmp_path / "lib" / "a.py").write_text("")
    (tmp_path / "b").write_text("")
    found = files.listed([f"{tmp_path}/l*", f"{tmp_path}/b", f"{tmp_path}/none"])
    assert [path.name for path in found] == ["b", "lib", "a.py"]
