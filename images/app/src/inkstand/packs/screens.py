"""Chosen packs on the glass: their sources are asked in time, and a worker draws what came.

What came last is kept on disk, so that there is something to show after a reboot without network.
In quiet hours nobody is asked and nothing is drawn.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from inkstand.clock import nudged_or
from inkstand.errors import FetchError, PackError, StorageError
from inkstand.events import ScreenDrawn
from inkstand.fetching.fetcher import FetchRequest
from inkstand.fetching.schedule import next_at
from inkstand.language import ENGLISH, Language
from inkstand.packs import example, worker
from inkstand.packs.pack import Format
from inkstand.packs.requests import Answer, hide, resolve, tells_time
from inkstand.rendering import from_png

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

    from PIL import Image

    from inkstand.clock import Clock
    from inkstand.events import Hub
    from inkstand.fetching.fetcher import Fetched, Fetcher
    from inkstand.fetching.kept import KeptAnswers
    from inkstand.fetching.trmnl import Trmnl
    from inkstand.packs import requests
    from inkstand.packs.chosen import ChosenPack
    from inkstand.packs.worker import Drawn, Order
    from inkstand.playlist.quiet import QuietHours
    from inkstand.screens.base import Screen

    Draw = Callable[[Order], Awaitable[Drawn]]

_LOG = logging.getLogger(__name__)
# A text such as "in 3 hours" is right for as long.
_HOUR = timedelta(hours=1)


class PackScreen:
    """What was drawn of a pack last; the screen `instead` until there is something."""

    def __init__(self, instead: Screen) -> None:
        self._instead = instead
        self._picture: Image.Image | None = None
        self.png: bytes | None = None
        # What was drawn last without a problem, and what that depends on.
        self.last: tuple[object, Drawn] | None = None

    def put(self, png: bytes) -> bool:
        """Show the picture of mode "1" that `png` is from now on; tell whether it is another."""
        before, self._picture = self._picture, (picture := from_png(png))
        self.png = png
        return before is None or before.tobytes() != picture.tobytes()

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return the picture, if it was drawn for `size`."""
        picture = self._picture
        if picture is None or picture.size != size:
            return self._instead.render(size, now)
        return picture

    def pages(self, size: tuple[int, int]) -> int:  # noqa: ARG002 Screen
        """Return 1: it is one picture."""
        return 1

    def next_change(self, now: datetime) -> datetime | None:
        """Return None: it does not change before another is put."""
        return None if self._picture else self._instead.next_change(now)


@dataclass(frozen=True, slots=True)
class PackState:
    """How a pack is: what is wrong, "" if nothing is, and when data came last (aware)."""

    problem: str = ""
    fetched_at: datetime | None = None


@dataclass(slots=True)
class _Source:
    """What is known of one source, and when it is asked next, `wait` after the last time."""

    request: requests.Request
    due: datetime
    wait: timedelta = timedelta()
    fetched: Fetched | None = None
    failures: int = 0
    error: str = ""

    @property
    def answer(self) -> Answer:
        if self.fetched is None:
            return Answer(None, None, self.error)
        return Answer(self.fetched.body, self.fetched.fetched_at, self.error, self.fetched.again)

    @property
    def every(self) -> timedelta:
        """As its server asked for; while that fails, no less often than the pack has it."""
        told = (self.fetched and self.fetched.again) or self.request.every
        return min(told, self.request.every) if self.failures else told

    def wait_until(self, due: datetime, now: datetime) -> None:
        """Be asked at `due`, and after as long as that is from `now` if the clock is set back."""
        self.due, self.wait = due, due.astimezone(UTC) - now.astimezone(UTC)

    def is_due(self, now: datetime) -> bool:
        """Tell whether to ask it at `now` (aware); a clock that was set back lets nobody wait."""
        latest = now.astimezone(UTC) + self.wait
        if latest < self.due.astimezone(UTC):
            self.due = latest
        return self.due.timestamp() <= now.timestamp()


