"""What the appliance does: messages come onto the glass in turn, the button takes them off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING

from inkstand.clock import TimeSource, TrustedTime, first_of
from inkstand.display.pager import Pager
from inkstand.errors import MessageNotFoundError, MessageStateError, StorageError
from inkstand.events import (
    ButtonPressed,
    Gesture,
    PanelChanged,
    ScreenFailed,
    ScreenShown,
    StorageChanged,
)
from inkstand.messages import Draft, State, model
from inkstand.messages.events import MessageChanged, ScreenChanged, ScreenKind, ScreenState
from inkstand.messages.store import Change
from inkstand.rendering.text import without_sequences
from inkstand.screens import MessageScreen, StatusScreen
from inkstand.screens.message import signature
from inkstand.screens.stored import StoredPictureScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from inkstand.clock import Clock
    from inkstand.display.display import Display
    from inkstand.events import Hub
    from inkstand.messages import Message
    from inkstand.messages.store import Added, Changed, MessageStore
    from inkstand.screens import Screen

_LOG = logging.getLogger(__name__)
_KINDS = (ButtonPressed, PanelChanged, ScreenShown, ScreenFailed)
# How long to leave a store alone that cannot be written.
PATIENCE = timedelta(seconds=10)
_TRUSTED = TrustedTime()


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the owner may choose.

    `page_time` is how long a page is shown, zero: until the button is pressed; `peek_time` how long
    a peek lasts when nobody ends it; `time` says whether messages can tell when they came.
    """

    page_time: timedelta = timedelta(seconds=20)
    peek_time: timedelta = timedelta(minutes=5)
    time: TimeSource = _TRUSTED


