"""A real mount, used as programs and people use it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from epdfuse.panel.bits import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driver.tests.conftest import Driver

pytestmark = pytest.mark.integration

SIZE = 5808
WHITE = bytes(SIZE)
FORBIDDEN = errno.EPERM if os.geteuid() == 0 else errno.EACCES
"""Directories are not writable, which the kernel itself tells everybody but root."""


def shell(directory: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in a directory."""
    return subprocess.run(
        ["sh", "-c", script], cwd=directory, capture_output=True, text=True, check=False
    )


def refuses(*numbers: int) -> pytest.RaisesExc[OSError]:
    return pytest.RaisesExc(OSError, check=lambda error: error.errno in numbers)


def on_glass(driver: Driver) -> bytes:
    """The simulated panel's picture, as a frame."""
    with Image.open(driver.state / "glass.png") as image:
        return View.LE_INVERSE.translate(image.tobytes())


class TestFiles:
    def test_the_directory_lists_the_files_of_the_contract(self, untouched: Driver) -> None:
        frames = {"current", "current_inverse", "display", "display_inverse"}
        texts = {"panel", "version", "command", "temperature", "pu_stagetime", "error"}
        assert set(os.listdir(untouched.files)) == frames | texts | {"BE", "LE"}  # noqa: PTH208
        assert set(os.listdir(untouched.files / "LE")) == frames  # noqa: PTH208

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("version", "4\n"),
            ("panel", "EPD 2.7 264x176 COG 2 FILM 231\n"),
            ("temperature", " 25\n"),
            ("pu_stagetime", " 500\n"),
            ("error", "Undefined\n"),
        ],
    )
    def test_a_text_has_its_size(self, untouched: Driver, name: str, content: str) -> None:
        assert untouched.text(name) == content
        assert (untouched.files / name).stat().st_size == len(content)

    @pytest.mark.parametrize(
        ("name", "mode"), [("current", 0o444), ("LE/display", 0o666), ("command", 0o222)]
    )
    def test_a_file_has_its_mode(self, untouched: Driver, name: str, mode: int) -> None:
        assert stat.S_IMODE((untouched.files / name).stat().st_mode) == mode

    def test_a_frame_can_be_written_and_read_in_every_coding(
        self, driver: Driver, new: bytes
    ) -> None:
        reverse = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
        invert = bytes(byte ^ 0xFF for byte in range(256))
        (driver.files / "LE" / "display_inverse").write_bytes(
            new.translate(reverse).translate(invert)
        )
        driver.command("U")
        for folder, coded in (("", new), ("BE/", new), ("LE/", new.translate(reverse))):
            for kind in ("display", "current"):
                assert driver.frame(f"{folder}{kind}") == coded
                assert driver.frame(f"{folder}{kind}_inverse") == coded.translate(invert)

    def test_the_time_of_current_is_when_it_was_drawn(self, driver: Driver) -> None:
        before = time.time_ns()
        driver.command("U")
        assert before <= (driver.files / "current").stat().st_mtime_ns <= time.time_ns()

    @pytest.mark.parametrize(
        ("script", "number"),
        [
            ("touch x", FORBIDDEN),
            ("mkdir x", FORBIDDEN),
            ("rm version", FORBIDDEN),
            ("mv version panel", FORBIDDEN),
            ("ln version x", FORBIDDEN),
            ("chmod 600 display", errno.EPERM),
            ("echo x > version", errno.EACCES),
            ("cat BE/command", errno.ENOENT),
        ],
    )
    def test_the_directory_itself_cannot_be_changed(
        self, untouched: Driver, script: str, number: int
    ) -> None:
        result = shell(untouched.files, script)
        assert result.returncode != 0
        assert os.strerror(number) in result.stderr

    def test_it_answers_df(self, untouched: Driver) -> None:
        assert "epdfuse" in shell(untouched.home, "df panel").stdout


