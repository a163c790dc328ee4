"""Whether the time of the host can be believed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from inkstand.clock import next_minute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand.clock import Clock

_IMPATIENCE = timedelta(seconds=5)


class HostTime:
    """A clock that is right once `file` exists.

    systemd-timesyncd makes /run/systemd/timesync/synchronized then, see its manual page. It is in
    a memory file system, so it is gone after a restart of the host.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    @property
    def synchronised(self) -> bool:
        """Whether the file exists."""
        try:
            self._file.stat()
        except OSError:
            return False
        return True

    async def watch(self, changed: Callable[[], None]) -> None:
        """Look every 5 s while the time is not right, and with the minute while it is."""
        known = self.synchronised
        while True:
            now = self._clock.now()
            then = next_minute(now) if known else now + _IMPATIENCE
            await self._clock.sleep_until(then)
            before, known = known, self.synchronised
            if known != before:
                changed()
