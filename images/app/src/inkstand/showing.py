"""What is on the glass while nobody writes, as the settings are now."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, TypeVar

from inkstand.packs import NO_PACKS
from inkstand.playlist.home import Home
from inkstand.playlist.playlist import CLOCK, Entry, Playlist
from inkstand.screens.quiet import QuietLook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from inkstand.clock import Clock
    from inkstand.config import Settings
    from inkstand.display.display import Display
    from inkstand.events import Hub
    from inkstand.messages.controller import Controller
    from inkstand.packs.screens import PackScreens, PackState
    from inkstand.screens import Screen

# Minutes.
_TURN = 10
_T = TypeVar("_T")


class Showing:
    """Has `controller` show what follow() was told: packs, or screens that are `built_in`.

    Of these the clock is shown until a pack was drawn.
    """

    def __init__(
        self,
        controller: Controller,
        display: Display,
        clock: Clock,
        hub: Hub,
        built_in: Mapping[str, Screen],
    ) -> None:
        self._controller = controller
        self._display = display
        self._clock = clock
        self._hub = hub
        self._built_in = built_in
        self._packs: PackScreens | None = None
        self._needed = asyncio.Event()
        self._kept: Path | None = None

    @property
    def states(self) -> Mapping[str, PackState]:
        """How each pack is that is shown."""
        return self._packs.states if self._packs else {}

    def picture(self, name: str) -> bytes | None:
        """Return what was drawn of a pack last, as PNG; None: it is not shown, or not drawn yet."""
        screen = self._packs.screens.get(name) if self._packs else None
        return screen.png if screen else None

    def follow(self, settings: Settings, packs: Mapping[str, str] = NO_PACKS) -> None:
        """Show what `settings` say from now on; `packs` are the owner's own, TOML by name.

        Raises:
            ConfigError: a pack cannot be read, or what was filled in is wrong.
        """
        self._kept = settings.state_directory / "packs"
        playlist = _playlist(settings)
        screens = shown_by(playlist, settings.screens, self._clock.now())
        if self._packs or screens:
            self._choose(settings, screens, packs)
        home = Home(playlist=playlist, quiet_hours=settings.quiet_hours)
        drawn = self._packs.screens if self._packs else {}
        self._controller.choose(home, {**self._built_in, **drawn}, QuietLook(settings.quiet_screen))

    async def run(self) -> None:
        """Keep packs up to date, as soon as there are some, until cancelled."""
        if self._kept and not self._packs:
            await asyncio.to_thread(shutil.rmtree, self._kept, ignore_errors=True)
        await self._needed.wait()
        if self._packs:
            await self._packs.run()

    def _choose(
        self,
        settings: Settings,
        screens: Mapping[str, Mapping[str, object]],
        packs: Mapping[str, str],
    ) -> None:
        # To load all that takes a Pi Zero a while, and most owners have none.
        from inkstand.packs.chosen import read_shown  # noqa: PLC0415

        chosen = read_shown(screens, settings.packs_directory, packs)
        if self._packs is None:
            self._packs = self._make_packs(settings)
            self._needed.set()
        self._packs.choose(chosen, settings.quiet_hours)

    def _make_packs(self, settings: Settings) -> PackScreens:
        from inkstand.fetching.fetcher import Fetcher  # noqa: PLC0415 - as above
        from inkstand.fetching.kept import KeptAnswers  # noqa: PLC0415
        from inkstand.fetching.trmnl import Trmnl  # noqa: PLC0415
        from inkstand.fetching.trmnl_keys import DeviceKeys  # noqa: PLC0415
        from inkstand.packs.screens import PackScreens  # noqa: PLC0415
        from inkstand.pictures import worker  # noqa: PLC0415

        display, fetcher = self._display, Fetcher(self._clock)
        keys = DeviceKeys(settings.state_directory / "trmnl.json")
        return PackScreens(
            (),
            instead=self._built_in[CLOCK],
            clock=self._clock,
            hub=self._hub,
            fetcher=fetcher,
            trmnl=Trmnl(fetcher, keys, worker.check),
            kept=KeptAnswers(settings.state_directory / "packs"),
            quiet=settings.quiet_hours,
            size=lambda: display.info.size if display.info else None,
            changed=display.look_again,
            language=settings.language_of_glass,
        )


def shown_by(playlist: Playlist, screens: Mapping[str, _T], now: datetime) -> dict[str, _T]:
    """Return those of `screens` that `playlist` shows, the one whose turn it is `now` first."""
    first = playlist.turn(now).screen
    shown = {entry.screen for entry in playlist.entries} & screens.keys()
    return {name: screens[name] for name in sorted(shown, key=lambda name: (name != first, name))}


def _playlist(settings: Settings) -> Playlist:
    """Return the owner's playlist; of who has screens and none, all take turns with the clock."""
    if settings.playlist.entries or not settings.screens:
        return settings.playlist
    return Playlist(tuple(Entry(name, _TURN) for name in (CLOCK, *settings.screens)))
