"""What an app that cannot start brings onto the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inkstand.errors import ConfigError
from inkstand.panel.memory import MemoryPanel
from inkstand.startup import show_failure

if TYPE_CHECKING:
    from inkstand.panel.base import Refresh

pytestmark = pytest.mark.unit


class CountingPanel(MemoryPanel):
    """Counts its refreshes."""

    refreshes = 0

    def show(self, frame: object, refresh: Refresh) -> None:
        self.refreshes += 1
        super().show(frame, refresh)  # type: ignore[arg-type]


def test_the_same_reason_refreshes_the_panel_once_however_often_it_is_tried() -> None:
    panel = CountingPanel(264, 176)
    white = panel.current()
    for _ in range(3):
        show_failure(ConfigError("token_secret needs 32 bytes"), panel)
    assert panel.current() != white
    assert panel.refreshes == 1
    show_failure(ConfigError("password_hash is not set"), panel)
    assert panel.refreshes == 2
