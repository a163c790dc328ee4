"""The system, its units and secrets, the clock, and the way to the internet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inkstand_host.doctor.finding import FAIL, OK, WARN, Finding, finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inkstand_host.doctor.machine import Machine

NEEDED_RELEASE = 13


def debian(machine: Machine) -> Finding:
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


# Started by a run when it is needed.
_NOT_BY_ITSELF = "inkstand-release-guard.timer"


def waiting_units(machine: Machine) -> Iterator[Finding]:
    """Look whether what waits for a time or a visitor is enabled, and does."""
    kinds = ("timer", "socket", "path")
    files = [it for kind in kinds for it in machine.found(f"etc/systemd/system/inkstand-*.{kind}")]
    for name in (file.name for file in files if file.name != _NOT_BY_ITSELF):
        states = [machine.run("systemctl", word, name)[1] for word in ("is-enabled", "is-active")]
        if states != ["enabled", "active"]:
            fix = f"systemctl enable --now {name}"
            yield finding(FAIL, name, f"is {' and '.join(states)}", fix)


_SECRETS = (
    "etc/inkstand/app/secrets/*",
    "etc/inkstand/traefik/ca/*.key",
    "etc/inkstand/traefik/config/tls/*key.pem",
)


def secrets(machine: Machine) -> Iterator[Finding]:
    """Look whether everybody on the host can read a secret."""
    for path in [it for pattern in _SECRETS for it in machine.found(pattern)]:
        if path.stat().st_mode & 0o007:
            name = f"/{path.relative_to(machine.root)}"
            yield finding(FAIL, "secret", f"everybody can read {name}", f"chmod o= {name}")


def clock(machine: Machine, source: str, controller: float | None) -> Iterator[Finding]:
    """Look whether the time is right; `controller` is another computer's, if one asks."""
    off = machine.now() - controller if controller is not None else 0.0
    fix = "timedatectl set-ntp true, and let UDP port 123 out to the internet"
    if abs(off) > 120:  # noqa: PLR2004  (seconds; the question itself takes some)
        yield finding(FAIL, "time", f"is {off:+.0f} s beside that of this computer", fix)
    elif controller is not None:
        yield finding(OK, "time", "is that of this computer")
    status, said = machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if status == 0 and said == "yes":
        yield finding(OK, "time server", "the clock is synchronised")
    elif source == "host":
        seen = "the clock is not synchronised, so the glass shows no time"
        yield finding(FAIL, "time server", seen, fix)
    else:
        yield finding(OK, "time server", "none is asked for (app_time_source: none)")


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
