"""What the appliance does: messages come onto the glass in turn, the button takes them off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from inkstand.errors import MessageNotFoundError, MessageStateError, StorageError
from inkstand.events import (
    ButtonPressed,
    Gesture,
    MessageChanged,
    PanelChanged,
    ScreenFailed,
    ScreenKind,
    ScreenShown,
    ScreenState,
)
from inkstand.messages import Draft, State, lifecycle
from inkstand.screens import MessageScreen
from inkstand.screens.message import signature
from inkstand.screens.stored import StoredPictureScreen
from inkstand.storage import Change
from inkstand.waiting import first_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from inkstand.clock import Clock
    from inkstand.display import Display
    from inkstand.events import Hub
    from inkstand.messages import Message
    from inkstand.screens import Screen
    from inkstand.storage import Added, Store

_LOG = logging.getLogger(__name__)
_KINDS = (ButtonPressed, PanelChanged, ScreenShown, ScreenFailed)
# How long to leave a store alone that cannot be written.
PATIENCE = timedelta(seconds=10)


class Appliance:
    """Decides what the display is to show; `home` is what it shows when there is no message.

    A message is shown when the display says that it is on the glass, not when it is wished for.
    `on_long_press` makes what a long press peeks at; None: it is like a short one.
    Whatever it raises about messages comes from the store.
    """

    def __init__(
        self, display: Display, store: Store, clock: Clock, hub: Hub, home: Screen
    ) -> None:
        self.on_long_press: Callable[[], Screen] | None = None
        self._display = display
        self._store = store
        self._clock = clock
        self._hub = hub
        self._home = home
        self._nudge = asyncio.Event()
        self._settled = False
        self._current: Message | None = None
        self._screen = home
        self._peeking = False
        self._arrived: ScreenShown | None = None
        self._read_early: int | None = None
        self._trouble: str | None = None

    @property
    def store(self) -> Store:
        """The messages, to read."""
        return self._store

    @property
    def trouble(self) -> str | None:
        """Why the states of messages cannot be kept now, or None when all is well."""
        return self._trouble

    def screen_state(self) -> ScreenState:
        """Return what is on the glass, or is as soon as the panel has finished."""
        if self._peeking:
            return ScreenState(ScreenKind.STATUS)
        if self._current is None:
            return ScreenState(ScreenKind.CLOCK)
        kind = ScreenKind.PICTURE if self._current.has_picture else ScreenKind.MESSAGE
        return ScreenState(kind, self._current)

    async def post(self, author: str, text: str) -> Message:
        """Take in a message; it is kept when this returns."""
        return (await self.submit(Draft(author=author, text=text))).message

    async def submit(self, draft: Draft) -> Added:
        """Take in what `draft` asks for; it is kept when this returns.

        Raises:
            IdempotencyConflictError: its key was used by its author for another message.
            StorageFullError: there is no room.
        """
        added = await self._store.add(draft, self._clock.now())
        if added.created:
            self._tell(added.message, None)
            self._consider(added.message)
        return added

    async def acknowledge(self, number: int) -> Message:
        """Take the message `number` off the glass as read, and show what comes next.

        Raises:
            MessageNotFoundError, MessageStateError: there is none, or it is not on the glass.
        """
        return await self._change(number, partial(lifecycle.acknowledge, at=self._clock.now()))

    async def show_again(self, number: int) -> Message:
        """Show the message `number` at once.

        Raises:
            MessageNotFoundError, MessageStateError: there is none, or it was deleted.
        """
        message = await self._change(number, partial(lifecycle.recall, calls=self._store.calls))
        self._return()
        return message

    async def delete(self, number: int) -> Message:
        """Take back the message `number`: its content is gone.

        Raises:
            MessageNotFoundError: there is none.
        """
        return await self._change(number, partial(lifecycle.delete, at=self._clock.now()))

    def peek(self, screen: Screen) -> None:
        """Show `screen`, which is no message, until the button is pressed or a message comes."""
        self._peeking = True
        self._display.show(screen)

    async def run(self) -> None:
        """Show messages in turn and react to the button until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._react())
            group.create_task(self._keep_time())

    async def _react(self) -> None:
        with self._hub.listen(kinds=_KINDS) as events:
            async for event in events:
                try:
                    await self._take(event)
                except StorageError as error:
                    self._report(str(error))

    async def _take(self, event: object) -> None:
        match event:
            case ButtonPressed(gesture=Gesture.DOUBLE):
                await self._show_last_again()
            case ButtonPressed(gesture=Gesture.LONG) if self.on_long_press:
                self.peek(self.on_long_press())
            case ButtonPressed():
                await self._press()
            case ScreenShown():
                self._arrive(event)
            case PanelChanged():
                self._read_early = None
            case ScreenFailed(screen=screen) if screen is self._screen and self._current:
                now = self._clock.now()
                await self._change(self._current.id, partial(lifecycle.give_up, at=now))

    async def _press(self) -> None:
        if self._return():
            return
        shown = await self._store.shown()
        now = self._clock.now()
        for message in shown:
            await self._try(Change(message.id, partial(lifecycle.acknowledge, at=now)))
        if not shown and self._current and self._display.screen is self._screen:
            # It can be read while the panel is still busy with it.
            self._read_early = self._current.id
            self._nudge.set()

    async def _show_last_again(self) -> None:
        last = await self._store.last_shown()
        if last is not None:
            with contextlib.suppress(MessageNotFoundError, MessageStateError):
                await self.show_again(last.id)

    def _return(self) -> bool:
        """Go back from a peek, if there is one, and return whether there was."""
        was, self._peeking = self._peeking, False
        if was:
            self._display.show(self._screen)
        return was

    def _arrive(self, event: ScreenShown) -> None:
        if self._current is not None and event.screen is self._screen:
            self._arrived = event
            self._nudge.set()

    async def _keep_time(self) -> None:
        while True:
            self._nudge.clear()
            try:
                moment = await self._settle()
                self._report(None)
            except StorageError as error:
                self._report(str(error))
                moment = self._clock.now() + PATIENCE
            await self._nudge_or(moment)

    async def _nudge_or(self, moment: datetime | None) -> None:
        if moment is None:
            await self._nudge.wait()
        else:
            await first_of(self._nudge.wait(), self._clock.sleep_until(moment))

    async def _settle(self) -> datetime | None:
        """Bring messages and glass in line with the time, and return when to do so again."""
        self._settled = False
        await self._expire()
        await self._mark_shown()
        await self._take_early_press()
        self._follow(*await self._wanted())
        deadline = await self._store.deadline()
        self._settled = not self._nudge.is_set()
        return deadline

    async def _expire(self) -> None:
        now = self._clock.now()
        for message in await self._store.due(now):
            await self._try(Change(message.id, partial(lifecycle.expire, now=now)))

    async def _mark_shown(self) -> None:
        """Write down what came onto the glass, and that what was there before waits again."""
        arrived, number = self._arrived, self._current.id if self._current else None
        if arrived is None or number is None:
            return
        others = [message.id for message in await self._store.shown() if message.id != number]
        await self._try(
            Change(number, partial(lifecycle.show, at=arrived.at)),
            *(Change(other, lifecycle.set_aside) for other in others),
        )
        if self._arrived is arrived:
            self._arrived = None

    async def _take_early_press(self) -> None:
        number = self._read_early
        if number is None:
            return
        if number in [message.id for message in await self._store.shown()]:
            self._read_early = None
            now = self._clock.now()
            await self._try(Change(number, partial(lifecycle.acknowledge, at=now)))

    async def _wanted(self) -> tuple[Message | None, bytes | None]:
        message = await self._store.wanted()
        if message is None or not message.has_picture:
            return message, None
        return message, await self._store.picture(message.id)

    def _follow(self, message: Message | None, picture: bytes | None) -> None:
        """Wish for the screen of `message` unless it is the one that is wished for already."""
        before, self._current = self._current, message
        if (message and message.id) == (before and before.id):
            return
        self._arrived, self._read_early, self._peeking = None, None, False
        self._screen = self._screen_of(message, picture) if message else self._home
        self._display.show(self._screen)

    def _screen_of(self, message: Message, picture: bytes | None) -> Screen:
        if picture is not None:
            return StoredPictureScreen(picture)
        at = message.at.astimezone(self._clock.now().tzinfo)
        return MessageScreen(message.text, signature(message.author, at))

    def _consider(self, message: Message) -> None:
        """Wake up for a new message, unless all it does is to wait for its turn."""
        if not (self._settled and self._current) or message.called or message.expires_at:
            self._nudge.set()

    async def _change(self, number: int, step: Callable[[Message], Message]) -> Message:
        (changed,) = await self._store.change(Change(number, step))
        if changed.before != changed.after:
            self._tell(changed.after, changed.before.state)
            self._nudge.set()
        return changed.after

    async def _try(self, *changes: Change) -> None:
        """Take steps that have lost their sense when somebody else was faster."""
        try:
            made = await self._store.change(*changes)
        except (MessageNotFoundError, MessageStateError) as error:
            _LOG.debug("%s", error)
            return
        for changed in made:
            if changed.before != changed.after:
                self._tell(changed.after, changed.before.state)
                self._nudge.set()

    def _tell(self, message: Message, previous: State | None) -> None:
        self._hub.publish(MessageChanged(self._clock.now(), message, previous))

    def _report(self, trouble: str | None) -> None:
        if trouble is not None and self._trouble is None:
            _LOG.warning("what happens to messages cannot be kept, trying again: %s", trouble)
        if trouble is None and self._trouble is not None:
            _LOG.info("messages can be kept again")
        self._trouble = trouble
