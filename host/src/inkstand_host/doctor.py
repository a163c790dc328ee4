"""`inkstand-host doctor`: looks what is wrong with an Inkstand, and changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

from inkstand_host.errors import HostError

OK, WARN, FAIL = "ok", "warn", "FAIL"
NEEDED_RELEASE = 13
PATIENCE_S = 30.0
MB = 1_000_000
DEPLOY = "ansible-playbook playbook.yml"
NEW_CARD = "ansible-playbook backup.yml, a new card, then ansible-playbook restore.yml"
CARD_ERROR = re.compile(
    r"(I/O error, dev |Buffer I/O error on dev )mmcblk|mmc\d: .*(error|timeout)|EXT4-fs error",
    re.IGNORECASE,
)

Finding = dict[str, str]


def finding(level: str, what: str, seen: str, fix: str = "") -> Finding:
    """Give what was seen of one thing."""
    return {"level": level, "what": what, "seen": seen, "fix": fix}


class Machine:
    """The host; the tests make one of files."""

    root = Path("/")

    def read(self, path: str) -> str:
        """Give a file's text without blanks around it, nothing when it cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip(" \n\0")
        except OSError:
            return ""

    def found(self, pattern: str) -> list[Path]:
        """List files by a pattern."""
        return sorted(self.root.glob(pattern))

    def run(self, *argv: str) -> tuple[int, str]:
        """Run a program: its status and what it said; 127 when there is none, 124 when it hangs."""
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                argv,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                env=environment,
                check=False,
            )
        except FileNotFoundError:
            return 127, f"there is no {argv[0]}"
        except subprocess.TimeoutExpired:
            return 124, f"{argv[0]} does not answer"
        return done.returncode, (done.stdout + done.stderr).strip()

    def disk(self, path: str) -> tuple[int, int, int, float]:
        """Give number, free and all bytes of a file system, and the share of free inodes."""
        place = self.root / path.lstrip("/")
        status, room = os.stat(place), os.statvfs(place)  # noqa: PTH116  (beside statvfs)
        share = room.f_favail / room.f_files if room.f_files else 1.0
        usage = shutil.disk_usage(place)
        return status.st_dev, usage.free, usage.total, share

    def now(self) -> float:
        """Give the time in seconds since 1970."""
        return time.time()

    def unreachable(self, host: str, port: int) -> str:
        """Say why nobody answers at a port; nothing when somebody does."""
        try:
            socket.create_connection((host, port), timeout=5).close()
        except socket.gaierror:
            return "its name cannot be resolved"
        except OSError as error:
            return f"does not answer ({error.strerror or error})"
        return ""

    def ask(self, url: str) -> Any:
        """Give the JSON that an address answers; None when it does not."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return _json(error.read().decode(errors="replace"))
        except (OSError, ValueError):
            return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


# --- The system -------------------------------------------------------------------------------


def system(machine: Machine) -> Finding:
    """Look for the release."""
    told = dict(
        line.split("=", 1) for line in machine.read("etc/os-release").splitlines() if "=" in line
    )
    name = told.get("PRETTY_NAME", "an unknown system").strip('"')
    version = told.get("VERSION_ID", "").strip('"').partition(".")[0]
    if version.isdigit() and int(version) >= NEEDED_RELEASE and "debian" in _families(told):
        return finding(OK, "system", name)
    fix = f"write Raspberry Pi OS {NEEDED_RELEASE} to a card, then ansible-playbook restore.yml"
    return finding(FAIL, "system", f"{name}; Debian {NEEDED_RELEASE} is needed", fix)


def _families(told: Mapping[str, str]) -> str:
    return f"{told.get('ID', '')} {told.get('ID_LIKE', '')}"


def model(machine: Machine, *, needs_pins: bool) -> Finding:
    """Look what machine it is."""
    name = machine.read("proc/device-tree/model")
    if name.startswith("Raspberry Pi"):
        return finding(OK, "model", name)
    seen = name or "no Raspberry Pi"
    if not needs_pins:
        return finding(OK, "model", f"{seen}; panel and button are simulated")
    fix = "set epd_driver_bus and pigpiod_line to simulated, or use a Raspberry Pi"
    return finding(WARN, "model", f"{seen}, but panel or button are on pins", fix)


def power(machine: Machine) -> Iterator[Finding]:
    """Ask a Raspberry Pi whether its supply was ever too weak."""
    status, said = machine.run("vcgencmd", "get_throttled")
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", said)
    if status or not found:
        return
    bits = int(found[1], 16)
    if bits & 0x1:
        yield finding(FAIL, "power", "the voltage is too low now", "use the supply made for it")
    elif bits & 0x10000:
        seen = "the voltage was too low since the last start"
        yield finding(WARN, "power", seen, "use the supply made for it, and a short cable")
    else:
        yield finding(OK, "power", "the voltage never was too low")


def units(machine: Machine, names: tuple[str, ...]) -> Iterator[Finding]:
    """Look whether the units run, and whether any other has failed."""
    for name in names:
        status, said = machine.run("systemctl", "is-active", name)
        if status:
            fix = (
                f"systemctl enable --now {name};  journalctl -u {name} -n 20  says why it does not"
            )
            yield finding(FAIL, name, f"is {said.splitlines()[0] if said else 'not there'}", fix)
        else:
            yield finding(OK, name, "runs")
    _, said = machine.run("systemctl", "--failed", "--no-legend", "--plain")
    failed = [line.split()[0] for line in said.splitlines() if " failed " in line]
    failed = [name for name in failed if name.removesuffix(".service") not in names]
    if failed:
        fix = f"journalctl -u {failed[0]} -n 20"
        yield finding(WARN, "other units", f"failed: {', '.join(failed)}", fix)


# --- Panel and button -------------------------------------------------------------------------

_DOCTOR_LINE = re.compile(r"^(ok|MISSING|note)\s+([^:]+): (.*)$")


def driver(machine: Machine, panel: Mapping[str, Any]) -> Iterator[Finding]:
    """Let the driver look for what it needs."""
    if panel["flavour"] != "epdfuse":
        yield _answers(machine, panel["directory"])
        return
    if panel["bus"] == "simulated":
        yield finding(OK, "SPI", "not needed: the panel is simulated")
    status, said = machine.run("epdfuse", "doctor", *_options(panel))
    yield from parse_doctor(said)
    if status and "MISSING" not in said:
        fix = f"{DEPLOY} --tags epd_driver"
        yield finding(FAIL, "driver", said.splitlines()[-1] if said else "says nothing", fix)


def _options(panel: Mapping[str, Any]) -> list[str]:
    named = {"bus": "bus", "panel": "size", "film": "film", "mountpoint": "directory"}
    if panel["bus"] == "spi":
        named["spi-device"] = "spi_device"
    return [part for name, key in named.items() for part in (f"--{name}", str(panel[key]))]


def parse_doctor(said: str) -> list[Finding]:
    """Read what `epdfuse doctor` prints: a line each, the fix in the next."""
    findings: list[Finding] = []
    for line in said.splitlines():
        if found := _DOCTOR_LINE.match(line):
            level = FAIL if found[1] == "MISSING" else OK
            findings.append(finding(level, f"panel: {found[2]}", found[3]))
        elif findings and line.strip().startswith("fix: "):
            findings[-1]["fix"] = line.strip().removeprefix("fix: ")
    return findings


def _answers(machine: Machine, directory: str) -> Finding:
    status, said = machine.run("cat", f"{directory}/panel")
    if status == 0:
        return finding(OK, "panel", said)
    return finding(FAIL, "panel", f"{directory} does not answer", "systemctl restart epd-fuse")


def gpio(machine: Machine, line: str) -> Finding:
    """Look for what the button needs."""
    if line == "simulated":
        return finding(OK, "GPIO", "not needed: the button is simulated")
    chips = machine.found("dev/gpiochip*")
    if chips:
        return finding(OK, "GPIO", f"{len(chips)} chips")
    fix = "a Raspberry Pi with its own kernel has one; else set pigpiod_line: simulated"
    return finding(FAIL, "GPIO", "there is no /dev/gpiochip*", fix)


# --- Containers -------------------------------------------------------------------------------


def containers(machine: Machine, images: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether the containers run, are well, and are those of the repository."""
    status, said = machine.run("docker", "version", "--format", "{{.Server.Version}}")
    if status:
        fix = "systemctl unmask docker; systemctl restart docker;  journalctl -u docker  says why"
        last = said.splitlines()[-1] if said else "it does not answer"
        yield finding(FAIL, "Docker", last, fix)
        return
    yield finding(OK, "Docker", said.splitlines()[0])
    for name, image in images.items():
        yield from container(machine, name, image)


