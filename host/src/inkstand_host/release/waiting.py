"""Wait for something, with an end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE = 0.2


def wait_for(is_so: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, at most for `seconds`, and tell whether it came true."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
    return True
