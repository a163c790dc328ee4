"""Files that are cut off, have other bits or are somebody else's; the app has to start with them.

Where it cannot, it says so and waits: the file is put back and the container started anew, as its
owner would.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.faults.catalogue.scripts import APP, STATE, TRAEFIK, signalled, unit
from tests.faults.fault import Fault, Kind, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.appliance import Appliance

_SETTINGS = "/etc/inkstand/app/inkstand.toml"
_SECRETS = "/etc/inkstand/app/secrets"
_TRAEFIK = "/etc/inkstand/traefik/config"
_GLASS = "/run/epdfuse/glass"
_ASIDE = "/run/fault.file"


def _random(path: str, length: int = 4096, at: int = 0) -> str:
    """Put random bytes at a place in a file."""
    return f"head -c {length} /dev/urandom | dd of={path} bs=1 seek={at} conv=notrunc status=none"


@contextmanager
def cleared(appliance: Appliance) -> Iterator[None]:
    """Remove what was set aside, as the sentence on the panel asks for."""
    yield
    appliance.shell(f"rm -f {STATE}/*.damaged-*")


def _damaged(name: str, what: str, *lines: str) -> Fault:
    """Damage a file while the app is down."""
    script = shell(signalled("STOP", APP), *lines, signalled("KILL", APP))
    return Fault(f"{name}: {what}", Kind.PROCESS, script, scene=cleared)


def _put_aside(path: str, *lines: str) -> tuple[str, ...]:
    return (f"cp --archive {path} {_ASIDE}", *lines)


def _refused(name: str, path: str, how: str, container: str = APP) -> Fault:
    """Change a file with which it cannot start, and put that back."""
    return Fault(
        name,
        Kind.PROCESS,
        shell(*_put_aside(path, how), signalled("KILL", container)),
        shell(f"cp --archive {_ASIDE} {path}; docker restart --time 3 {container}"),
        lasts=4,
    )


FAULTS = (
    _damaged(
        "messages", "the database begins with rubbish", _random(f"{STATE}/messages.sqlite3", 100)
    ),
    _damaged("accounts", "the database is rubbish", _random(f"{STATE}/accounts.sqlite3")),
    _damaged(
        "accounts", "the database is cut off", f"truncate --size 5000 {STATE}/accounts.sqlite3"
    ),
    _damaged("settings", "the database is rubbish", _random(f"{STATE}/settings.sqlite3")),
    _damaged("settings", "the database is empty", f": >{STATE}/settings.sqlite3"),
    _refused("configuration: cut off", _SETTINGS, f"truncate --size 25 {_SETTINGS}"),
    _refused("configuration: rubbish", _SETTINGS, _random(_SETTINGS)),
    _refused("configuration: somebody else's", _SETTINGS, f"echo 'volume = 11' >{_SETTINGS}"),
    _refused("key of the tokens: empty", f"{_SECRETS}/token_secret", f": >{_SECRETS}/token_secret"),
    _refused(
        "password: no hash", f"{_SECRETS}/password_hash", f"echo secret >{_SECRETS}/password_hash"
    ),
    _refused(
        "traefik: its configuration is cut off",
        f"{_TRAEFIK}/traefik.yml",
        f"truncate --size 60 {_TRAEFIK}/traefik.yml",
        TRAEFIK,
    ),
    Fault(
        "traefik: its routes are rubbish while it runs",
        Kind.OUTSIDE,
        shell(
            *_put_aside(f"{_TRAEFIK}/dynamic/inkstand.yml"),
            f"echo '{{' >{_TRAEFIK}/dynamic/inkstand.yml",
        ),
        shell(f"cp --archive {_ASIDE} {_TRAEFIK}/dynamic/inkstand.yml"),
    ),
    Fault(
        "driver: its memory of the glass is rubbish",
        Kind.PROCESS,
        shell(unit("STOP", "epd-fuse"), _random(_GLASS), unit("KILL", "epd-fuse")),
    ),
)
