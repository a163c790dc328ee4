"""Remembering what is on the glass."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from epdfuse.panel.glass import Glass, GlassRecordError, GlassStore, decode, encode

pytestmark = pytest.mark.unit

PANEL = "EPD 2.7 264x176 COG 2 FILM 231"
PICTURE = Glass(bytes(range(256)), certain=True, drawn_ns=1_700_000_000_123_456_789)


@pytest.fixture
def store(tmp_path: Path) -> GlassStore:
    """One with both records in one directory."""
    return GlassStore(tmp_path, tmp_path, PANEL)


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def boot(memory: Path, disk: Path) -> Callable[[], GlassStore]:
    """Give the store as it is when the machine was off: nothing is left of the memory."""
    disk.mkdir()

    def started() -> GlassStore:
        shutil.rmtree(memory, ignore_errors=True)
        memory.mkdir()
        return GlassStore(memory, disk, PANEL)

    return started


def test_a_record_reads_back_as_it_was() -> None:
    assert decode(encode(PICTURE, PANEL, "boot 1"), PANEL, "boot 1") == PICTURE


def test_a_picture_from_before_the_machine_started_is_not_certain() -> None:
    assert decode(encode(PICTURE, PANEL, "boot 1"), PANEL, "boot 2") == PICTURE.doubtful()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0" * 6000,
        b"[]\n",
        encode(PICTURE, PANEL, "b")[:-1],
        encode(PICTURE, PANEL, "b") + b"x",
        encode(PICTURE, "EPD 2.0 200x96 COG 2 FILM 231", "b"),
    ],
)
def test_a_damaged_or_foreign_record_is_refused(damaged: bytes) -> None:
    with pytest.raises(GlassRecordError):
        decode(damaged, PANEL, "b")


def test_nothing_is_remembered_at_first(store: GlassStore) -> None:
    assert store.load() is None


def test_a_settled_picture_is_remembered(store: GlassStore) -> None:
    store.begin()
    store.settle(PICTURE)
    assert store.load() == PICTURE


def test_an_interrupted_drawing_leaves_the_former_picture_in_doubt(store: GlassStore) -> None:
    store.settle(PICTURE)
    store.begin()
    assert store.load() == PICTURE.doubtful()


def test_an_interruption_twice_still_leaves_the_former_picture(store: GlassStore) -> None:
    store.settle(PICTURE)
    store.begin()
    store.begin()
    assert store.load() == PICTURE.doubtful()


def test_a_damaged_file_is_named_in_the_log(
    store: GlassStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "glass").write_bytes(b"power cut")
    assert store.load() is None
    assert str(tmp_path / "glass") in caplog.text


def test_a_disk_that_refuses_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = GlassStore(tmp_path / "gone", tmp_path / "gone", PANEL)
    with caplog.at_level(logging.WARNING):
        store.begin()
        store.settle(PICTURE)
        store.keep(PICTURE)
    assert "cannot remember" in caplog.text
    assert "cannot keep" in caplog.text


def test_updates_write_nothing_to_the_disk(boot: Callable[[], GlassStore], disk: Path) -> None:
    store = boot()
    for _ in range(3):
        store.begin()
        store.settle(PICTURE)
    assert list(disk.iterdir()) == []


def test_a_driver_that_is_started_anew_is_certain(
    boot: Callable[[], GlassStore], memory: Path, disk: Path
) -> None:
    store = boot()
    store.begin()
    store.settle(PICTURE)
    assert GlassStore(memory, disk, PANEL).load() == PICTURE


def test_the_next_boot_knows_the_picture_and_is_not_certain(
    boot: Callable[[], GlassStore],
) -> None:
    boot().keep(PICTURE)
    assert boot().load() == PICTURE.doubtful()
    assert boot().load() == PICTURE.doubtful(), "nothing was drawn in between"


def test_a_power_cut_leaves_no_older_picture(boot: Callable[[], GlassStore]) -> None:
    boot().keep(PICTURE)
    store = boot()
    store.begin()
    assert boot().load() is None, "while it draws"
    store.settle(PICTURE)
    assert boot().load() is None, "afterwards"


def test_a_picture_in_doubt_is_not_kept(boot: Callable[[], GlassStore]) -> None:
    boot().keep(PICTURE.doubtful())
    assert boot().load() is None


def test_a_full_disk_at_the_end_costs_the_memory_and_nothing_else(
    boot: Callable[[], GlassStore], disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = boot()
    (disk / ".glass.new").symlink_to("/dev/full")
    store.keep(PICTURE)
    assert "No space left" in caplog.text
    assert boot().load() is None


def test_what_cannot_be_removed_is_said_and_drawn_over(
    boot: Callable[[], GlassStore], disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = boot()
    (disk / "glass").mkdir()
    assert store.load() is None
    store.begin()
    store.settle(PICTURE)
    assert "cannot note" in caplog.text
    assert store.load() == PICTURE


def test_the_record_of_an_older_driver_is_read(boot: Callable[[], GlassStore], disk: Path) -> None:
    """It wrote both files into the state directory, at each update."""
    store = boot()
    older = GlassStore(disk, disk, PANEL)
    older.settle(PICTURE)
    assert store.load() == PICTURE.doubtful()
    older.begin()
    assert store.load() is None, "it died while it drew"
    store.begin()
    store.settle(PICTURE)
    assert boot().load() is None
