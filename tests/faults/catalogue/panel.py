"""A panel that fails, as its chip would say it, and is well again after a while."""

from __future__ import annotations

from tests.faults.fault import Fault, Kind, shell

_WELL = shell("epdfuse simulate fail ok")


def _fails(fault: str) -> str:
    return f"epdfuse simulate fail {fault}"


FAULTS = (
    Fault("panel: Panel broken", Kind.OUTSIDE, shell(_fails("broken")), _WELL),
    Fault("panel: DC Failed", Kind.OUTSIDE, shell(_fails("dc-failed")), _WELL),
    Fault("panel: Unsupported COG", Kind.OUTSIDE, shell(_fails("unsupported-cog")), _WELL),
    Fault("panel: stays BUSY", Kind.OUTSIDE, shell(_fails("busy-stuck")), _WELL, lasts=7),
    Fault(
        "panel: missing when the driver starts",
        Kind.OUTSIDE,
        shell(_fails("unsupported-cog"), "systemctl restart --no-block epd-fuse"),
        _WELL,
        lasts=6,
    ),
    Fault(
        "panel: missing when driver and app start",
        Kind.OUTSIDE,
        shell(
            _fails("unsupported-cog"),
            "systemctl restart --no-block epd-fuse",
            "docker restart --time 3 inkstand-app",
        ),
        _WELL,
        lasts=6,
    ),
)
