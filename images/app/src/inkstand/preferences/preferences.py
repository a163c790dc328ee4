"""The settings as they are now, and how they are changed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from inkstand import config
from inkstand.errors import (
    InvalidValueError,
    PackNotFoundError,
    PacksError,
    ProvisionedError,
    SettingNotFoundError,
    joined,
)
from inkstand.packs import NO_PACKS
from inkstand.preferences import model, packs_table, table
from inkstand.storage.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from inkstand.config import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preference:
    """A setting that an owner may change, as JSON has it and without secrets.

    Who provisioned it has to change it. With a `problem`, one sentence, it is not in use.
    """

    name: str
    value: Any
    default: Any
    provisioned: bool
    problem: str | None


class Preferences:
    """What was chosen where `given`, which the file of settings says, leaves it open.

    It is kept in the state directory, which has to be there. `follow` is given the settings as they
    are, when this is opened and after each change. `packs` are the owner's own, TOML by name.
    """

    def __init__(self, given: Settings, follow: Callable[[Settings], object]) -> None:
        directory = given.state_directory
        self._path = directory / table.NAME
        self._database = Database("settings", lambda error: table.translate(error, directory))
        self._given = given
        self._follow = follow
        self._provisioned = model.provisioned(given)
        self._kept: dict[str, Any] = {}
        self._problems: dict[str, str] = {}
        self._changing = asyncio.Lock()
        self.settings = given
        self.packs: Mapping[str, str] = {}

    async def __aenter__(self) -> Self:
        """Open the database, and follow what it has.

        Raises:
            StorageError: that cannot be done.
        """
        await self._database.open(partial(table.connect, self._path))
        self._kept = await self._database.run(table.load)
        self.packs = await self._database.run(packs_table.load)
        self.settings, self._problems = await self._chosen(self._kept, self.packs)
        for problem in self._problems.values():
            _LOG.warning("not in use: %s", problem)
        self._follow(self.settings)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the database."""
        await self._database.close()

    async def told(self) -> tuple[Preference, ...]:
        """Return each setting as it is told to people."""
        return await asyncio.to_thread(lambda: tuple(map(self._told, model.NAMES)))

    def _told(self, name: str) -> Preference:
        value = self._value(name)
        if name == "screens":
            value = model.without_secrets(value, self.settings.packs_directory, self.packs)
        default = model.to_json(name, config.default(name))
        problem = self._problems.get(name)
        return Preference(name, value, default, name in self._provisioned, problem)

    def _value(self, name: str) -> Any:
        """Return what was chosen, also if it is not in use, so that it can be mended.

        What nobody can read, since the file is damaged or of a newer release, is not told.
        """
        if name in self._problems and model.is_readable(name, self._kept[name]):
            return self._kept[name]
        return model.to_json(name, getattr(self.settings, name))

    async def change(self, changes: Mapping[str, Any]) -> None:
        """Take in `changes`, all or none; None is back to the default. They count at once.

        Raises:
            SettingNotFoundError: there is no such setting.
            ProvisionedError: it is not changed here.
            InvalidValueError: a value is wrong, or does not fit the others.
            StorageError: they cannot be kept.
        """
        for name in changes:
            self.refuse(name)
        async with self._changing:
            if (screens := changes.get("screens")) is not None:
                changes = {**changes, "screens": await asyncio.to_thread(self._revealed, screens)}
            kept = {name: it for name, it in {**self._kept, **changes}.items() if it is not None}
            settings, problems = await self._chosen(kept, self.packs)
            for name, problem in problems.items():
                if name in changes or name not in self._problems:
                    raise InvalidValueError(problem)
            await self._database.run(partial(self._commit, changes=changes))
            self._kept, self.settings, self._problems = kept, settings, problems
            self._follow(settings)

    async def keep_pack(self, toml: str) -> tuple[str, list[str]]:
        """Keep a pack of the owner's own, in place of the one of its name; it counts at once.

        Returns its name, and the names of screens whose secrets or way into a private network are
        taken back, since they were given for other servers: see packs.as_allowed().

        Raises:
            PackError: it cannot be read.
            NameTakenError, PacksError: see packs.name_of().
            StorageError: it cannot be kept.
        """
        from inkstand.preferences import packs  # noqa: PLC0415 - loads slowly, most have none

        async with self._changing:
            own, screens = self._given.packs_directory, self._kept_screens()
            name = await asyncio.to_thread(packs.name_of, toml, own, self.packs)
            before = self.packs.get(name, toml)
            screens, lost = packs.as_allowed(name, before, toml, screens)
            await self._change_pack(name, toml, {"screens": screens} if lost else {})
            return name, lost

    async def remove_pack(self, name: str) -> None:
        """Remove a pack of the owner's own.

        Raises:
            PackNotFoundError: there is none of that name.
            PacksError: a screen shows it.
            StorageError: that cannot be written.
        """
        from inkstand.preferences import packs  # noqa: PLC0415 - as above

        async with self._changing:
            if name not in self.packs:
                raise PackNotFoundError(name)
            if shown := packs.shown_by(name, self._kept_screens()):
                raise PacksError(f"{name} is shown by {joined(shown)}; remove that screen first")
            await self._change_pack(name, None, {})

    async def _change_pack(self, name: str, toml: str | None, changes: Mapping[str, Any]) -> None:
        packs = {key: it for key, it in {**self.packs, name: toml}.items() if it is not None}
        kept = {**self._kept, **changes}
        settings, problems = await self._chosen(kept, packs)
        await self._database.run(partial(self._commit, changes=changes, pack=(name, toml)))
        self._kept, self.packs, self.settings, self._problems = kept, packs, settings, problems
        self._follow(settings)

    def _kept_screens(self) -> list[dict[str, Any]]:
        """Return the screens that were chosen here, also if they are not in use."""
        kept: list[dict[str, Any]] = self._kept.get("screens", [])
        return kept if model.is_readable("screens", kept) else []

    def _revealed(self, screens: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return screens with their secrets.

        Raises:
            InvalidValueError: one does not fit its pack, or would send a secret elsewhere.
        """
        own, before = self._given.packs_directory, self._value("screens")
        model.check("screens", screens)
        revealed = model.with_secrets(screens, before)
        if revealed != screens:
            from inkstand.preferences import packs  # noqa: PLC0415 - as above

            packs.refuse_misled(screens, revealed, before, own, self.packs)
        model.check_screens(revealed, before, own, self.packs)
        return revealed

    @property
    def shown_packs(self) -> Mapping[str, str]:
        """Those of `packs` that screens can show: who provisions screens provisions their packs."""
        return NO_PACKS if "screens" in self._provisioned else self.packs

    def refuse(self, name: str) -> None:
        """Do nothing if `name` can be changed here.

        Raises:
            SettingNotFoundError, ProvisionedError: it cannot.
        """
        if name not in model.NAMES:
            raise SettingNotFoundError(name, model.NAMES)
        if name in self._provisioned:
            raise ProvisionedError(name)

    async def _chosen(
        self, kept: Mapping[str, Any], packs: Mapping[str, str]
    ) -> tuple[Settings, dict[str, str]]:
        return await asyncio.to_thread(model.choose, self._given, kept, packs)

    def _commit(
        self,
        connection: sqlite3.Connection,
        changes: Mapping[str, Any],
        pack: tuple[str, str | None] | None = None,
    ) -> None:
        with self._database.transaction():
            table.save(connection, changes)
            if pack:
                packs_table.save(connection, *pack)
