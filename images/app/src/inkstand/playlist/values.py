"""Lists of tables, as a file of settings or JSON gives them; errors name the entry and its key."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping

from inkstand.errors import did_you_mean, joined

Table = Mapping[str, object]


def tables(value: object, keys: Collection[str]) -> list[Table]:
    """Return the tables of the list `value`, without their keys that have no value.

    Raises:
        TypeError: it is no list, or an entry no table.
        ValueError: an entry has another key than `keys`.
    """
    if not isinstance(value, list):
        # Nothing is quoted: a screen may hold secrets.
        raise TypeError(f"must be a list of entries of {joined(keys)}")
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, Mapping):
            raise TypeError(f"at entry {number}: must be a table of {joined(keys)}")
        for key in entry:
            if key not in keys:
                raise ValueError(
                    f"at entry {number}: {key} means nothing there{did_you_mean(key, keys)}"
                )
    return [{key: one for key, one in entry.items() if one is not None} for entry in value]


@contextlib.contextmanager
def saying(where: str) -> Iterator[None]:
    """Put `where` in front of the sentence of an error.

    Raises:
        ValueError: the body raises that, or TypeError.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where} {error}") from error
