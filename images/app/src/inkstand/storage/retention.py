"""Old messages go, once a day."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from inkstand.errors import StorageError

if TYPE_CHECKING:
    from inkstand.clock import Clock
    from inkstand.storage import Store

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long messages that have ended are kept, and how many of them at most."""

    age: timedelta
    most: int


async def prune_daily(store: Store, clock: Clock, retention: Retention) -> NoReturn:
    """Forget what is older than `retention` allows, now and every day, until cancelled."""
    while True:
        now = clock.now()
        try:
            gone = await store.prune(before=now - retention.age, keep=retention.most)
            _LOG.debug("%d old messages are forgotten", gone)
        except StorageError as error:
            _LOG.warning("old messages cannot be removed, trying again tomorrow: %s", error)
        await clock.sleep_until(now + _EVERY)
