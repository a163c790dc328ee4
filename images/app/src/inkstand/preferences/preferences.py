"""The settings as they are now, and how they are changed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from inkstand import config
from inkstand.errors import InvalidValueError, ProvisionedError, SettingNotFoundError
from inkstand.preferences import model, table
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
    are, when this is opened and after each change.
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

    async def __aenter__(self) -> Self:
        """Open the database, and follow what it has.

        Raises:
            StorageError: that cannot be done.
        """
        await self._database.open(partial(table.connect, self._path))
        self._kept = await self._database.run(table.load)
        self.settings, self._problems = await self._chosen(self._kept)
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
            value = model.without_secrets(value, self.settings.packs_directory)
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
                model.check("screens", screens)
                known = model.with_secrets(screens, self._value("screens"))
                changes = {**changes, "screens": known}
            kept = {name: it for name, it in {**self._kept, **changes}.items() if it is not None}
            settings, problems = await self._chosen(kept)
            for name, problem in problems.items():
                if name in changes or name not in self._problems:
                    raise InvalidValueError(problem)
            await self._database.run(partial(self._commit, changes=changes))
            self._kept, self.settings, self._problems = kept, settings, problems
            self._follow(settings)

    def refuse(self, name: str) -> None:
        """Do nothing if `name` can be changed here.

        Raises:
            SettingNotFoundError, ProvisionedError: it cannot.
        """
        if name not in model.NAMES:
            raise SettingNotFoundError(name, model.NAMES)
        if name in self._provisioned:
            raise ProvisionedError(name)

    async def _chosen(self, kept: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
        return await asyncio.to_thread(model.choose, self._given, kept)

    def _commit(self, connection: sqlite3.Connection, changes: Mapping[str, Any]) -> None:
        with self._database.transaction():
            table.save(connection, changes)
