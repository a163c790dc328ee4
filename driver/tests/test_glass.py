"""Remembering what is on the glass."""

import logging
from pathlib import Path

import pytest

from epdfuse.panel.glass import Glass, GlassRecordError, GlassStore, decode, encode

pytestmark = pytest.mark.unit

PANEL = "EPD 2.7 264x176 COG 2 FILM 231"
PICTURE = Glass(bytes(range(256)), certain=True, drawn_ns=1_700_000_000_123_456_789)


@pytest.fixture
def store(tmp_path: Path) -> GlassStore:
    return GlassStore(tmp_path, PANEL)


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
    store = GlassStore(tmp_path / "gone", PANEL)
    with caplog.at_level(logging.WARNING):
        store.begin()
        store.settle(PICTURE)
    assert "cannot remember" in caplog.text