def container(machine: Machine, name: str, image: str) -> Iterator[Finding]:
    """Look at one container."""
    status, said = machine.run("docker", "container", "inspect", name)
    told = (_json(said) or [None])[0] if status == 0 else None
    if told is None:
        yield finding(FAIL, name, "there is no such container", DEPLOY)
        return
    yield _state(name, told["State"])
    yield _image(name, told["Config"]["Image"], image)
    if name == "inkstand-app" and told["State"].get("Running"):
        yield _health(machine, told)


def _state(name: str, state: Mapping[str, Any]) -> Finding:
    health = (state.get("Health") or {}).get("Status", "")
    if state.get("Status") != "running":
        killed = ", killed for want of memory" if state.get("OOMKilled") else ""
        seen = f"is {state.get('Status')} with {state.get('ExitCode')}{killed}"
        return finding(FAIL, name, seen, f"docker logs --tail 20 {name};  docker start {name}")
    if health == "unhealthy":
        return finding(FAIL, name, "runs, and is not well", f"docker logs --tail 20 {name}")
    return finding(OK, name, f"runs{', and is well' if health == 'healthy' else ''}")


def _image(name: str, runs: str, wanted: str) -> Finding:
    what = f"{name}: image"
    if not wanted:
        seen = f"{runs}; the settings do not tell what it should be"
        return finding(WARN, what, seen, "repair the settings")
    if runs == wanted:
        return finding(OK, what, f"{runs}, as in this repository")
    return finding(WARN, what, f"{runs}, and this repository has {wanted}", DEPLOY)


