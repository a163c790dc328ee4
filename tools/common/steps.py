"""Say what is being done and how long it took."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def say(text: str) -> None:
    """Print a line now, also when the output is a pipe."""
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Announce a step and say how long it took; the yielded function adds a remark to that."""
    remarks: list[str] = []
    begin = time.monotonic()
    say(f"==> {title}")
    try:
        yield remarks.append
    except ToolError:
        print(f"    FAILED after {time.monotonic() - begin:.1f} s", file=sys.stderr, flush=True)
        raise
    remark = "".join(f" ({text})" for text in remarks)
    say(f"    done in {time.monotonic() - begin:.1f} s{remark}")


def wait_until(
    is_so: Callable[[], bool], *, seconds: float, failure: Callable[[], ToolError]
) -> None:
    """Ask again and again until it is so.

    Raises:
        ToolError: what `failure` gives, when `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise failure()
        time.sleep(0.2)
