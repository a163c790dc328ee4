"""`epdfuse doctor`: is everything there that a panel needs, and if not, what is to be done."""

import argparse
import errno
import getpass
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from epdfuse.controllers.controlled import ControlledPanel
from epdfuse.hardware.gpio import chip_label, find_chip
from epdfuse.hardware.spi import DEFAULT_DEVICE
from epdfuse.hardware.wired import open_bus
from epdfuse.panel.spec import DIMENSIONS, FILMS, BusError, PanelError, PanelSpec, panel_spec
from epdfuse.show import DEFAULT_MOUNTPOINT
from epdfuse.storage import Refusal

_ABOUT = "Look for what a panel needs, and say what is missing"
_EXAMPLES = """\
examples:
  epdfuse doctor                        a panel on SPI, mounted at /run/epd/panel
  epdfuse doctor --bus simulated        a simulated panel
  sudo -u epd epdfuse doctor            may the user of the service do it?

Each thing that is missing comes with its fix. The exit code is 0 when all is well, else 1."""

_PATIENCE_S = 5.0
_NEEDED_MODULES = {"pyfuse3": "python3-pyfuse3", "trio": "python3-trio"}
_RESTART = "systemctl restart epd-fuse"
_SEAT_IT = "is the panel connected, its cable seated, and --film right?"
_ERROR_FIXES = {
    "Unsupported COG": f"{_SEAT_IT} then: {_RESTART}",
    "Panel broken": f"{_SEAT_IT} Does the glass have a crack?",
    "DC Failed": "the panel gets too little power; is the supply good, and the cable seated?",
}


class Sick(Refusal):
    """Something is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one thing. `fix` is for what is not well, `well` None for a remark."""

    subject: str
    seen: str
    well: bool | None = True
    fix: str = ""

    def __str__(self) -> str:
        mark = {True: "ok     ", False: "MISSING", None: "note   "}[self.well]
        fix = f"\n         fix: {self.fix}" if self.fix else ""
        return f"{mark}  {self.subject}: {self.seen}{fix}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look; the tests look elsewhere."""

    devices: Path = Path("/dev")
    fuse_settings: Path = Path("/etc/fuse.conf")
    label_of: Callable[[Path], str] = chip_label
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None
    find_program: Callable[[str], str | None] = shutil.which
    user_id: Callable[[], int] = os.geteuid


