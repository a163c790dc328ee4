"""The command line, as far as it needs no mount."""

from pathlib import Path

import pytest

from epdfuse.cli import main

pytestmark = pytest.mark.unit


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it says when it refuses: one line, and exit code 1."""
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def misused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it says to wrong usage: exit code 2."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err


MOUNT = ("mount", "--panel", "2.7", "--bus", "simulated")


@pytest.mark.parametrize(
    "command", [(), ("mount",), ("simulate",), ("simulate", "fail"), ("transcript",)]
)
def test_every_command_explains_itself(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([*command, "--help"])
    assert exit_.value.code == 0
    assert "usage: epdfuse" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "COMMAND"),
        (("draw",), "invalid choice"),
        (("mount", "--bus", "simulated", "/x"), "--panel"),
        (("mount", "--panel", "3.1", "--bus", "simulated", "/x"), "1.44"),
        (("mount", "--panel", "2.7", "/x"), "--bus"),
        (("mount", "--panel", "2.7", "--bus", "usb", "/x"), "simulated"),
        (MOUNT, "MOUNTPOINT"),
        ((*MOUNT, "--film", "231x", "/x"), "--film"),
        ((*MOUNT, "--busy-timeout", "0", "/x"), "between 0.1 and 60"),
        ((*MOUNT, "--idle-power-off", "nan", "/x"), "between 1 and 3600"),
        ((*MOUNT, "--full-update-interval", "-1", "/x"), "between 0 and 3600"),
        ((*MOUNT, "--simul", "fast", "/x"), "unrecognized"),
        (("simulate", "fail", "smoke"), "busy-stuck"),
        (("simulate",), "ACTION"),
    ],
)
def test_wrong_usage_is_named(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in misused(capsys, *arguments)


def test_a_size_that_the_film_does_not_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("mount", "--panel", "2.6", "--film", "230", "--bus", "simulated", "/x")
    assert "1.44, 2.0, 2.7" in refused(capsys, *arguments)


def test_a_missing_mountpoint_is_refused_with_the_fix(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = ("--state-directory", str(tmp_path / "state"))
    gone = str(tmp_path / "gone")
    assert f"mkdir -p {gone}" in refused(capsys, *MOUNT, *state, gone)


def test_a_mountpoint_that_is_a_file_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert "not a directory" in refused(capsys, *MOUNT, str(tmp_path / "file"))


def test_a_panel_that_does_not_answer_is_not_mounted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = ("--state-directory", str(tmp_path))
    (tmp_path / "panel").mkdir()
    assert main(["simulate", *state, "fail", "unsupported-cog"]) == 0
    fast = ("--simulated-timing", "fast")
    said = refused(capsys, *MOUNT, *state, *fast, str(tmp_path / "panel"))
    assert "identity" in said


def test_simulate_refuses_a_directory_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gone = str(tmp_path / "gone")
    assert gone in refused(capsys, "simulate", "--state-directory", gone, "status")


def test_simulate_says_how_the_panel_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    state = ("--state-directory", str(tmp_path))
    assert main(["simulate", *state, "fail", "dc-failed"]) == 0
    assert main(["simulate", *state, "status"]) == 0
    said = capsys.readouterr().out.split("\n")
    assert said == [
        "driver  not running",
        "fault   dc-failed",
        "power   off",
        "glass   nothing drawn yet",
        "bus     not recorded",
        "",
    ]


@pytest.mark.skipif(Path("/dev/spidev0.0").exists(), reason="this machine has SPI")
def test_a_real_panel_on_a_machine_without_spi_is_refused_with_the_fix(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    real = ("mount", "--panel", "2.7", "--bus", "spi", "--state-directory", str(tmp_path / "state"))
    (tmp_path / "panel").mkdir()
    assert "dtparam=spi=on" in refused(capsys, *real, str(tmp_path / "panel"))


def test_a_real_panel_is_looked_for_where_the_option_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    device = str(tmp_path / "spidev1.0")
    state = ("--state-directory", str(tmp_path / "state"))
    (tmp_path / "panel").mkdir()
    real = ("mount", "--panel", "2.7", "--bus", "spi", "--spi-device", device, *state)
    assert device in refused(capsys, *real, str(tmp_path / "panel"))


def test_transcript_prints_events_and_ends_with_the_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("transcript", "--panel", "2.6", "--operation", "partial", "--chip-id", "00")
    assert main(arguments) == 0
    assert capsys.readouterr().out.endswith("pin discharge 0\nstatus 1\n")