class PackScreens:
    """Keeps the screens of `chosen` up to date; `changed` is called when one looks different.

    Each shows `instead` until it was drawn for the first time, for a panel of `size()`, which is
    None as long as nobody knows it. They are drawn in the order in which they come.
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        chosen: Iterable[ChosenPack],
        *,
        instead: Screen,
        clock: Clock,
        hub: Hub,
        fetcher: Fetcher,
        trmnl: Trmnl,
        kept: KeptAnswers,
        quiet: QuietHours,
        size: Callable[[], tuple[int, int] | None],
        changed: Callable[[], None],
        draw: Draw = worker.draw,
        language: Language = ENGLISH,
    ) -> None:
        self.screens: dict[str, PackScreen] = {}
        self.states: dict[str, PackState] = {}
        self._instead = instead
        self._chosen: dict[str, ChosenPack] = {}
        self._chosen_anew = asyncio.Event()
        self._nudges: dict[str, asyncio.Event] = {}
        self._clock = clock
        self._hub = hub
        self._fetcher = fetcher
        self._trmnl = trmnl
        self._kept = kept
        self._changed = changed
        self._draw = draw
        self._language = language
        # Two processes at once would take twice the memory, two writers of files twice the care.
        self._drawing, self._keeping = asyncio.Lock(), asyncio.Lock()
        self._size_now, self._size = size, size()
        self.choose(chosen, quiet)

    def choose(self, chosen: Iterable[ChosenPack], quiet: QuietHours) -> None:
        """Keep these packs up to date from now on, but for `quiet` hours, and no others.

        One that is as it was goes on; of one that is another, what was drawn stays until then.
        """
        self._quiet = quiet
        self._chosen = {each.name: each for each in chosen}
        self.screens = {
            name: self.screens.get(name) or PackScreen(self._instead) for name in self._chosen
        }
        self.states = {name: self.states.get(name, PackState()) for name in self._chosen}
        self._chosen_anew.set()
        self._nudge()

    async def run(self) -> None:
        """Ask and draw until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_size())
            group.create_task(self._follow_choice(group))

    async def _follow_choice(self, group: asyncio.TaskGroup) -> None:
        """Have a task for each pack that is chosen, which ends when it is another."""
        tasks: dict[str, tuple[ChosenPack, asyncio.Task[None]]] = {}
        while True:
            self._chosen_anew.clear()
            for name, (pack, task) in list(tasks.items()):
                if self._chosen.get(name) != pack:
                    task.cancel()
                    await asyncio.wait([task])
                    del tasks[name]
            await self._forget_others()
            for name, pack in self._chosen.items():
                if name not in tasks:
                    tasks[name] = pack, group.create_task(self._keep(pack))
            await self._chosen_anew.wait()

    def _nudge(self) -> None:
        for nudge in self._nudges.values():
            nudge.set()

    async def _follow_size(self) -> None:
        """Ask for the size whenever something was drawn for the panel."""
        with self._hub.listen(kinds=(ScreenDrawn,)) as events:
            async for _ in events:
                before, self._size = self._size, self._size_now()
                if self._size != before:
                    self._nudge()

    async def _keep(self, pack: ChosenPack) -> None:
        sources = await self._known(pack)
        nudge = self._nudges.setdefault(pack.name, asyncio.Event())
        while True:
            nudge.clear()
            if self._quiet.until(self._clock.now()) is None:
                await self._fetch_due(pack, sources)
            await self._draw_anew(pack, sources)
            await nudged_or(nudge, self._clock, self._next(sources))

    def _next(self, sources: Iterable[_Source]) -> datetime:
        now = self._clock.now()
        if (loud := self._quiet.until(now)) is not None:
            return loud
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
        return min((hour, *(each.due for each in sources)), key=lambda at: at.timestamp())

    async def _known(self, pack: ChosenPack) -> list[_Source]:
        """Return the sources of a pack with what was kept of them; no example asks any."""
        now = self._clock.now()
        sources = [_Source(each, now) for each in pack.requests if not pack.example]
        for each in sources:
            async with self._keeping:
                each.fetched = await asyncio.to_thread(self._kept.get, _key(pack, each.request))
            if each.fetched is not None:
                due = min(each.fetched.fetched_at + each.every, now + _HOUR)
                each.wait_until(due, now)
        return sources

    async def _forget_others(self) -> None:
        keys = [_key(pack, request) for pack in self._chosen.values() for request in pack.requests]
        try:
            async with self._keeping:
                await asyncio.to_thread(self._kept.prune, keys)
        except StorageError as error:
            _LOG.warning("%s", error)

    async def _fetch_due(self, pack: ChosenPack, sources: Iterable[_Source]) -> None:
        for each in sources:
            if each.is_due(self._clock.now()):
                await self._fetch(pack, each)

    async def _fetch(self, pack: ChosenPack, source: _Source) -> None:
        asked, wait = self._clock.now(), None
        try:
            source.fetched = await self._ask(pack, source)
        except FetchError as error:
            source.failures, wait = source.failures + 1, error.retry_after
            self._tell(pack, source, hide(str(error), pack.pack, resolve(pack.pack, pack.settings)))
        else:
            source.failures = 0
            self._tell(pack, source, "")
            await self._keep_answer(pack, source)
        due = next_at(
            asked,
            source.every,
            chance=random.random(),  # noqa: S311 - to spread requests
            failures=source.failures,
            retry_after=wait,
        )
        source.wait_until(due, asked)

    async def _ask(self, pack: ChosenPack, source: _Source) -> Fetched:
        request = source.request
        asked = FetchRequest(request.url, dict(request.headers), request.max_bytes, pack.private)
        if request.format is Format.TRMNL:
            return await self._trmnl.fetch(asked, source.fetched, self._size)
        return await self._fetcher.fetch(asked, source.fetched)

    def _tell(self, pack: ChosenPack, source: _Source, error: str) -> None:
        if error != source.error:
            how = error or f"{source.request.source} answers again"
            _LOG.log(logging.WARNING if error else logging.INFO, "screen %s: %s", pack.name, how)
        source.error = error

    async def _keep_answer(self, pack: ChosenPack, source: _Source) -> None:
        if source.fetched is None:
            return
        try:
            async with self._keeping:
                key = _key(pack, source.request)
                await asyncio.to_thread(self._kept.put, key, source.fetched)
        except StorageError as error:
            _LOG.warning("screen %s: %s", pack.name, error)

    async def _draw_anew(self, pack: ChosenPack, sources: Iterable[_Source]) -> None:
        if self._size is None:
            return
        async with self._drawing:
            drawn = await self._drawn(pack, sources, self._size)
        if self._chosen.get(pack.name) != pack:
            return
        errors = [each.error for each in sources if each.error]
        times = [each.fetched.fetched_at for each in sources if each.fetched]
        problem = drawn.problem or next(iter(errors), "")
        self.states[pack.name] = PackState(problem, min(times, default=None))
        if self.screens[pack.name].put(drawn.png):
            self._changed()

    async def _drawn(
        self, pack: ChosenPack, sources: Iterable[_Source], size: tuple[int, int]
    ) -> Drawn:
        if pack.problem:
            return worker.draw_problem(pack.name, PackError(pack.problem), size)
        order, screen = self._order(pack, sources, size), self.screens.get(pack.name)
        look = _look(pack, order)
        if look and screen and screen.last and screen.last[0] == look:
            # Of two answers that say the same, the older one is kept no longer.
            screen.last = look, screen.last[1]
            return screen.last[1]
        drawn = await self._draw(order)
        if screen:
            screen.last = None if drawn.problem else (look, drawn)
        return drawn

    def _order(self, pack: ChosenPack, sources: Iterable[_Source], size: tuple[int, int]) -> Order:
        now = self._clock.now()
        if pack.example:
            answers = example.answers(pack.pack, pack.folder)
            now = example.now(pack.pack, now)
        else:
            answers = {each.request.source: each.answer for each in sources}
        return worker.Order(pack.text, pack.settings, answers, size, now, self._language)


def _look(pack: ChosenPack, order: Order) -> object:
    """Return all that the picture depends on; None where the time is part of that."""
    if tells_time(pack.pack, resolve(pack.pack, pack.settings)):
        return None
    answers = [(each.data, each.data is None and each.error) for each in order.answers.values()]
    footer = worker.footer(pack.pack, order.answers, order.now, order.language)
    return order.text, order.settings, order.size, str(order.now.tzinfo), footer, answers


def _key(pack: ChosenPack, request: requests.Request) -> str:
    return "\n".join((pack.name, request.source, request.url))