@dataclass(frozen=True, slots=True)
class Question:
    """What the command line asks about."""

    bus: str
    spec: PanelSpec
    spi_device: Path
    mountpoint: Path


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the sub-command to a command line."""
    parser = add_parser(
        "doctor",
        help=_ABOUT,
        description=f"{_ABOUT}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--bus",
        choices=("spi", "simulated"),
        default="spi",
        help="simulated: look at no hardware (default: %(default)s)",
    )
    parser.add_argument(
        "--panel", choices=DIMENSIONS, default="2.7", help="inches (default: %(default)s)"
    )
    parser.add_argument(
        "--film", type=int, choices=FILMS, default=231, help="generation (default: %(default)s)"
    )
    parser.add_argument(
        "--spi-device",
        type=Path,
        default=DEFAULT_DEVICE,
        metavar="FILE",
        help="where the panel is (default: %(default)s)",
    )
    parser.add_argument(
        "--mountpoint",
        type=Path,
        default=DEFAULT_MOUNTPOINT,
        metavar="DIR",
        help="where the panel is mounted (default: %(default)s)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print a JSON array on one line, for programs"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    try:
        spec = panel_spec(options.panel, options.film)
    except ValueError as error:
        raise Refusal(str(error)) from error
    question = Question(options.bus, spec, options.spi_device, options.mountpoint)
    report(examine(question, Machine()), as_json=options.json)


def report(findings: Iterable[Finding], *, as_json: bool = False) -> None:
    """Print each finding when it is known, or all as a JSON array of the fields of `Finding`.

    Raises:
        Sick: not all is well.
    """
    seen: list[Finding] = []
    for finding in findings:
        seen.append(finding)
        if not as_json:
            print(finding, flush=True)
    if as_json:
        print(json.dumps([asdict(finding) for finding in seen]))
    if missing := sum(finding.well is False for finding in seen):
        things = "one thing is" if missing == 1 else f"{missing} things are"
        raise Sick(f"{things} missing")


def examine(question: Question, machine: Machine) -> Iterator[Finding]:
    """Look at everything, hardware first; nothing on the glass changes."""
    hardware: list[Finding] = []
    if question.bus == "spi":
        hardware = [spi_device(question.spi_device), *gpio(machine)]
    yield from hardware
    yield from fuse(machine)
    mount = mounted(question.mountpoint)
    yield mount
    if mount.well:
        yield told_error(question.mountpoint)
    elif question.bus == "spi":
        yield panel(question, reachable=all(finding.well for finding in hardware))


def spi_device(device: Path) -> Finding:
    """Look at the device the panel is on."""
    if not device.exists():
        fix = "put `dtparam=spi=on` into /boot/firmware/config.txt, then reboot"
        return Finding("SPI", f"there is no {device}", well=False, fix=fix)
    if not _allowed(device):
        return _forbidden("SPI", device, "spi")
    return Finding("SPI", str(device))


def gpio(machine: Machine) -> Iterator[Finding]:
    """Look for the chip of the header, and the library that speaks to it."""
    library = machine.has_module("gpiod")
    if library:
        yield Finding("GPIO library", "libgpiod for Python")
    else:
        fix = "apt install python3-libgpiod"
        yield Finding("GPIO library", "libgpiod for Python is missing", well=False, fix=fix)
    yield _chips(machine, library=library)


def _chips(machine: Machine, *, library: bool) -> Finding:
    chips = sorted(machine.devices.glob("gpiochip*"))
    if not chips:
        seen = f"there is no {machine.devices}/gpiochip*"
        fix = "a Raspberry Pi with its own kernel has one; in a container, hand the device in"
        return Finding("GPIO chip", seen, well=False, fix=fix)
    closed = [chip for chip in chips if not _allowed(chip)]
    if closed:
        return _forbidden("GPIO chip", closed[0], "gpio")
    return _labelled(machine) if library else _unlabelled(chips)


def _unlabelled(chips: list[Path]) -> Finding:
    seen = f"{len(chips)} found; which one has the header is known when the library is there"
    return Finding("GPIO chip", seen, well=None)


def _labelled(machine: Machine) -> Finding:
    try:
        chip = find_chip(machine.devices, machine.label_of)
    except (BusError, OSError) as error:
        fix = "the header of a Raspberry Pi is needed; is this one, with its own kernel?"
        return Finding("GPIO chip", str(error), well=False, fix=fix)
    return Finding("GPIO chip", f"{chip} is {machine.label_of(chip)}")


def fuse(machine: Machine) -> Iterator[Finding]:
    """Look for what a mount needs."""
    yield _fuse_device(machine.devices / "fuse")
    yield _fusermount(machine)
    yield _modules(machine)
    yield _sharing(machine)


def _fuse_device(device: Path) -> Finding:
    if not device.exists():
        fix = "modprobe fuse; in a container, hand the device in"
        return Finding("FUSE", f"there is no {device}", well=False, fix=fix)
    if not _allowed(device):
        fix = f"chmod 666 {device}, which is what udev does"
        return Finding("FUSE", f"{_user()} may not open {device}", well=False, fix=fix)
    return Finding("FUSE", str(device))


def _fusermount(machine: Machine) -> Finding:
    program = machine.find_program("fusermount3")
    if program:
        return Finding("fusermount3", program)
    fix = "apt install fuse3"
    return Finding("fusermount3", "only root can mount without it", well=False, fix=fix)


def _modules(machine: Machine) -> Finding:
    missing = [name for name in _NEEDED_MODULES if not machine.has_module(name)]
    if not missing:
        return Finding("Python libraries", ", ".join(_NEEDED_MODULES))
    fix = f"apt install {' '.join(_NEEDED_MODULES[name] for name in missing)}"
    return Finding("Python libraries", f"{', '.join(missing)} missing", well=False, fix=fix)


def _sharing(machine: Machine) -> Finding:
    subject, settings = "user_allow_other", machine.fuse_settings
    if _has_line(settings, "user_allow_other"):
        return Finding(subject, f"is in {settings}")
    if machine.user_id() == 0:
        seen = f"is not in {settings}; root needs none, a service of another user does"
        return Finding(subject, seen, well=None)
    fix = f"echo user_allow_other >> {settings}   (as root; --allow-other needs it)"
    return Finding(subject, f"is not in {settings}", well=False, fix=fix)


def _has_line(path: Path, wanted: str) -> bool:
    try:
        return any(line.strip() == wanted for line in path.read_text("utf-8").splitlines())
    except FileNotFoundError:
        return False


def mounted(mountpoint: Path) -> Finding:
    """See that the mounted directory answers."""
    subject = "mounted directory"
    try:
        is_mount = mountpoint.is_mount()
        mountpoint.stat()
    except OSError as error:
        return Finding(subject, *_unusable(mountpoint, error))
    if not is_mount:
        fix = "systemctl start epd-fuse; journalctl -u epd-fuse says why it does not"
        return Finding(subject, f"nothing is mounted at {mountpoint}", well=False, fix=fix)
    line = _read(mountpoint / "panel")
    if line is None:
        return Finding(subject, f"{mountpoint} does not answer", well=False, fix=_RESTART)
    return Finding(subject, f"{mountpoint} is {line}")


def _unusable(mountpoint: Path, error: OSError) -> tuple[str, bool, str]:
    match error.errno:
        case errno.ENOENT:
            return f"there is no {mountpoint}", False, "systemctl start epd-fuse"
        case errno.ENOTCONN | errno.ECONNABORTED:
            fix = f"umount --lazy {mountpoint}; {_RESTART}"
            return f"the driver of {mountpoint} has died", False, fix
        case errno.EACCES:
            fix = "mount with --allow-other, or be the user who mounted it"
            return f"{_user()} may not enter {mountpoint}", False, fix
        case _:
            return f"{mountpoint}: {error.strerror}", False, _RESTART


def told_error(mountpoint: Path) -> Finding:
    """Read what the driver says of its panel."""
    error = _read(mountpoint / "error")
    if error in {"OK", "Undefined"}:
        never = "answered when it was mounted; no command has worked since"
        seen = "the last command worked" if error == "OK" else never
        return Finding("panel", seen)
    fix = _ERROR_FIXES.get(error or "", _RESTART)
    return Finding("panel", f"the driver says {error!r}", well=False, fix=fix)


def panel(question: Question, *, reachable: bool) -> Finding:
    """Ask the panel itself, which no driver has now."""
    if not reachable:
        return Finding("panel", "not asked, for want of what is named above", well=None)
    try:
        _probe(question)
    except PanelError as error:
        fix = _ERROR_FIXES.get(error.error_text, "see above")
        return Finding("panel", str(error), well=False, fix=fix)
    return Finding("panel", f"answers as {question.spec.description}")


def _probe(question: Question) -> None:
    driver = ControlledPanel(
        question.spec, open_bus(question.spec.film.number, question.spi_device)
    )
    try:
        driver.probe()
    finally:
        driver.close()


def _read(path: Path) -> str | None:
    """Let another program read, which can be given up when the driver hangs."""
    try:
        read = subprocess.run(
            ["cat", "--", path], capture_output=True, timeout=_PATIENCE_S, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    return read.stdout.decode("ascii", "replace").strip()


def _allowed(device: Path) -> bool:
    return os.access(device, os.R_OK | os.W_OK)


def _forbidden(subject: str, device: Path, group: str) -> Finding:
    fix = f"usermod --append --groups {group} {_user()}, then log in again"
    return Finding(subject, f"{_user()} may not open {device}", well=False, fix=fix)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.geteuid()}"
