"""Where tokens are kept: what a store does, and one that forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from inkstand.auth.model import TokenRecord


class TokenStore(Protocol):
    """Keeps records of tokens; an async context manager, to be used within one event loop.

    Methods raise StorageError when they cannot be read or written, StorageFullError without room.
    """

    async def __aenter__(self) -> Self:
        """Open it.

        Raises:
            StorageUnavailableError: it cannot be opened.
        """
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was asked for, and close it."""
        ...

    async def load(self) -> tuple[TokenRecord, ...]:
        """Return all records, oldest first."""
        ...

    async def write(self, saved: Iterable[TokenRecord], forgotten: Iterable[str]) -> None:
        """Keep `saved`, new or changed, and drop those with an id in `forgotten`: all or nothing.

        It is safe when this returns. An id that is not there is dropped already.
        """
        ...


class MemoryTokenStore:
    """Keeps records as long as the process lives."""

    def __init__(self) -> None:
        self._records: dict[str, TokenRecord] = {}

    async def __aenter__(self) -> Self:
        """Open it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""

    async def load(self) -> tuple[TokenRecord, ...]:
        """Return all records, oldest first."""
        return tuple(sorted(self._records.values(), key=lambda record: (record.created, record.id)))

    async def write(self, saved: Iterable[TokenRecord], forgotten: Iterable[str]) -> None:
        """Keep `saved` and drop those with an id in `forgotten`."""
        self._records.update((record.id, record) for record in saved)
        for number in forgotten:
            self._records.pop(number, None)