def _health(machine: Machine, told: Mapping[str, Any]) -> Finding:
    networks = told["NetworkSettings"]["Networks"].values()
    addresses = [network["IPAddress"] for network in networks if network.get("IPAddress")]
    said = machine.ask(f"http://{addresses[0]}:8080/healthz") if addresses else None
    if not isinstance(said, dict):
        return finding(FAIL, "app: health", "it does not answer", "docker restart inkstand-app")
    words = ", ".join(f"{key} {value}" for key, value in said.items() if key != "status")
    if said.get("status") == "ok":
        return finding(OK, "app: health", words)
    fix = "docker logs --tail 20 inkstand-app, and docs/troubleshooting.md"
    return finding(FAIL, "app: health", f"{said.get('status')}: {words}", fix)


# --- Clock, disk, memory ----------------------------------------------------------------------


def clock(machine: Machine, source: str, controller: float) -> Iterator[Finding]:
    """Look whether the time is right."""
    off = machine.now() - controller
    fix = "timedatectl set-ntp true, and let UDP port 123 out to the internet"
    if abs(off) > 120:  # noqa: PLR2004  (seconds; the question itself takes some)
        yield finding(FAIL, "time", f"is {off:+.0f} s beside that of this computer", fix)
    else:
        yield finding(OK, "time", "is that of this computer")
    status, said = machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if status == 0 and said == "yes":
        yield finding(OK, "time server", "the clock is synchronised")
    elif source == "host":
        seen = "the clock is not synchronised, so the glass shows no time"
        yield finding(FAIL, "time server", seen, fix)
    else:
        yield finding(OK, "time server", "none is asked for (app_time_source: none)")


