"""`inkstand packs stops` and `lines`, as they are typed."""

from __future__ import annotations

import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from inkstand import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

STOPS = """\
stop_id,stop_name,location_type,platform_code
1,Harbour,1,
11,Harbour,0,A
12,"Harbour, North",,
13,Harbour,2,
21,Town Hall,,
22,Åby Harbour,,"1"
"""
ROUTES = """\
route_id,route_short_name,route_long_name
4100,41,Harbour - Town Hall
2200,,"Tram, green"
4400,44,Airport
"""


@pytest.fixture
def timetable(tmp_path: Path) -> Path:
    path = tmp_path / "timetable.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", "\ufeff" + STOPS)
        archive.writestr("routes.txt", ROUTES)
    return path


def test_stops_are_found_by_a_part_of_their_names(
    timetable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["packs", "stops", str(timetable), "harbour", "hall"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "stops:",
        '  - "11=Harbour"  # platform A',
        '  - "12=Harbour North"',
        '  - "21=Town Hall"',
        '  - "22=Åby Harbour"  # platform 1',
    ]


def test_lines_are_found_by_their_number_or_a_part_of_their_names(
    timetable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["packs", "lines", str(timetable), "41", "4", "green"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "lines:",
        '  - "4100=41"  # Harbour - Town Hall',
        '  - "2200=Tram green"',
    ]


def test_when_there_are_none_that_is_said(
    timetable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["packs", "stops", str(timetable), "nowhere"]) == 1
    assert capsys.readouterr().out == "there are no stops of these names\n"


def without_stops(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("agency.txt", "")


def damaged(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", STOPS * 100)
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)


def latin(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stops.txt", STOPS.encode("latin-1"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.unlink(missing_ok=True), "No such file or directory"),
        (lambda path: path.write_bytes(b"no archive"), "File is not a zip file"),
        (without_stops, "There is no item named 'stops.txt' in the archive"),
        (damaged, "Error -3 while decompressing data"),
        (latin, "'utf-8' codec can't decode"),
    ],
)
def test_what_is_no_timetable_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], object],
    reason: str,
) -> None:
    path = tmp_path / "x.zip"
    make(path)
    assert cli.main(["packs", "stops", str(path), "Harbour"]) == 2
    assert capsys.readouterr().err.startswith(
        f"inkstand: cannot read stops.txt of {path}: {reason}"
    )


def test_a_large_file_is_read_row_by_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "large.zip"
    rows = "".join(f"{row},Stop {row},0,\n" for row in range(60_000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", STOPS + rows)
    tracemalloc.start()
    assert cli.main(["packs", "stops", str(path), "Stop 59999"]) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert capsys.readouterr().out.splitlines() == ["stops:", '  - "59999=Stop 59999"']
    assert peak < 500_000 < len(rows)
