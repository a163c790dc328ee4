"""What the commands do, out of the parts that know how."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from tools.common import archives, rootfs
from tools.common.commands import read_bytes, show
from tools.common.errors import ToolError
from tools.common.paths import CACHE, TRAEFIK_IMAGE
from tools.common.steps import say, step
from virtual_pi import container, deploy, engine, inventory, panel
from virtual_pi.credentials import Credentials, load_or_generate, make_private
from virtual_pi.image import make_pi_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from virtual_pi.settings import VirtualPi

EPD = "/run/epd/panel"


def _make_engine(pi: VirtualPi) -> None:
    engine.require_fuse()
    with step("Install Docker and mmdebstrap where they are missing") as remark:
        engine.install(remark)
    with step("Start Docker") as remark:
        engine.start(pi.state / "engine", remark)


def _make_image(base_archive: Path) -> str:
    with step("Load the base image") as remark:
        base = rootfs.load(base_archive)
        remark(base[:19])
    with step("Build the image of the virtual Pi") as remark, rootfs.alone():
        return make_pi_image(base, remark)


def _make_container(pi: VirtualPi, image: str) -> None:
    found = container.state(pi)
    with step(f"Start {pi.name}") as remark:
        if found is None:
            container.create(pi, image)
        elif not found.running:
            container.start(pi)
        if found and found.image != image:
            remark("made by an older version; `python -m virtual_pi destroy` lets it be made anew")
        container.wait_booted(pi)


def _make_traefik_archive() -> Path:
    path = CACHE / f"traefik-{archives.traefik_version()}-{archives.architecture()}.image.tar"
    with step("Pack the traefik binary as an image") as remark, rootfs.alone():
        new = rootfs.built(path, lambda target: archives.write_traefik_image(target, TRAEFIK_IMAGE))
        remark("packed" if new else "from the cache")
    return path


def _make_credentials(pi: VirtualPi) -> Credentials:
    with step("Make a password and a key") as remark:
        make_private(pi.state)
        secrets = load_or_generate(pi.state)
        remark(f"kept in {pi.state}")
    return secrets


def _write_settings(pi: VirtualPi, secrets: Credentials, base_archive: Path) -> None:
    traefik = _make_traefik_archive()
    with step("Write inventory and settings") as remark:
        files = inventory.image_archives(base_archive, traefik)
        bundle = os.environ.get("SSL_CERT_FILE")
        inventory.write(pi, inventory.host_settings(pi, secrets, files, bundle))
        deploy.write_login(pi, secrets)
        remark(os.fspath(pi.inventory))


def create(pi: VirtualPi) -> Credentials:
    """Make a virtual Pi with nothing on it, and the settings to deploy with."""
    engine.require_root()
    secrets = _make_credentials(pi)
    _make_engine(pi)
    with step("Build the Debian 13 root file system") as remark:
        base_archive = rootfs.make_base(remark)
    _make_container(pi, _make_image(base_archive))
    _write_settings(pi, secrets, base_archive)
    return secrets


def run_deploy(pi: VirtualPi, *options: str) -> None:
    """Run the playbook, and wait until the appliance answers."""
    _require_running(pi)
    with step("Run the playbook"):
        deploy.run_playbook(pi, *options)
    if "--check" in options:
        return
    with step("Fetch the CA certificate"):
        deploy.fetch_ca(pi)
    if pi.url:
        with step(f"Wait until {pi.url} answers"):
            deploy.wait_answers(pi)


def up(pi: VirtualPi) -> None:
    """Do all of it, and say how to use it."""
    secrets = create(pi)
    run_deploy(pi)
    say(deploy.summary(pi, secrets))


def destroy(pi: VirtualPi, *, images: bool) -> None:
    """Remove a virtual Pi and its state; with `images` also what the next one would start from."""
    with step(f"Remove {pi.name}") as remark:
        if engine.answers() and not container.destroy(pi):
            remark("there was none")
    if images:
        with step("Remove the images and the cache"):
            container.remove_images()
            shutil.rmtree(CACHE, ignore_errors=True)
    with step("Clear up") as remark:
        engine.stop_if_started_here(pi.state / "engine", remark)
        _remove_state(pi.state)


def _remove_state(folder: Path) -> None:
    """Remove all but the log and pid of an engine that was started here and runs on."""
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink() and path.name != "engine":
            shutil.rmtree(path)
        elif path.name != "engine":
            path.unlink()
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def status(pi: VirtualPi) -> int:
    """Say what there is; 0 when it runs."""
    found = container.state(pi) if engine.answers() else None
    if found is None:
        say(f"{pi.name}: there is none; `make virtual-pi` makes one")
        return 1
    say(f"{pi.name}: {found.status}, image {found.image}, {pi.url or 'nothing published'}")
    return 0 if found.running else 1


def _require_running(pi: VirtualPi) -> None:
    if not engine.answers():
        raise ToolError("No Docker engine answers.", todo="Run `make virtual-pi`.")
    found = container.state(pi)
    if found is None or not found.running:
        raise ToolError(f"{pi.name} does not run.", todo="Run `make virtual-pi`.")


def execute(pi: VirtualPi, argv: Sequence[str]) -> int:
    """Run a program on the virtual Pi with this terminal."""
    _require_running(pi)
    terminal = ["--interactive"] + (["--tty"] if sys.stdin.isatty() else [])
    return show(["docker", "exec", *terminal, pi.name, *(argv or ["bash"])])


def press(pi: VirtualPi, arguments: Sequence[str]) -> int:
    """Press the simulated button."""
    _require_running(pi)
    return show(container.execute(pi, "docker", "exec", "inkstand-pigpiod", "press", *arguments))


def save_panel(pi: VirtualPi, output: Path, scale: int) -> None:
    """Write what is on the glass as a PNG."""
    _require_running(pi)
    todo = "`systemctl status epd-fuse` on the virtual Pi says what is wrong with the driver."
    described = read_bytes(container.execute(pi, "cat", f"{EPD}/panel"), todo=todo).decode()
    frame = read_bytes(container.execute(pi, "cat", f"{EPD}/LE/current"), todo=todo)
    output.write_bytes(panel.png(frame, *panel.size(described), scale))
    say(f"{output}: {described.strip()}")


def restart(pi: VirtualPi) -> None:
    """Reboot the virtual Pi."""
    _require_running(pi)
    with step(f"Restart {pi.name}"):
        container.restart(pi)
        container.wait_booted(pi)