def disks(machine: Machine, directories: list[str]) -> Iterator[Finding]:
    """Look for room, and for a disk that cannot be written to."""
    seen: set[int] = set()
    for path in ["/", "/var/lib/docker", *directories]:
        try:
            number, free, total, inodes = machine.disk(path)
        except OSError:
            continue
        if number not in seen:
            seen.add(number)
            yield room(path, free, total, inodes)
    yield from _read_only(machine)


def room(path: str, free: int, total: int, inodes: float) -> Finding:
    """Judge how much room there is."""
    fix = "docker image prune --all; journalctl --vacuum-size=50M;  du -xhd2 /  says what is large"
    seen = f"{free / MB:.0f} MB of {total / MB:.0f} MB are free"
    if inodes < 0.02:  # noqa: PLR2004  (one file in fifty)
        return finding(FAIL, f"disk {path}", f"{inodes:.1%} of the inodes are free", fix)
    if free < 100 * MB or free < total * 0.02:
        return finding(FAIL, f"disk {path}", seen, fix)
    if free < 500 * MB or free < total * 0.1:
        return finding(WARN, f"disk {path}", seen, fix)
    return finding(OK, f"disk {path}", seen)


def _read_only(machine: Machine) -> Iterator[Finding]:
    mounts = [line.split() for line in machine.read("proc/self/mounts").splitlines()]
    options = [mount[3].split(",") for mount in mounts if mount[1] == "/"]
    if options and "ro" in options[-1]:
        yield finding(FAIL, "disk /", "is read-only, as after an error of the card", NEW_CARD)


def wear(machine: Machine) -> Iterator[Finding]:
    """Look how worn the card is, as far as it tells, and whether the kernel met errors."""
    for device in machine.found("sys/block/mmcblk[0-9]"):
        yield _card(machine, device)
    _, said = machine.run("dmesg", "--notime")
    errors = [line for line in said.splitlines() if CARD_ERROR.search(line)]
    if errors:
        seen = f"the kernel met {len(errors)} errors, the last: {errors[-1][:100]}"
        yield finding(FAIL, "card: errors", seen, NEW_CARD)


def _card(machine: Machine, device: Path) -> Finding:
    folder = device.relative_to(machine.root) / "device"
    kind = f"{machine.read(f'{folder}/type')} {machine.read(f'{folder}/name')}".strip()
    written = _written(machine, device.name)
    used = [int(number, 16) for number in machine.read(f"{folder}/life_time").split()]
    end = int(machine.read(f"{folder}/pre_eol_info") or "0", 16)
    if not any(used):
        return finding(OK, "card", f"{kind or device.name}{written}; it does not tell its wear")
    # In tenths of its life; eleven is beyond it.
    seen = f"{kind}{written}; {min(max(used), 10) * 10} % of its life are used"
    if max(used) > 10 or end > 2:  # noqa: PLR2004
        return finding(FAIL, "card", seen, NEW_CARD)
    if max(used) > 8 or end == 2:  # noqa: PLR2004
        return finding(WARN, "card", seen, NEW_CARD)
    return finding(OK, "card", seen)


def _written(machine: Machine, device: str) -> str:
    files = machine.found(f"sys/fs/ext4/{device}p*/lifetime_write_kbytes")
    kilobytes = sum(int(machine.read(f"{f.relative_to(machine.root)}") or 0) for f in files)
    return f", {kilobytes / 1e6:.1f} GB written" if kilobytes else ""


