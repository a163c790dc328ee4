"""What the appliance does: messages come onto the glass in turn, the button takes them off."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from inkstand.clock import TimeSource, TrustedTime, nudged_or
from inkstand.errors import MessageNotFoundError, MessageStateError, StorageError
from inkstand.events import ButtonPressed, Gesture, PanelChanged, ScreenEvent, StorageChanged
from inkstand.language import ENGLISH, Language
from inkstand.messages import State, model, reducer
from inkstand.messages.events import MessageChanged, ScreenChanged, ScreenKind
from inkstand.messages.store import Change
from inkstand.rendering.text import without_sequences
from inkstand.screens import MessageScreen, StatusScreen
from inkstand.screens.message import signature
from inkstand.screens.quiet import QuietLook, quiet_screen
from inkstand.screens.stored import StoredPictureScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from inkstand.clock import Clock
    from inkstand.display.display import Display
    from inkstand.events import Event, Hub
    from inkstand.messages import Draft, Message
    from inkstand.messages.events import ScreenState
    from inkstand.messages.model import Changed
    from inkstand.messages.store import Added, MessageStore
    from inkstand.playlist.home import Home
    from inkstand.screens import Screen

_LOG = logging.getLogger(__name__)
_TRUSTED = TrustedTime()
_NO_PACKS: Mapping[str, Screen] = MappingProxyType({})


class Controller:
    """Tells the reducer what happens, and does what comes out.

    A message is shown when the display says that it is on the glass, not when it is asked for;
    while a peek covers it, it waits. Only who presses the button or says so has read it.
    When there is no message it is `clock_screen`, or what choose() was told. `on_long_press` makes
    what a long press peeks at. A short one turns the page, and on the last page says that the
    message was read; without a message it brings the next screen. A double one brings the last
    message back. A page is shown for `page_time`, zero: until the button is pressed; `time` says
    whether messages can tell when they came, and whether it is time for those that come later.
    `store` is there to be read. Whatever this raises about messages comes from it.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and how
        self,
        display: Display,
        store: MessageStore,
        clock: Clock,
        hub: Hub,
        clock_screen: Screen,
        *,
        page_time: timedelta = timedelta(seconds=20),
        time: TimeSource = _TRUSTED,
        language: Language = ENGLISH,
    ) -> None:
        self.on_long_press: Callable[[], Screen] = lambda: StatusScreen("Inkstand")
        self._display = display
        self.store = store
        self._clock = clock
        self._hub = hub
        self._clock_screen = clock_screen
        self._packs = _NO_PACKS
        self._quiet = QuietLook.UNTIL
        self._time = time
        self._language = language
        self.state = reducer.ControllerState(page_time=page_time)
        self._screen = clock_screen
        self._jobs: asyncio.Queue[reducer.Job] = asyncio.Queue()
        self._nudge = asyncio.Event()

    async def submit(self, draft: Draft) -> Added:
        """Take in what `draft` asks for; it is kept when this returns.

        Raises:
            IdempotencyConflictError: its key was used by its author for another message.
            InvalidValueError: its rule to repeat never comes.
            StorageFullError: there is no room.
        """
        kept = replace(draft, text=without_sequences(draft.text))
        added = await self.store.add(kept, self._clock.now())
        if added.created:
            self._hub.publish(MessageChanged(self._clock.now(), added.message, None))
            self._look()
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
        return await self._change(number, partial(model.recall, calls=self.store.outlook.calls))

    async def delete(self, number: int) -> Message:
        """Take back the message `number`: its content is gone.

        Raises:
            MessageNotFoundError: there is none.
        """
        return await self._change(number, partial(model.delete, at=self._clock.now()))

    async def skip(self, number: int, moment: datetime) -> Message:
        """Let the scheduled message `number` not come at `moment` (aware).

        Raises:
            MessageNotFoundError, MessageStateError: there is none, or it does not come then.
        """
        made = await self.store.skip(number, moment, self._clock.now())
        self._tell((made,))
        self._look()
        return made.after

    def choose(self, home: Home, packs: Mapping[str, Screen], quiet: QuietLook) -> None:
        """Show this from now on when there is no message.

        The playlist of `home` says whether it is the clock or one of `packs`; in its quiet hours it
        is what `quiet` says.
        """
        self._packs, self._quiet = packs, quiet
        held = self.state.home.held
        home = home.holding(held if held in self.screens else None)
        self._feed(reducer.HomeChosen(self._clock.now(), home))

    @property
    def screens(self) -> tuple[str, ...]:
        """What hold() takes: the clocks, and the packs of the playlist."""
        return tuple(self._packs)

    def hold(self, screen: str | None) -> None:
        """Show `screen`, one of `screens`, until somebody presses the button; None: the playlist.

        Messages come first, as ever.

        Raises:
            KeyError: there is no such screen.
        """
        if screen is not None:
            _ = self._packs[screen]
        self._feed(reducer.ScreenHeld(self._clock.now(), screen))

    def switch_quiet(self, *, on: bool) -> None:
        """Be quiet from now on, for a day at most, or not until the present quiet hours end."""
        self._feed(reducer.QuietSwitched(self._clock.now(), on))

    def show_status(self) -> None:
        """Do what a long press does: peek at the status screen.

        It goes when the button is pressed, a message comes, or nobody did anything for some time.
        """
        self._feed(ButtonPressed(self._clock.now(), Gesture.LONG))

    def end_peek(self) -> None:
        """Go back from a peek, if there is one, to what was there before; nothing is read by it."""
        self._feed(reducer.PeekLeft(self._clock.now()))

    def press(self, gesture: Gesture) -> None:
        """Do what the button does when somebody uses it like that."""
        self._hub.publish(ButtonPressed(self._clock.now(), gesture))

    async def run(self) -> None:
        """Show messages in turn and react to the button until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._keep_time())
            group.create_task(self._time.watch(self._look))
            group.create_task(self._work())

    async def _listen(self) -> None:
        with self._hub.listen(kinds=(ButtonPressed, PanelChanged, ScreenEvent)) as events:
            self._look(done=True)
            async for event in events:
                # What the display says of what nobody asks for any more comes too late.
                if not isinstance(event, ScreenEvent) or event.screen is self._screen:
                    self._feed(event)

    async def _keep_time(self) -> None:
        while True:
            self._nudge.clear()
            await nudged_or(self._nudge, self._clock, self.state.wakes_at)
            self._look()

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await self._do(job)
            except StorageError as error:
                self._feed(StorageChanged(self._clock.now(), str(error)))
                continue
            except (MessageNotFoundError, MessageStateError) as error:
                _LOG.debug("somebody was faster: %s", error)
            self._look(done=True)

    async def _do(self, job: reducer.Job) -> None:
        match job:
            case reducer.Expire(at):
                self._tell(await self.store.expire(at, come=self._time.synchronised))
            case reducer.RecallLast():
                if (last := await self.store.last_shown()) is not None:
                    await self.show_again(last.id)
            case reducer.Write(at, changes):
                steps: dict[State, Callable[[Message], Message]] = {
                    State.WAITING: model.set_aside,
                    State.SHOWN: partial(model.show, at=at),
                    State.READ: partial(model.acknowledge, at=at),
                    State.EXPIRED: partial(model.give_up, at=at),
                }
                wanted = [Change(number, steps[to]) for number, to in changes]
                self._tell(await self.store.change(*wanted))

    def _look(self, *, done: bool = False) -> None:
        outlook = self.store.outlook
        if not self._time.synchronised:
            # By a clock that is years ahead a series would have come and be over for years.
            outlook = replace(outlook, deadline=outlook.expires_at)
        self._feed(reducer.Looked(self._clock.now(), outlook, done))

    def _feed(self, event: Event) -> None:
        before = self.state
        self.state, effects = reducer.reduce(before, event)
        for effect in effects:
            self._carry_out(effect)
        if self.state.wakes_at != before.wakes_at:
            self._nudge.set()

    def _carry_out(self, effect: reducer.Effect) -> None:
        match effect:
            case reducer.Show():
                self._screen = self._screen_of(effect)
                self._display.show(self._screen)
            case reducer.TurnTo(page):
                if isinstance(self._screen, MessageScreen | StatusScreen):
                    self._screen = replace(self._screen, page=page)
                self._display.turn_to(self._screen)
            case ScreenChanged():
                self._hub.publish(effect)
            case StorageChanged(reason=reason):
                how = f"cannot be kept, trying again: {reason}" if reason else "can be kept again"
                _LOG.log(logging.WARNING if reason else logging.INFO, "messages %s", how)
                self._hub.publish(effect)
            case _:
                self._jobs.put_nowait(effect)

    def _screen_of(self, wanted: reducer.Show) -> Screen:
        message = wanted.screen.message
        if wanted.screen.screen is ScreenKind.STATUS:
            return self.on_long_press()
        if message is None:
            return self._home_screen(wanted.screen)
        if wanted.picture is not None:
            return StoredPictureScreen(wanted.picture)
        signed = self._signature(message)
        return MessageScreen(message.text, signed, language=self._language, look=message.look)

    def _signature(self, message: Message) -> str:
        if not self._time.synchronised:
            return message.author
        now = self._clock.now()
        return signature(message.author, message.at.astimezone(now.tzinfo), now, self._language)

    def _home_screen(self, wanted: ScreenState) -> Screen:
        # What the playlist names was there when it was checked.
        screen = self._clock_screen if wanted.name is None else self._packs[wanted.name]
        if wanted.quiet_until is None:
            return screen
        now = self._clock.now()
        until = wanted.quiet_until.astimezone(now.tzinfo)
        return quiet_screen(self._quiet, screen, now, until, self._language)

    async def _change(self, number: int, step: Callable[[Message], Message]) -> Message:
        made = await self.store.change(Change(number, step))
        self._tell(made)
        self._look()
        return made[0].after

    def _tell(self, made: Iterable[Changed]) -> None:
        for it in made:
            if it.before != it.after:
                before = it.before.state if it.before else None
                self._hub.publish(MessageChanged(self._clock.now(), it.after, before))
