"""The life of a mounted panel: it answers, is mounted, serves, and ends in a safe state."""

import logging
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyfuse3
import trio

from epdfuse.backends import BUSES, BusOptions
from epdfuse.fuse.directory import Directory
from epdfuse.fuse.server import EpdFileSystem
from epdfuse.fuse.turns import Turns
from epdfuse.notify import notify, watchdog_interval
from epdfuse.panel.commands import Operator
from epdfuse.panel.glass import GlassStore
from epdfuse.panel.spec import PanelDriver, PanelError
from epdfuse.storage import Refusal, claim

log = logging.getLogger(__name__)

_MAX_REQUESTS = 500
"""Requests answered at once. Writers of commands wait inside theirs, so there must be room."""

_LAST_COMMAND_S = 80
"""Longer than any update (44 s at -10 °C), shorter than systemd's patience (90 s)."""


REASON = "reason"
"""A file that is in the directory while no panel is mounted there, and says why."""


class MountError(Refusal):
    """The directory cannot be mounted."""


@dataclass(frozen=True, slots=True)
class MountOptions:
    """What `epdfuse mount` was asked for."""

    mountpoint: Path
    bus: str
    bus_options: BusOptions
    runtime_directory: Path
    allow_other: bool
    panel_line: str
    idle_seconds: float
    full_interval: float = 0.0


def run(options: MountOptions) -> None:
    """Serve until a signal or an unmount.

    Raises:
        MountError, StateDirectoryError: it could not be mounted.
        PanelError: the panel does not answer.
    """
    _check_mountpoint(options.mountpoint)
    reason = options.mountpoint / REASON
    places = (options.bus_options.state_directory, options.runtime_directory)
    with _told(reason), claim(*places), _panel(options) as panel:
        # Not seen any more once the panel is mounted above it, and untrue after that.
        reason.unlink(missing_ok=True)
        _serve(panel, options)


@contextmanager
def _told(reason: Path) -> Iterator[None]:
    """Leave why no panel answers where programs look for the panel."""
    try:
        yield
    except PanelError as error:
        with suppress(OSError):
            reason.write_text(f"{error}\n", "utf-8")
        raise
    except BaseException:
        with suppress(OSError):
            reason.unlink(missing_ok=True)
        raise


@contextmanager
def _panel(options: MountOptions) -> Iterator[PanelDriver]:
    panel = BUSES[options.bus](options.bus_options)
    try:
        panel.probe()
        yield panel
    finally:
        panel.close()


def _serve(panel: PanelDriver, options: MountOptions) -> None:
    spec = panel.spec
    lasting = options.bus_options.state_directory
    store = GlassStore(options.runtime_directory, lasting, spec.description)
    operator = Operator(panel, store)
    turns = Turns(operator, options.idle_seconds, options.full_interval)
    files = EpdFileSystem(Directory(operator, options.panel_line), turns)
    with _mounted(files, options):
        trio.run(_main, turns, options.mountpoint)
    store.keep(operator.standing.glass)


@contextmanager
def _mounted(files: EpdFileSystem, options: MountOptions) -> Iterator[None]:
    flags = {*pyfuse3.default_options, "default_permissions", "fsname=epdfuse", "noexec"}
    try:
        pyfuse3.init(files, str(options.mountpoint), flags | _sharing(options.allow_other))
    except RuntimeError as error:
        raise MountError(_refused(options)) from error
    try:
        yield
    finally:
        pyfuse3.close(unmount=True)


def _refused(options: MountOptions) -> str:
    shared = options.allow_other and os.geteuid() != 0
    hint = "; --allow-other needs user_allow_other in /etc/fuse.conf" if shared else ""
    return f"FUSE refuses to mount at {options.mountpoint}{hint}"


def _sharing(allow_other: bool) -> set[str]:
    return {"allow_other"} if allow_other else set()


async def _main(turns: Turns, mountpoint: Path) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.rest_when_idle)
        nursery.start_soon(_end_on_signal, turns)
        nursery.start_soon(_say_when_ready, mountpoint)
        nursery.start_soon(_show_signs_of_life, turns)
        await pyfuse3.main(max_tasks=_MAX_REQUESTS)
        nursery.cancel_scope.cancel()


async def _say_when_ready(mountpoint: Path) -> None:
    """Ready is what a program can read; so another program reads, while this one serves.

    Not a thread of this one: killed while it reads, it would wait for its own answer for ever,
    and /dev/fuse would stay open.
    """
    read = await trio.run_process(["cat", "--", mountpoint / "panel"], capture_stdout=True)
    log.info("%s is served at %s", read.stdout.decode().strip(), mountpoint)
    notify("READY=1")


async def _show_signs_of_life(turns: Turns) -> None:
    """Feed the watchdog from the loop that answers requests, while the panel makes progress."""
    interval = watchdog_interval()
    while interval is not None:
        if not turns.stuck:
            notify("WATCHDOG=1")
        await trio.sleep(interval)


async def _end_on_signal(turns: Turns) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        await anext(aiter(signals))
        notify("STOPPING=1")
        log.info("stopping")
        with trio.move_on_after(_LAST_COMMAND_S):
            await turns.close()
            pyfuse3.terminate()
            await trio.sleep_forever()
        log.critical("the panel did not finish in %d s; giving up", _LAST_COMMAND_S)
        os._exit(1)


def _check_mountpoint(mountpoint: Path) -> None:
    try:
        mode = mountpoint.stat().st_mode
    except FileNotFoundError as error:
        raise MountError(f"{mountpoint} does not exist; try: mkdir -p {mountpoint}") from error
    except OSError as error:
        fix = f"umount --lazy {mountpoint}"
        raise MountError(f"{mountpoint} is not usable ({error.strerror}); try: {fix}") from error
    if not stat.S_ISDIR(mode):
        raise MountError(f"{mountpoint} is not a directory")
    if mountpoint.is_mount():
        raise MountError(f"something is mounted at {mountpoint} already")
