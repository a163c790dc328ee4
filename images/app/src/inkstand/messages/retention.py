"""Old messages go, once a day and when many have ended."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

from inkstand.clock import first_of
from inkstand.errors import StorageError
from inkstand.messages.events import MessageChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkstand.clock import Clock
    from inkstand.events import Hub, Listener
    from inkstand.messages.store import MessageStore

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Who sends and reads all the time would fill the disk in a day.
_ENDED_BETWEEN = 1000
# A commit changes no more messages than this.
_BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class Retention:
    """How long messages that have ended are kept, and how many of them at most."""

    age: timedelta
    most: int


async def keep_pruned(
    store: MessageStore,
    clock: Clock,
    retention: Retention,
    hub: Hub,
    is_right: Callable[[], bool] = lambda: True,
) -> NoReturn:
    """Forget what `retention` does not allow, now, every day, and whenever 1,000 have ended.

    Nothing is too old while the clock is not right, as `is_right` says.
    """
    with hub.listen(_BACKLOG, (MessageChanged,)) as events:
        while True:
            now = clock.now()
            try:
                before = now - retention.age if is_right() else _EPOCH
                gone = await store.prune(before=before, keep=retention.most)
                _LOG.debug("%d old messages are forgotten", gone)
            except StorageError as error:
                _LOG.warning("old messages cannot be removed, trying again tomorrow: %s", error)
            await first_of(clock.sleep_until(now + _EVERY), _many_ended(events))


async def _many_ended(events: Listener) -> None:
    ended = 0
    async for event in events:
        ended += isinstance(event, MessageChanged) and not event.message.state.open
        if ended >= _ENDED_BETWEEN:
            return
