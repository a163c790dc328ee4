"""How often somebody may guess a password."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.errors import TooManyAttemptsError

if TYPE_CHECKING:
    from collections.abc import Callable

_FREE_FAILURES = 10
_LONGEST_DELAY = 60.0
_MOST_ADDRESSES = 1024


@dataclass(slots=True)
class _Record:
    failures: int = 0
    blocked_until: float = 0.0


class Attempts:
    """Counts failed log-ins by address; after ten, each further one doubles the wait up to 60 s.

    A right password forgets them. At most 1,024 addresses are remembered, the latest ones.
    `monotonic` gives seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def check(self, address: str) -> None:
        """Do nothing if `address` may try now.

        Raises:
            TooManyAttemptsError: it has to wait.
        """
        wait = self._records.get(address, _Record()).blocked_until - self._monotonic()
        if wait > 0:
            raise TooManyAttemptsError(math.ceil(wait))

    def failed(self, address: str) -> None:
        """Note that `address` sent a wrong password."""
        record = self._records.setdefault(address, _Record())
        self._records.move_to_end(address)
        record.failures += 1
        record.blocked_until = self._monotonic() + _delay(record.failures)
        if len(self._records) > _MOST_ADDRESSES:
            self._records.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget what `address` did before."""
        self._records.pop(address, None)


def _delay(failures: int) -> float:
    excess = failures - _FREE_FAILURES
    return 0.0 if excess < 0 else min(2.0 ** min(excess, 10), _LONGEST_DELAY)
