"""What the commands tell, what they demand, and what they leave behind when they refuse."""

from __future__ import annotations

import json
import os
import shutil
import stat
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from host.tests.backup.test_archive import entry, manifest, tar
from inkstand_host import cli
from inkstand_host.backup import pack as pack_module
from inkstand_host.backup.age import age, encrypted
from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NEEDED = {
    "backup create": ["--recipient=age1", "--output=file"],
    "backup inspect": ["--archive=file", "--identity=file"],
    "backup rewrap": ["--archive=file", "--identity=file", "--recipient=age1", "--output=file"],
    "restore unpack": ["--archive=file", "--identity=file"],
}


def create(desk: Any, root: Path, key: Any, *more: str) -> int:
    """Make an archive in this process."""
    to = [f"--recipient={key.recipient}", f"--output={desk.file}", f"--staging={desk.folder}"]
    return cli.main(["backup", "create", *desk.places(root), *to, "--host=pi1", *more])


def pack(desk: Any, key: Any, content: bytes) -> None:
    """Encrypt something for a key, as whoever knows its public half can."""
    with encrypted(desk.file, [key.recipient]) as stream:
        stream.write(content)


def test_without_room_nothing_is_packed(
    desk: Any, pi: Path, key: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert create(desk, pi, key) == 1
    assert "Make room first" in capsys.readouterr().err
    assert not desk.file.exists()


def test_an_archive_belongs_to_the_owner_of_its_directory(
    desk: Any, pi: Path, key: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    owned: list[Any] = []
    monkeypatch.setattr(os, "chown", lambda *words: owned.append(words))
    assert create(desk, pi, key) == 0
    owner = desk.folder.stat()
    assert owned == [(desk.file, owner.st_uid, owner.st_gid)]
    told = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert (told["host"], told["files"]) == ("pi1", "2")
    assert told["size"].endswith((" bytes", " kB"))


def test_an_archive_that_is_handed_on_is_for_its_owner_alone(packed: Any, key: Any) -> None:
    handed = packed.folder / "handed.age"
    handed.touch(0o644)
    done = packed.read("rewrap", key, f"--recipient={key.recipient}", f"--output={handed}")
    assert json.loads(done.stdout) == {"output": str(handed)}
    assert stat.S_IMODE(handed.stat().st_mode) == 0o600


def test_an_archive_of_a_newer_app_is_told_before_it_is_unpacked(packed: Any, key: Any) -> None:
    done = packed.read("inspect", key, '--schemas={"messages.sqlite3": 0}')
    assert (done.returncode, done.stdout) == (1, "")
    assert "written by a newer Inkstand (version 1, this one knows 0)" in done.stderr


def test_what_was_unpacked_before_and_left_is_replaced(
    packed: Any, key: Any, tmp_path: Path
) -> None:
    places = packed.places(tmp_path / "other")
    for _ in range(2):
        done = packed.read("unpack", key, *places)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["host"] == "pi1"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("app/a", b"y", "app/a is not what was backed up"),
        ("app/none/a", b"x", "No such file or directory"),
        ("elsewhere/a", b"x", "elsewhere is nowhere here"),
    ],
)
def test_nothing_is_left_of_what_cannot_be_unpacked(
    desk: Any, key: Any, name: str, content: bytes, words: str
) -> None:
    folder = desk.folder / "var"
    folder.mkdir()
    told = manifest(entry("app", b"", sha256=""), entry("app/z"), entry(name))
    pack(desk, key, tar(told, app=None, **{"app/z": b"x", name: content}).read())
    done = desk.read("unpack", key, f"--place=app={folder}")
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert list(folder.iterdir()) == []


def test_owners_come_back_and_all_is_on_the_disk(
    desk: Any, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    var = desk.folder / "var"
    done: list[Any] = []
    monkeypatch.setattr(os, "chown", lambda path, *owner: done.append((path, *owner)))
    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.fstat(file).st_size))
    monkeypatch.setattr(os, "sync", lambda: done.append([path.name for path in var.iterdir()]))
    folder = entry("app", b"", sha256="", mode=0o700, uid=4711, gid=4712)
    told = manifest(folder, entry("app/a", uid=4713, gid=4714))
    pack(desk, key, tar(told, app=None, **{"app/a": b"x"}).read())
    place = f"--place=app={var}"
    words = [f"--archive={desk.file}", f"--identity={key.file}", place]
    assert cli.main(["restore", "unpack", *words]) == 0
    staged = var / ".inkstand-restore"
    owner = staged.stat()
    assert cli.main(["restore", "replace", place]) == 0
    assert done == [
        1,
        (staged / "a", 4713, 4714),
        (staged, 4711, 4712),
        (var, owner.st_uid, owner.st_gid),
        ["a"],
    ]


def test_a_file_that_goes_meanwhile_is_none_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, copies = tmp_path / "var", tmp_path / "copies"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text("x")

    def is_database(path: Path) -> bool:
        if path.name == "a":
            path.unlink()
        return False

    monkeypatch.setattr(pack_module, "is_database", is_database)
    snapshot = pack_module.Snapshot(copies)
    snapshot.add("app", folder)
    assert list(snapshot.entries) == ["app", "app/b"]


@pytest.mark.parametrize("damage", ["no archive", "cut off", "other bits"])
def test_what_was_encrypted_damaged_is_called_damaged(desk: Any, key: Any, damage: str) -> None:
    content = os.urandom(1 << 20)
    sound = tar(manifest(entry("app/a", content)), **{"app/a": content}).read()
    pack(
        desk,
        key,
        {
            "no archive": content,
            "cut off": sound[: len(sound) // 2],
            "other bits": sound[:5000] + bytes(5000) + sound[10_000:],
        }[damage],
    )
    done = desk.read("inspect", key)
    assert done.returncode == 1
    assert done.stderr.startswith("The archive is damaged: ")


def test_age_that_ends_before_it_has_read_all_says_why(tmp_path: Path) -> None:
    said = "no public key: malformed recipient"
    with (
        pytest.raises(ArchiveError, match=said),
        encrypted(tmp_path / "a", ["age1nonsense"]) as stream,
    ):
        stream.write(bytes(1 << 20))


def test_where_age_is_not_installed_it_says_how_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArchiveError, match="apt install age"), age(["--version"]):
        pass


@pytest.mark.parametrize(
    ("command", "left_out"), [(name, it) for name, words in NEEDED.items() for it in words]
)
def test_what_is_needed_is_demanded(command: str, left_out: str, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([*command.split(), *(it for it in NEEDED[command] if it != left_out)])
    assert f"required: {left_out.partition('=')[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["app", "app=state", "=/var", "a/b=/var"])
def test_a_place_is_a_name_and_a_directory(place: str, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["restore", "replace", f"--place={place}"])
    assert "is not like app=/var/lib/inkstand" in capsys.readouterr().err


def test_an_archive_is_looked_at_by_who_is_not_root(
    desk: Any, key: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    argv = ["backup", "inspect", f"--archive={desk.file}", f"--identity={key.file}"]
    assert cli.main(argv) == 1
    assert "The archive cannot be read" in capsys.readouterr().err