def memory(machine: Machine) -> Iterator[Finding]:
    """Look for memory, and whether programs were killed for want of it."""
    told = dict(re.findall(r"^(\w+):\s+(\d+) kB$", machine.read("proc/meminfo"), re.MULTILINE))
    total, available = int(told.get("MemTotal", 0)), int(told.get("MemAvailable", 0))
    seen = f"{available / 1000:.0f} MB of {total / 1000:.0f} MB are available"
    fix = "docker stats --no-stream  says who has it"
    share = available / total if total else 1.0
    level = FAIL if share < 0.05 else WARN if share < 0.1 else OK  # noqa: PLR2004
    yield finding(level, "memory", seen, "" if level == OK else fix)
    killed = re.search(r"^oom_kill (\d+)$", machine.read("proc/vmstat"), re.MULTILINE)
    if killed and int(killed[1]):
        seen = f"the kernel ended {killed[1]} programs for want of it since the start"
        yield finding(WARN, "memory", seen, "dmesg | grep -i oom")


# --- What an update or a hand may have changed ------------------------------------------------

# Started by a run when it is needed.
_NOT_BY_ITSELF = "inkstand-release-guard.timer"
_SECRETS = (
    "etc/inkstand/app/secrets/*",
    "etc/inkstand/traefik/ca/*.key",
    "etc/inkstand/traefik/config/tls/*key.pem",
)


def waiting_units(machine: Machine) -> Iterator[Finding]:
    """Look whether what waits for a time or a visitor is enabled, and does."""
    kinds = ("timer", "socket", "path")
    files = [it for kind in kinds for it in machine.found(f"etc/systemd/system/inkstand-*.{kind}")]
    for name in (file.name for file in files if file.name != _NOT_BY_ITSELF):
        states = [machine.run("systemctl", word, name)[1] for word in ("is-enabled", "is-active")]
        if states != ["enabled", "active"]:
            fix = f"systemctl enable --now {name}"
            yield finding(FAIL, name, f"is {' and '.join(states)}", fix)


def fuse(machine: Machine) -> Iterator[Finding]:
    """Look whether the driver may mount for everybody."""
    lines = [line.strip() for line in machine.read("etc/fuse.conf").splitlines()]
    if "user_allow_other" not in lines:
        seen = "/etc/fuse.conf does not say user_allow_other, so containers see no panel"
        yield finding(FAIL, "FUSE", seen, f"{DEPLOY} --tags epd_driver")


def secrets(machine: Machine) -> Iterator[Finding]:
    """Look whether everybody on the host can read a secret."""
    for path in [it for pattern in _SECRETS for it in machine.found(pattern)]:
        if path.stat().st_mode & 0o007:
            name = f"/{path.relative_to(machine.root)}"
            yield finding(FAIL, "secret", f"everybody can read {name}", f"chmod o= {name}")


def networks(machine: Machine) -> Iterator[Finding]:
    """Look whether those that talk to each other are on one network."""
    on = {name: _networks(machine, name) for name in ("traefik", "app", "pigpiod")}
    for one, other in (("traefik", "app"), ("app", "pigpiod")):
        mine, theirs = on[one], on[other]
        if mine is not None and theirs is not None and not mine & theirs:
            seen = f"inkstand-{one} and inkstand-{other} are on no common network"
            yield finding(FAIL, "network", seen, DEPLOY)


def _networks(machine: Machine, name: str) -> set[str] | None:
    status, said = machine.run("docker", "container", "inspect", f"inkstand-{name}")
    told = (_json(said) or [None])[0] if status == 0 else None
    return set(told["NetworkSettings"]["Networks"]) if told else None


def reach(machine: Machine) -> Iterator[Finding]:
    """Look what updates need: the names of mirrors and of the registry, and a way there."""
    sources = machine.found("etc/apt/sources.list") + machine.found("etc/apt/sources.list.d/*")
    text = "\n".join(machine.read(f"{it.relative_to(machine.root)}") for it in sources)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    mirrors = sorted({found for line in lines for found in _HOST.findall(line)})
    _, said = machine.run("docker", "info", "--format", "{{.IndexServerAddress}}")
    registry = _HOST.findall(said)[:1]
    wanted = [("mirror", it) for it in mirrors] + [("registry", it) for it in registry]
    for what, (scheme, host) in wanted:
        if why := machine.unreachable(host, 443 if scheme == "https" else 80):
            fix = "look at the router and at /etc/resolv.conf; without internet, docs/offline.md"
            yield finding(WARN, what, f"{host}: {why}", fix)
        else:
            yield finding(OK, what, f"{host} answers")


