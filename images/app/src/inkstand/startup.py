"""What is done when the app cannot start: it says why where people look, and is not in a hurry."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inkstand.errors import InkstandError
from inkstand.panel.base import Refresh
from inkstand.panel.epd import EpdPanel
from inkstand.rendering import to_frame
from inkstand.screens.status import StatusScreen

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.panel import Panel

_LOG = logging.getLogger(__name__)
# Seconds until whoever restarts the app may try again.
_RETRY_AFTER = 60


def hold_failure(
    error: InkstandError, panel_directory: Path, seconds: float = _RETRY_AFTER
) -> None:
    """Say why the app cannot start, in the log and on the panel; return after `seconds`.

    SIGTERM and SIGINT end it at once.
    """
    # No handler: one that comes while the main thread takes the lock of what it sets never returns.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    _LOG.critical("cannot start, the next try is in %g s: %s", seconds, error)
    # A driver that never answers must not keep the process.
    show = threading.Thread(target=_try_to_show, args=(error, panel_directory), daemon=True)
    show.start()
    signal.sigtimedwait(ends, seconds)


def _try_to_show(error: InkstandError, directory: Path) -> None:
    try:
        show_failure(error, EpdPanel(directory))
    except InkstandError as failure:
        _LOG.warning("that cannot be shown on the panel: %s", failure)


def show_failure(error: InkstandError, panel: Panel) -> None:
    """Bring the reason onto `panel`, unless it is there already.

    Raises:
        PanelError: that cannot be done.
    """
    screen = StatusScreen(
        "Inkstand cannot start", (("", str(error)), ("", "See the log of the app"))
    )
    size = panel.info().size
    frame = to_frame(screen.render(size, datetime.now(UTC)), size)
    if panel.current() != frame:
        panel.show(frame, Refresh.FULL)