class Controller:
    """Decides what the display is to show; `home` is what it shows when there is no message.

    A message is shown when the display says that it is on the glass, not when it is asked for;
    while a peek covers it, it waits. Only who presses the button or says so has read it.
    `on_long_press` makes what a long press peeks at. A short one turns the page, on the last page
    it says that the message was read; a double one brings the last message back.
    Whatever it raises about messages comes from the store.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and how
        self,
        display: Display,
        store: MessageStore,
        clock: Clock,
        hub: Hub,
        home: Screen,
        *,
        preferences: Preferences = Preferences(),
    ) -> None:
        self.on_long_press: Callable[[], Screen] = lambda: StatusScreen("Inkstand")
        self._display = display
        self._store = store
        self._clock = clock
        self._hub = hub
        self._home = home
        self._preferences = preferences
        self._pager = self._pager_of(home)
        self._told = ScreenState(ScreenKind.CLOCK)
        self._nudge = asyncio.Event()
        self._settled = False
        self._current: Message | None = None
        self._screen = home
        self._peek_ends: datetime | None = None
        self._arrived: ScreenShown | None = None
        self._covered = False
        self._read_early: int | None = None
        self._trouble: str | None = None

    @property
    def store(self) -> MessageStore:
        """The messages, to read."""
        return self._store

    @property
    def trouble(self) -> str | None:
        """Why the states of messages cannot be kept now, or None when all is well."""
        return self._trouble

    def screen_state(self) -> ScreenState:
        """Return what is on the glass, or is as soon as the panel has finished."""
        message = None if self._peek_ends else self._current
        return ScreenState(self._kind(message), message, self._pager.page, self._pager.pages)

    def _kind(self, message: Message | None) -> ScreenKind:
        if message is None:
            return ScreenKind.STATUS if self._peek_ends else ScreenKind.CLOCK
        return ScreenKind.PICTURE if message.has_picture else ScreenKind.MESSAGE

    async def post(self, author: str, text: str) -> Message:
        """Take in a message; it is kept when this returns."""
        return (await self.submit(Draft(author=author, text=text))).message

    async def submit(self, draft: Draft) -> Added:
        """Take in what `draft` asks for; it is kept when this returns.

        Raises:
            IdempotencyConflictError: its key was used by its author for another message.
            StorageFullError: there is no room.
        """
        kept = replace(draft, text=without_sequences(draft.text))
        added = await self._store.add(kept, self._clock.now())
        if added.created:
            self._tell(added.message, None)
            self._consider(added.message)
        return added

    async def acknowledge(self, number: int) -> Message:
        """Take the message `number` off the glass as read, and show what comes next.

        Raises:
            MessageNotFoundError, MessageStateError: there is none, or it is not on the glass.
        """
        return await self._change(number, partial(model.acknowledge, at=self._clock.now()))

    async def show_again(self, number: int) -> Message:
        """Show the message `number` at once.

        Raises:
            MessageNotFoundError, MessageStateError: there is none, or it was deleted.
        """
        message = await self._change(number, partial(model.recall, calls=self._store.outlook.calls))
        if not self._return() and self._current and self._current.id == number:
            self._turn_to(1)
        return message

    async def delete(self, number: int) -> Message:
        """Take back the message `number`: its content is gone.

        Raises:
            MessageNotFoundError: there is none.
        """
        return await self._change(number, partial(model.delete, at=self._clock.now()))

    def peek(self, screen: Screen) -> None:
        """Show `screen`, which is no message, for a while.

        It ends when the button is pressed, a message comes, or nobody did anything for some time.
        """
        self._peek_ends = self._now() + self._preferences.peek_time
        self._request(screen)
        self._nudge.set()

    def show_status(self) -> None:
        """Do what a long press does."""
        self.peek(self.on_long_press())

    def end_peek(self) -> None:
        """Go back from a peek, if there is one, to what was there before; nothing is read by it."""
        if self._return():
            self._nudge.set()

    def press(self, gesture: Gesture) -> None:
        """Do what the button does when somebody uses it like that."""
        self._hub.publish(ButtonPressed(self._clock.now(), gesture))

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
            case ButtonPressed(gesture=Gesture.LONG):
                self.show_status()
            case ButtonPressed():
                await self._press()
            case ScreenShown():
                self._arrive(event)
            case PanelChanged():
                self._read_early = None
            case ScreenFailed(screen=screen) if screen is self._pager.screen:
                await self._give_up()

    async def _give_up(self) -> None:
        if not self._return() and self._current:
            now = self._clock.now()
            await self._change(self._current.id, partial(model.give_up, at=now))

    async def _press(self) -> None:
        if self._pager.has_more:
            self._turn_to(self._pager.page + 1)
        elif not self._return():
            await self._dismiss()

    async def _dismiss(self) -> None:
        shown = self._store.outlook.shown
        now = self._clock.now()
        for message in shown:
            await self._try(Change(message.id, partial(model.acknowledge, at=now)))
        if not shown and self._current and self._display.screen is self._pager.screen:
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
        was, self._peek_ends = self._peek_ends is not None, None
        if was:
            self._request(self._screen)
        return was

    def _request(self, screen: Screen) -> None:
        self._pager = self._pager_of(screen)
        self._display.show(screen)
        self._tell_screen()

    def _pager_of(self, screen: Screen) -> Pager:
        return Pager(self._display, self._preferences.page_time, screen)

    def _turn_to(self, page: int) -> None:
        if page != self._pager.page:
            self._display.turn_to(self._pager.turn_to(page))
            self._tell_screen()

    def _arrive(self, event: ScreenShown) -> None:
        if event.screen is not self._pager.screen:
            return
        self._pager.arrived(event.at)
        self._tell_screen()
        self._covered = self._peek_ends is not None
        self._arrived = None if self._covered or self._current is None else event
        self._nudge.set()

    def _tell_screen(self) -> None:
        before, state = self._told, self.screen_state()
        self._told = state
        if _look(state) != _look(before):
            self._hub.publish(ScreenChanged(self._clock.now(), state))

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
        await self._set_aside_covered()
        await self._mark_shown()
        await self._take_early_press()
        self._follow(*await self._wanted())
        self._end_peek_in_time()
        self._turn_in_time()
        moments = (self._store.outlook.deadline, self._peek_ends, self._pager.turns_at(self._now()))
        self._settled = not self._nudge.is_set()
        return min((it for it in moments if it is not None), default=None)

    def _end_peek_in_time(self) -> None:
        if self._peek_ends is not None and self._peek_ends <= self._now():
            self._return()

    def _turn_in_time(self) -> None:
        due = self._pager.turns_at(self._now())
        if due is not None and due <= self._now():
            self._turn_to(self._pager.following)

    def _now(self) -> datetime:
        # Times of one zone compare by what the wall shows, which goes back once a year.
        return self._clock.now().astimezone(UTC)

    async def _expire(self) -> None:
        deadline = self._store.outlook.deadline
        if deadline is not None and deadline <= self._now():
            self._tell_all(await self._store.expire(self._clock.now()))

    async def _mark_shown(self) -> None:
        """Write down what came onto the glass, and that what was there before waits again."""
        arrived, number = self._arrived, self._current.id if self._current else None
        if arrived is None or number is None:
            return
        others = [message.id for message in self._store.outlook.shown if message.id != number]
        await self._try(
            Change(number, partial(model.show, at=arrived.at)),
            *(Change(other, model.set_aside) for other in others),
        )
        if self._arrived is arrived:
            self._arrived = None

    async def _set_aside_covered(self) -> None:
        """Write down that what a peek covers is not on the glass."""
        if not self._covered:
            return
        shown = self._store.outlook.shown
        if shown:
            await self._try(*(Change(message.id, model.set_aside) for message in shown))
        self._covered = False

    async def _take_early_press(self) -> None:
        number = self._read_early
        if number is None:
            return
        if number in [message.id for message in self._store.outlook.shown]:
            self._read_early = None
            now = self._clock.now()
            await self._try(Change(number, partial(model.acknowledge, at=now)))

    async def _wanted(self) -> tuple[Message | None, bytes | None]:
        message = self._store.outlook.wanted
        if message is None or not message.has_picture or self._follows(message):
            return message, None
        return message, await self._store.picture(message.id)

    def _follows(self, message: Message | None) -> bool:
        return (message and message.id) == (self._current and self._current.id)

    def _follow(self, message: Message | None, picture: bytes | None) -> None:
        """Ask for the screen of `message` unless it was asked for already."""
        known, self._current = self._follows(message), message
        if known:
            return
        self._arrived, self._read_early, self._peek_ends = None, None, None
        self._screen = self._screen_of(message, picture) if message else self._home
        self._request(self._screen)

    def _screen_of(self, message: Message, picture: bytes | None) -> Screen:
        if picture is not None:
            return StoredPictureScreen(picture)
        if not self._preferences.time.synchronised:
            return MessageScreen(message.text, message.author)
        now = self._clock.now()
        at = message.at.astimezone(now.tzinfo)
        return MessageScreen(message.text, signature(message.author, at, now))

    def _consider(self, message: Message) -> None:
        """Wake up for a new message, unless all it does is to wait for its turn."""
        if not (self._settled and self._current) or message.called or message.expires_at:
            self._nudge.set()

    async def _change(self, number: int, step: Callable[[Message], Message]) -> Message:
        made = await self._store.change(Change(number, step))
        self._tell_all(made)
        return made[0].after

    async def _try(self, *changes: Change) -> None:
        """Take steps that have lost their sense when somebody else was faster."""
        try:
            made = await self._store.change(*changes)
        except (MessageNotFoundError, MessageStateError) as error:
            _LOG.debug("%s", error)
            return
        self._tell_all(made)

    def _tell_all(self, made: Iterable[Changed]) -> None:
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
        if trouble != self._trouble:
            self._hub.publish(StorageChanged(self._clock.now(), trouble))
        self._trouble = trouble


def _look(state: ScreenState) -> tuple[object, ...]:
    """Return what people see of a state."""
    return (state.screen, state.message and state.message.id, state.page, state.pages)