_HOST = re.compile(r"\b(https?)://([A-Za-z0-9.-]+)")


def host_name(machine: Machine) -> Iterator[Finding]:
    """Look whether cloud-init gives the host another name at the next start."""
    if re.search(r"^preserve_hostname: *true", machine.read("etc/cloud/cloud.cfg"), re.MULTILINE):
        return
    data = machine.read("boot/firmware/user-data") or machine.read(
        "var/lib/cloud/instance/user-data.txt"
    )
    found = re.search(r"^hostname: *[\"']?([A-Za-z0-9.-]+)", data, re.MULTILINE)
    now = machine.read("etc/hostname")
    if found and now and found[1] != now:
        seen = f"is {now}, and cloud-init makes it {found[1]} at the next start"
        fix = f"write  hostname: {now}  into /boot/firmware/user-data"
        yield finding(WARN, "host name", seen, fix)


def wireless(machine: Machine) -> Iterator[Finding]:
    """Look whether the wireless card sleeps, which loses multicast: .local names come and go."""
    for device in machine.found("sys/class/net/wlan*"):
        status, said = machine.run("iw", "dev", device.name, "get", "power_save")
        if status == 0 and said.lower().endswith("on"):
            fix = (
                "write [connection] and wifi.powersave=2 into /etc/NetworkManager/conf.d/sleep.conf"
            )
            seen = f"{device.name} sleeps to save power, and .local names may not answer"
            yield finding(WARN, "wireless", seen, fix)


def examine(machine: Machine, question: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at everything."""
    panel, line = question["panel"], question["line"]
    yield system(machine)
    yield model(machine, needs_pins=panel["bus"] == "spi" or line != "simulated")
    yield from power(machine)
    yield from units(machine, ("epd-fuse", "docker"))
    yield from driver(machine, panel)
    if panel["flavour"] == "epdfuse":
        yield from fuse(machine)
    yield gpio(machine, line)
    yield from containers(machine, question["images"])
    yield from networks(machine)
    yield from waiting_units(machine)
    yield from secrets(machine)
    yield from clock(machine, question["time_source"], question["now"])
    yield from host_name(machine)
    yield from wireless(machine)
    yield from reach(machine)
    yield from disks(machine, question["directories"])
    yield from wear(machine)
    yield from memory(machine)


# What to expect here; the role `host` writes it down.
SETTINGS = Path("/etc/inkstand/doctor.json")


def add_command(commands: Any) -> None:
    """Add `doctor` to those of `inkstand-host`."""
    parser = commands.add_parser(
        "doctor",
        help="look what is wrong, and how to put it right",
        description="Look what is wrong with this Inkstand, and how to put it right; a line each."
        " Changes nothing. Status 1 when something is wrong.",
    )
    parser.add_argument("--json", action="store_true", help="tell it as JSON on one line")
    parser.add_argument(
        "--settings", type=Path, default=SETTINGS, help="what is expected here (%(default)s)"
    )
    parser.add_argument(
        "--now", type=float, help="the right time in seconds since 1970, to compare the clock"
    )
    parser.set_defaults(run=_run, needs_root=True)


def load(path: Path) -> dict[str, Any]:
    """Read what is expected of this Pi.

    Raises:
        HostError: nobody wrote it down.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise HostError(f"{path} cannot be read ({error}); run the playbook first") from error


def _run(options: argparse.Namespace) -> int:
    machine = Machine()
    now = machine.now() if options.now is None else options.now
    found = list(examine(machine, {**load(options.settings), "now": now}))
    print(json.dumps({"findings": found}) if options.json else "\n".join(map(_line, found)))
    return int(not options.json and any(it["level"] == FAIL for it in found))


def _line(found: Finding) -> str:
    fix = f"  ({found['fix']})" if found["fix"] else ""
    return f"{found['level']:5} {found['what']:24} {found['seen']}{fix}"
