"""Keep a sound copy of Traefik's certificates, and put it back where they are lost.

Traefik writes `acme.json` in place, so a power cut can leave it empty or cut off, and Traefik then
serves no certificate at all. The file is a JSON object with a section for each resolver:
`{"name": {"Account": {...}, "Certificates": [{"certificate": base64, "key": base64}]}}`.

`keep` (the file was changed) copies what is sound, puts back what is lost, and then restarts the
container. `boot` does the same before the engine starts containers. `retry` (every hour) restarts
the container while it has no certificate: Traefik itself does not ask for the first one again.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Sections = dict[str, Any]
LARGEST = 8 * 1024 * 1024
# Traefik writes several times within a moment: an account, a certificate of each resolver.
PAUSE_S = 2.0
PEM = b"-----BEGIN "


def read(path: Path) -> Sections | None:
    """Give the sections of a file: none of an empty one, None when it is missing or broken.

    The container may write the directory, so no link is followed out of it.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            content = json.loads(file.read(LARGEST) or b"{}")
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_pem(text: object) -> bool:
    try:
        return isinstance(text, str) and base64.b64decode(text, validate=True).startswith(PEM)
    except binascii.Error:
        return False


def has_certificate(section: object) -> bool:
    """Tell whether a section holds a certificate with its key."""
    found = (section.get("Certificates") if isinstance(section, dict) else None) or []
    return isinstance(found, list) and any(
        isinstance(one, dict) and _is_pem(one.get("certificate")) and _is_pem(one.get("key"))
        for one in found
    )


def merge(present: Sections, kept: Sections) -> Sections:
    """Give every section as it is, but as it was kept where its certificates are lost."""
    lost = {
        name: section
        for name, section in kept.items()
        if has_certificate(section) and not has_certificate(present.get(name))
    }
    return {**present, **lost}


def write(path: Path, sections: Sections, owner: int) -> None:
    """Replace a file by one that is whole on the disk before it gets the name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(sections, file, indent=2)
        file.flush()
        os.fchown(file.fileno(), owner, owner)
        os.fsync(file.fileno())
    Path(name).replace(path)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep(file: Path, backup: Path, owner: int) -> bool:
    """Bring both files to what is sound; True when the one that Traefik reads was put back."""
    present, kept = read(file), read(backup)
    if present is None and not file.exists() and not kept:
        return False
    whole = merge(present or {}, kept or {})
    if whole != kept:
        write(backup, whole, os.geteuid())
    if whole == present:
        return False
    write(file, whole, owner)
    return True


def keep_all(file: Path, backup: Path, owner: int, wait: Callable[[], None]) -> bool:
    """Do the same until the file stays as it was read while wait() lasts.

    systemd tells of no change while this runs, nor while it ends.
    """
    restored = False
    while True:
        before = _version(file)
        restored = keep(file, backup, owner) or restored
        wait()
        if _version(file) == before:
            return restored


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _engine_runs() -> bool:
    """Ask systemd: to ask the engine would start it."""
    asked = subprocess.run(["systemctl", "is-active", "--quiet", "docker.service"], check=False)
    return asked.returncode == 0


def _restart(container: str, why: str) -> None:
    print(f"{why}, so {container} is restarted")
    if _engine_runs():
        subprocess.run(["docker", "restart", container], check=False, stdout=subprocess.DEVNULL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Keep Traefik's certificates safe.")
    parser.add_argument("job", choices=["keep", "boot", "retry"])
    parser.add_argument("--file", type=Path, required=True, help="what Traefik reads and writes")
    parser.add_argument("--backup", type=Path, required=True, help="the copy")
    parser.add_argument("--owner", type=int, required=True, help="uid and gid of Traefik")
    parser.add_argument("--resolver", required=True, help="the section that is in use")
    parser.add_argument(
        "--container", default="inkstand-traefik", help="what to restart (%(default)s)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Do one job."""
    options = _parser().parse_args(argv)
    # Nothing is written before the engine has started Traefik, and a start should not take longer.
    pause = 0.0 if options.job == "boot" else PAUSE_S
    wait = functools.partial(time.sleep, pause)
    restored = keep_all(options.file, options.backup, options.owner, wait)
    if restored and options.job == "boot":
        print("certificates were lost and are put back")
    elif restored:
        _restart(options.container, "certificates were lost and are put back")
    elif options.job == "retry" and not has_certificate(_in_use(options)):
        _restart(options.container, "there is no certificate yet")
    return 0


def _in_use(options: argparse.Namespace) -> object:
    return (read(options.file) or {}).get(options.resolver)


if __name__ == "__main__":
    sys.exit(main())