class TestWriting:
    def test_shell_redirection_shows_a_frame(self, driver: Driver, new: bytes) -> None:
        (driver.home / "frame").write_bytes(new)
        script = "cat ../frame > display && echo U > command && echo 19 > temperature"
        assert shell(driver.files, script).returncode == 0
        assert driver.frame() == on_glass(driver) == new
        assert driver.text("temperature") == " 19\n"
        assert driver.text("error") == "OK\n"

    @pytest.mark.parametrize("command", ["cp ../frame display", "dd if=../frame of=display bs=999"])
    def test_tools_that_write_in_pieces_work(
        self, driver: Driver, new: bytes, command: str
    ) -> None:
        (driver.home / "frame").write_bytes(new)
        assert shell(driver.files, command).returncode == 0
        assert driver.frame("display") == new

    def test_appending_builds_a_frame(self, driver: Driver, new: bytes) -> None:
        (driver.files / "display").write_bytes(b"")
        for start in range(0, SIZE, 1000):
            with (driver.files / "display").open("ab") as file:
                file.write(new[start : start + 1000])
        assert driver.frame("display") == new

    def test_one_open_file_can_seek_write_and_read(self, driver: Driver) -> None:
        with (driver.files / "display").open("r+b", buffering=0) as file:
            file.seek(100)
            file.write(b"middle")
            file.seek(-8, os.SEEK_CUR)
            assert file.read(10) == b"\0\0middle\0\0"
            file.seek(0, os.SEEK_END)
            assert file.tell() == SIZE
            assert file.read() == b""

    def test_reads_at_offsets_give_what_is_there(self, driver: Driver, new: bytes) -> None:
        driver.show(new)
        with (driver.files / "current").open("rb", buffering=0) as file:
            assert os.pread(file.fileno(), 10, 5000) == new[5000:5010]
            assert os.pread(file.fileno(), 100, SIZE - 3) == new[-3:]
            assert os.pread(file.fileno(), 100, SIZE + 3) == b""

    def test_a_file_that_stays_open_shows_each_change(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        with (driver.files / "current").open("rb", buffering=0) as file:
            for frame in (old, new):
                driver.show(frame)
                assert os.pread(file.fileno(), SIZE, 0) == frame

    def test_truncation_sets_the_size(self, driver: Driver) -> None:
        os.truncate(driver.files / "display", 7)
        assert (driver.files / "LE" / "display_inverse").stat().st_size == 7

    def test_one_writer_may_give_several_commands(self, driver: Driver, new: bytes) -> None:
        (driver.files / "display").write_bytes(new)
        with (driver.files / "command").open("wb", buffering=0) as file:
            file.write(b"U")
            file.write(b"C")
        assert driver.frame() == WHITE


class TestRefusals:
    @pytest.mark.parametrize("letter", ["U", "P", "F"])
    def test_a_short_frame_is_refused_and_nothing_is_drawn(
        self, driver: Driver, old: bytes, new: bytes, letter: str
    ) -> None:
        driver.show(old)
        with refuses(errno.EINVAL):
            driver.show(new[:-1], letter)
        assert driver.frame() == on_glass(driver) == old
        assert driver.text("error") == "OK\n"

    def test_a_long_frame_is_refused_and_nothing_is_drawn(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        driver.show(old)
        with (
            (driver.files / "display").open("r+b", buffering=0) as file,
            refuses(errno.EFBIG),
        ):
            file.write(new + b"x")
        with refuses(errno.EINVAL):
            driver.command("U")
        assert driver.frame() == on_glass(driver) == old
        driver.show(new)
        assert driver.frame() == new

    def test_a_display_cannot_grow_beyond_a_frame(self, driver: Driver) -> None:
        with refuses(errno.EFBIG):
            os.truncate(driver.files / "display", SIZE + 1)

    def test_what_is_no_command_does_nothing(self, driver: Driver) -> None:
        driver.command("x")
        driver.command("\0")
        assert driver.text("error") == "Undefined\n"


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "text"),
        [
            ("unsupported-cog", "Unsupported COG\n"),
            ("broken", "Panel broken\n"),
            ("dc-failed", "DC Failed\n"),
            ("busy-stuck", "Panel broken\n"),
        ],
    )
    def test_a_failed_command_says_why_and_leaves_the_glass(
        self, driver: Driver, old: bytes, new: bytes, fault: str, text: str
    ) -> None:
        driver.show(old)
        driver.simulate("fail", fault)
        with refuses(errno.EIO):
            driver.show(new)
        assert driver.text("error") == text
        assert driver.frame() == on_glass(driver) == old
        driver.simulate("fail", "ok")
        driver.command("U")
        assert driver.text("error") == "OK\n"
        assert driver.frame() == on_glass(driver) == new

    def test_a_stuck_panel_is_given_up_after_the_time_out(
        self, new_driver: Callable[..., Driver], new: bytes
    ) -> None:
        driver = new_driver("--busy-timeout", "0.2")
        driver.start()
        driver.simulate("fail", "busy-stuck")
        began = time.monotonic()
        with refuses(errno.EIO):
            driver.show(new)
        assert 0.3 < time.monotonic() - began < 3

    def test_a_crash_leaves_a_half_drawn_glass_and_the_next_update_heals_it(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        driver.show(old)
        driver.simulate("fail", "crash")
        with refuses(errno.ECONNABORTED, errno.ENOTCONN):
            driver.show(new)
        assert driver.wait() == -signal.SIGKILL
        driver.unmount()
        assert "power   on" in driver.simulate("status")
        assert on_glass(driver) not in {old, new}
        driver.start()
        assert "power   off" in driver.simulate("status")
        assert driver.frame() == old
        driver.show(new, "P")
        assert driver.frame() == on_glass(driver) == new


class TestLife:
    def test_what_is_on_the_glass_survives_kill_9(self, driver: Driver, new: bytes) -> None:
        driver.show(new)
        drawn = (driver.files / "current").stat().st_mtime_ns
        driver.crash()
        driver.start()
        assert driver.frame() == new
        assert (driver.files / "current").stat().st_mtime_ns == drawn
        assert driver.frame("display") == WHITE
        assert driver.text("error") == "Undefined\n"

    def test_a_boot_knows_what_the_end_before_left_and_drives_every_pixel(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        driver.show(old)
        drawn = (driver.files / "current").stat().st_mtime_ns
        driver.signal(signal.SIGTERM)
        assert driver.wait() == 0
        driver.boot()
        assert driver.frame() == old
        assert (driver.files / "current").stat().st_mtime_ns == drawn
        driver.show(new, "P")
        assert driver.frame() == on_glass(driver) == new
        assert "power   off" in driver.simulate("status"), "only a full update leaves it off"

    def test_a_power_cut_leaves_a_picture_that_nobody_knows(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        """The record of the end before is of another picture than that on the glass."""
        driver.show(old)
        driver.signal(signal.SIGTERM)
        assert driver.wait() == 0
        driver.boot()
        driver.show(new)
        driver.crash()
        driver.boot()
        assert driver.frame() == WHITE
        driver.show(old, "P")
        assert driver.frame() == on_glass(driver) == old

    def test_a_full_disk_does_not_keep_it_from_ending(self, driver: Driver, new: bytes) -> None:
        driver.show(new)
        (driver.state / ".glass.new").symlink_to("/dev/full")
        driver.signal(signal.SIGTERM)
        assert driver.wait() == 0
        assert "cannot keep" in driver.log

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_cleanly(self, driver: Driver, number: signal.Signals) -> None:
        driver.signal(number)
        assert driver.wait() == 0
        assert not driver.files.is_mount()
        assert "not running" in driver.simulate("status")

    def test_an_unmount_ends_it_cleanly(self, driver: Driver, old: bytes, new: bytes) -> None:
        driver.show(old)
        driver.show(new, "P")
        assert "power   on" in driver.simulate("status")
        driver.unmount()
        assert driver.wait() == 0
        assert "power   off" in driver.simulate("status")

    def test_a_signal_takes_the_power_that_a_partial_left(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        driver.show(old)
        driver.show(new, "P")
        driver.signal(signal.SIGTERM)
        assert driver.wait() == 0
        assert "power   off" in driver.simulate("status")

    def test_power_left_by_kill_9_is_taken_before_anything_is_served(
        self, driver: Driver, old: bytes, new: bytes
    ) -> None:
        driver.show(old)
        driver.show(new, "P")
        driver.crash()
        assert "power   on" in driver.simulate("status")
        driver.start()
        assert "power   off" in driver.simulate("status")
        assert driver.frame() == on_glass(driver) == new

    def test_an_idle_panel_is_powered_off_and_the_next_partial_powers_it_again(
        self,
        new_driver: Callable[..., Driver],
        until: Callable[..., None],
        old: bytes,
        new: bytes,
    ) -> None:
        driver = new_driver("--simulated-timing", "fast", "--idle-power-off", "1")
        driver.start()
        driver.show(old)
        driver.show(new, "P")
        assert (driver.state / "power").exists()
        until(lambda: not (driver.state / "power").exists(), "rest")
        driver.show(old, "P")
        assert (driver.state / "power").exists()
        assert driver.frame() == on_glass(driver) == old

    def test_a_dead_mountpoint_is_refused_with_the_fix(self, driver: Driver) -> None:
        driver.signal(signal.SIGKILL)
        driver.wait()
        again = driver.run(*driver.mount_arguments())
        assert again.returncode == 1
        assert f"umount --lazy {driver.files}" in again.stderr

    def test_a_second_driver_at_the_same_place_is_refused(self, driver: Driver) -> None:
        again = driver.run(*driver.mount_arguments())
        assert again.returncode == 1
        assert "mounted at" in again.stderr

    def test_a_second_driver_with_the_same_state_is_refused(
        self, driver: Driver, tmp_path: Path
    ) -> None:
        again = driver.run(*driver.mount_arguments()[:-1], str(tmp_path))
        assert again.returncode == 1
        assert "another driver" in again.stderr
        assert driver.text("version") == "4\n"

    def test_why_no_panel_answers_is_in_the_directory_until_one_does(self, driver: Driver) -> None:
        driver.signal(signal.SIGTERM)
        driver.wait()
        absent = str(driver.home / "spidev0.0")
        again = driver.run(*driver.mount_arguments("--bus", "spi", "--spi-device", absent))
        assert again.returncode == 1
        assert again.stderr == f"epdfuse: {(driver.files / 'reason').read_text()}"
        assert "is SPI on?" in again.stderr
        driver.start()
        driver.signal(signal.SIGTERM)
        driver.wait()
        assert list(driver.files.iterdir()) == []

    def test_another_panel_does_not_take_over_the_picture(self, driver: Driver, new: bytes) -> None:
        driver.show(new)
        driver.signal(signal.SIGTERM)
        driver.wait()
        driver.arguments = (*driver.arguments, "--film", "230")
        driver.start()
        assert driver.frame() == WHITE


class TestWhileBusy:
    """With the real time of the panel: 3.42 s for an update."""

    @pytest.fixture
    def busy(
        self, new_driver: Callable[..., Driver], until: Callable[..., None], old: bytes
    ) -> Callable[[bytes], tuple[Driver, subprocess.Popen[bytes]]]:
        """Start showing a frame; returns when the panel is at it."""

        def show(new: bytes) -> tuple[Driver, subprocess.Popen[bytes]]:
            driver = new_driver("--simulated-timing", "real")
            driver.start()
            (driver.files / "display").write_bytes(new)
            command = ["sh", "-c", "echo U > command"]
            writer = subprocess.Popen(command, cwd=driver.files, stderr=subprocess.DEVNULL)
            until((driver.state / "power").exists, "power for the panel")
            return driver, writer

        return show

    def test_other_requests_are_answered_and_the_frame_does_not_tear(
        self, busy: Callable[..., tuple[Driver, subprocess.Popen[bytes]]], old: bytes, new: bytes
    ) -> None:
        began = time.monotonic()
        driver, writer = busy(new)
        assert driver.frame() == WHITE
        assert driver.text("error") == "Undefined\n"
        assert driver.text("version") == "4\n"
        (driver.files / "display").write_bytes(old)
        assert writer.poll() is None
        assert writer.wait(60) == 0
        assert time.monotonic() - began >= 3.4
        assert driver.frame() == on_glass(driver) == new
        assert driver.frame("display") == old

    def test_sigterm_lets_the_running_command_finish(
        self, busy: Callable[..., tuple[Driver, subprocess.Popen[bytes]]], new: bytes
    ) -> None:
        driver, writer = busy(new)
        driver.signal(signal.SIGTERM)
        assert driver.wait() == 0
        assert writer.wait(60) == 0
        assert on_glass(driver) == new
        assert "power   off" in driver.simulate("status")

    def test_an_unmount_lets_the_running_command_finish(
        self, busy: Callable[..., tuple[Driver, subprocess.Popen[bytes]]], new: bytes
    ) -> None:
        driver, writer = busy(new)
        driver.unmount()
        assert writer.wait(60) == 0
        assert driver.wait() == 0
        assert on_glass(driver) == new

    def test_kill_9_leaves_the_former_picture_and_a_full_update_next(
        self, busy: Callable[..., tuple[Driver, subprocess.Popen[bytes]]], new: bytes
    ) -> None:
        driver, writer = busy(new)
        driver.crash()
        assert writer.wait(60) != 0
        driver.arguments = ("--simulated-timing", "fast")
        driver.start()
        assert driver.frame() == WHITE
        driver.show(new, "P")
        assert driver.frame() == on_glass(driver) == new


class TestManyClients:
    def test_a_hundred_at_once_are_all_served_and_no_frame_tears(self, driver: Driver) -> None:
        def client(number: int) -> bytes:
            with (driver.files / "display").open("r+b", buffering=0) as file:
                file.write(bytes([number]) * SIZE)
            driver.command("U")
            return driver.frame()

        with ThreadPoolExecutor(100) as pool:
            seen = list(pool.map(client, range(100)))
        assert all(len(frame) == SIZE and len(set(frame)) == 1 for frame in seen)
        assert driver.frame() == on_glass(driver)

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
    @pytest.mark.parametrize("shared", [True, False])
    def test_other_users_come_in_only_when_they_are_let_in(
        self, new_driver: Callable[..., Driver], new: bytes, shared: bool
    ) -> None:
        driver = new_driver(*(["--allow-other"] if shared else []), "--simulated-timing", "fast")
        driver.start()
        (driver.home / "frame").write_bytes(new)
        script = "cat frame > panel/display && echo U > panel/command && cat panel/error"
        result = as_nobody(driver.home, script)
        assert result.stdout == ("OK\n" if shared else "")
        assert driver.frame() == (new if shared else WHITE)


def test_the_watchdog_is_fed_from_the_loop_that_serves(
    new_driver: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    driver = new_driver()
    driver.start()
    path = driver.home / "notify"
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(path))
        channel.settimeout(60)
        assert channel.recv(100) == b"WATCHDOG=1"


class TestModes:
    @pytest.mark.parametrize("name", ["current", "version", "LE/current_inverse", "error"])
    def test_nobody_writes_to_what_is_only_read(self, untouched: Driver, name: str) -> None:
        with refuses(errno.EACCES):
            (untouched.files / name).open("r+b")
        with refuses(errno.EACCES):
            os.truncate(untouched.files / name, 0)

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
    @pytest.mark.parametrize(
        "script", ["cat command", "echo x > current", "echo x > version", "touch x", "rm error"]
    )
    def test_other_users_are_bound_by_them(self, untouched: Driver, script: str) -> None:
        result = as_nobody(untouched.files, script)
        assert result.returncode != 0
        assert os.strerror(errno.EACCES) in result.stderr


def as_nobody(directory: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", script],
        cwd=directory,
        user=65534,
        group=65534,
        capture_output=True,
        text=True,
        check=False,
    )
