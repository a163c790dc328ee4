"""The app with a blank picture for each pack: under an emulator no program starts another one."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand import worker_process
from inkstand.rendering import blank, to_png

if TYPE_CHECKING:
    from collections.abc import Mapping

_APP = Path(__file__).parents[2] / "container" / "inkstand"


async def _blank(
    module: str, order: Mapping[str, Any], limits: worker_process.Limits
) -> dict[str, Any]:
    del module, limits
    width, height = order["size"]
    png = worker_process.to_text(to_png(blank((width, height))))
    return {"png": png, "problem": "", "line": None}


if __name__ == "__main__":
    # Before it is imported from there by what draws packs.
    worker_process.ask = _blank
    sys.argv[0] = str(_APP)
    runpy.run_path(sys.argv[0], run_name="__main__")
