"""How the appliance is doing: one answer for the status screen and for the API."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import TYPE_CHECKING

from inkstand import __version__
from inkstand.language import ENGLISH, Language
from inkstand.screens.status import StatusScreen
from inkstand.storage import damage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from inkstand.button import Button
    from inkstand.clock import Clock, TimeSource
    from inkstand.display.display import Display
    from inkstand.packs.screens import PackState
    from inkstand.status.authority import Authority
    from inkstand.status.certificate import Certificate
    from inkstand.status.recent_errors import RecentErrors, Trouble
    from inkstand.status.updates import Updates, UpdatesFile

_OK = "ok"
_ERRORS_ON_THE_SCREEN = 2


class StatusReport:
    """What the parts say about themselves, asked when somebody wants to know."""

    def __init__(  # noqa: PLR0913 - one for each part
        self,
        *,
        title: str,
        url: str,
        clock: Clock,
        display: Display,
        button: Button,
        time: TimeSource,
        certificate: Certificate,
        authority: Authority,
        recent_errors: RecentErrors,
        updates: UpdatesFile,
        screens: Callable[[], Mapping[str, PackState]],
        state_directory: Path,
        language: Language = ENGLISH,
    ) -> None:
        self.title = title
        self.url = url
        self.version = __version__
        self.started_at = clock.now().astimezone(UTC)
        self._clock = clock
        self._display = display
        self._button = button
        self._time = time
        self._certificate = certificate
        self._authority = authority
        self._recent_errors = recent_errors
        self._updates = updates
        self._screens = screens
        self._state_directory = state_directory
        self._language = language

    async def run(self) -> None:
        """Follow what cannot be asked when somebody wants to know, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recent_errors.run())
            group.create_task(self._certificate.run())
            group.create_task(self._authority.run())
            group.create_task(self._time.watch(self._display.look_again))

    @property
    def synchronised(self) -> bool:
        """Whether the time of the host can be believed."""
        return self._time.synchronised

    @property
    def certificate_expires_at(self) -> datetime | None:
        """When the certificate expires, in UTC; None: not known."""
        return self._certificate.expires_at

    @property
    def authority(self) -> Authority:
        """The certificate authority that people are asked to trust, if there is one."""
        return self._authority

    @property
    def updates(self) -> Updates | None:
        """What Debian has mended since the images were built, as far as the host has looked."""
        return self._updates.read()

    @property
    def screens(self) -> Mapping[str, PackState]:
        """How each pack is that is shown."""
        return self._screens()

    @property
    def panel(self) -> str:
        """`ok`, or one sentence that says why nothing comes onto the glass."""
        return self._display.reason or _OK

    @property
    def button(self) -> str:
        """`ok`, or one sentence that says why nobody can press the button."""
        return self._button.state

    async def notices(self) -> tuple[str, ...]:
        """Return a sentence for each database that was damaged, until its files are removed."""
        return tuple((await self._read_notices()).values())

    async def tell_notices(self, post: Callable[[str, str], Awaitable[object]]) -> None:
        """Write them down, and let `post` put each onto the panel: its text, and a key of it."""
        for key, text in (await self._read_notices()).items():
            self._recent_errors.note(self._clock.now(), text)
            await post(text, key)

    async def _read_notices(self) -> Mapping[str, str]:
        return await asyncio.to_thread(damage.notices, self._state_directory)

    @property
    def errors(self) -> tuple[Trouble, ...]:
        """What went wrong lately, newest first."""
        return self._recent_errors.troubles

    def screen(self) -> StatusScreen:
        """Return the screen that tells all this now."""
        return StatusScreen(self.title, (*self._facts(), *self._errors()), self._short_url)

    @property
    def _short_url(self) -> str:
        return self.url.rstrip("/")

    def _facts(self) -> tuple[tuple[str, str], ...]:
        say, now = self._language.text, self._clock.now()
        return (
            ("", self._short_url),
            (say("Certificate"), self._certificate_until()),
            *self._whom_to_trust(),
            (say("Panel"), self._language.translated(self.panel)),
            (say("Button"), self._language.translated(self.button)),
            (
                say("Time"),
                self._language.time(now) if self.synchronised else say("not synchronised"),
            ),
            (say("Version"), self.version),
            *self._packages(),
        )

    def _packages(self) -> tuple[tuple[str, str], ...]:
        found = self.updates
        if found is None or not found.packages:
            return ()
        say, number = self._language.text, str(len(found.packages))
        told = say("{number}, {security} for security", number=number, security=str(found.security))
        return ((say("Updates"), told),)

    def _certificate_until(self) -> str:
        expires, zone = self.certificate_expires_at, self._clock.now().tzinfo
        if expires is None:
            return self._language.text("not known")
        return self._language.text("until {date}", date=f"{expires.astimezone(zone):%Y-%m-%d}")

    def _whom_to_trust(self) -> tuple[tuple[str, str], ...]:
        fingerprint = self._authority.fingerprint
        return (("CA SHA-256", fingerprint),) if fingerprint else ()

    def _errors(self) -> tuple[tuple[str, str], ...]:
        zone, shown = self._clock.now().tzinfo, self.errors[:_ERRORS_ON_THE_SCREEN]
        lines = [(self._moment(it.at.astimezone(zone)), it.what) for it in shown]
        say = self._language.text
        return ((say("Errors"), "" if lines else say("none")), *lines)

    def _moment(self, at: datetime) -> str:
        return f"{self._language.day(at, short=True)} {self._language.time(at)}"
