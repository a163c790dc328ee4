"""Maintenance: people may look but change nothing, while a release is being judged.

A file in the directory that Traefik watches: whatever is no GET is answered with 503. So no
message is accepted by a release that may be taken away again, with what it wrote.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from inkstand_host.release import health
from inkstand_host.release.waiting import wait_for

if TYPE_CHECKING:
    from inkstand_host.release.settings import Settings

_PATIENCE = 4.0
_ABOVE_ALL = 2000
# JSON is YAML, which Traefik reads.
_ROUTES = {
    "http": {
        "routers": {
            "release": {
                "rule": "PathPrefix(`/`) && !Method(`GET`) && !Method(`HEAD`)",
                "entryPoints": ["websecure"],
                "priority": _ABOVE_ALL,
                "service": "noop@internal",
                "middlewares": ["release-later", "release-closed"],
            }
        },
        "middlewares": {
            "release-later": {"headers": {"customResponseHeaders": {"Retry-After": "60"}}},
            "release-closed": {
                "ipAllowList": {"sourceRange": ["255.255.255.255/32"], "rejectStatusCode": 503}
            },
        },
    }
}


def begin(settings: Settings) -> bool:
    """Refuse changes from now on, and tell whether Traefik does."""
    if not settings.maintenance_file or not Path(settings.maintenance_file).parent.is_dir():
        return False
    text = (
        f"# Written while a new release is being judged; it goes by itself.\n{json.dumps(_ROUTES)}"
    )
    Path(settings.maintenance_file).write_text(f"{text}\n", encoding="utf-8")
    return wait_for(lambda: health.is_in_maintenance(settings), _PATIENCE)


def end(settings: Settings) -> None:
    """Take changes again; fine when they are taken."""
    if settings.maintenance_file:
        Path(settings.maintenance_file).unlink(missing_ok=True)
