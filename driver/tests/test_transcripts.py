"""What the driver does on the bus is what the reference did (docs/contracts.md), event by event."""

import gzip
import hashlib
from pathlib import Path

import pytest

from epdfuse.transcript import main

pytestmark = pytest.mark.contract

COPIES = Path(__file__).parent / "data" / "transcripts"
GIVEN = Path(__file__).parents[3] / "shared" / "epd-transcripts"
"""The originals, where they are beside the repository."""

OPTIONS = {
    "clear": ["--operation", "clear"],
    "update": ["--operation", "update"],
    "partial": ["--operation", "partial"],
    "cold": ["--operation", "update", "--temperature=-3"],
    "bad_cog": ["--operation", "update", "--chip-id", "00"],
    "broken": ["--operation", "update", "--status", "00"],
    "dc_failed": ["--operation", "update", "--status", "80"],
    "hot": ["--operation", "update", "--temperature=45"],
    "fast": ["--operation", "partial", "--stage-time", "500"],
}
DIGESTS = {
    name: digest
    for line in (COPIES / "film110.sha256").read_text("ascii").splitlines()
    for digest, name in [line.split()]
}
"""Of recordings of film 110, which has the pump clock in them, by their names."""


def arguments(recording: str) -> list[str]:
    _, film, size, case = recording.split("_", 3)
    return ["--panel", size, "--film", film.removeprefix("film"), *OPTIONS[case]]


@pytest.mark.parametrize("name", sorted(path.name for path in COPIES.glob("*.txt.gz")))
def test_a_transcript_of_the_reference_is_reproduced_exactly(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(arguments(name.removesuffix(".txt.gz"))) == 0
    assert capsys.readouterr().out == gzip.decompress((COPIES / name).read_bytes()).decode()


@pytest.mark.parametrize("name", DIGESTS)
def test_a_transcript_of_film_110_has_the_digest_of_the_reference(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main([*arguments(name.removesuffix(".txt")), "--with-pwm"]) == 0
    assert hashlib.sha256(capsys.readouterr().out.encode()).hexdigest() == DIGESTS[name]


@pytest.mark.skipif(not GIVEN.is_dir(), reason="the originals are not beside this repository")
def test_the_copies_are_the_originals() -> None:
    copies = {path.name: path.read_bytes() for path in COPIES.iterdir()}
    assert copies == {path.name: path.read_bytes() for path in GIVEN.iterdir()}


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["--panel", "1.44", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_files_replace_the_images_of_the_contract(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "white").write_bytes(bytes(128 * 96 // 8))
    images = ("--old", str(tmp_path / "white"), "--new", str(tmp_path / "white"))
    frames = {line for line in lines(capsys, "--operation", "partial", *images) if len(line) > 99}
    held = {line for line in frames if line.startswith("send 72" + "55" * 16)}
    assert len(held) == 96


def test_the_stage_time_of_the_f_command_replaces_that_of_the_temperature(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cold = ("--operation", "partial", "--temperature=-20")
    assert "stage 8160" in lines(capsys, *cold)
    assert "stage 123" in lines(capsys, *cold, "--stage-time", "123")


def test_the_pump_clock_of_film_110_is_printed_only_when_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    update = ("--film", "110", "--operation", "update")
    plain = lines(capsys, *update)
    full = lines(capsys, *update, "--with-pwm")
    assert [line for line in full if line.startswith("pwm")] == ["pwm 511", "pwm 0"]
    assert [line for line in full if not line.startswith("pwm")] == plain


def test_a_frame_of_the_wrong_length_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "short").write_bytes(b"\0")
    with pytest.raises(SystemExit) as exit_:
        main(["--panel", "1.44", "--operation", "update", "--new", str(tmp_path / "short")])
    assert exit_.value.code == 2
    assert "1536" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--temperature", "100"], "-99 to 99"),
        (["--stage-time", "49"], "50 to 2000"),
        (["--chip-id", "1ff"], "byte"),
        (["--film", "230", "--panel", "1.9"], "1.44, 2.0, 2.7"),
        (["--old", "/nowhere/frame"], "/nowhere/frame"),
    ],
)
def test_what_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--panel", "1.44", "--operation", "update", *arguments])
    assert exit_.value.code == 2
    assert sentence in capsys.readouterr().err
