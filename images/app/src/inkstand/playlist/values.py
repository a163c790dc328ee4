"""Lists of tables, as a file of settings or JSON gives them; errors name the entry and its key."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Collection, Iterator, Mapping

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
                    f"at entry {number}: {key} means nothing there{instead_of(key, keys)}"
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


def instead_of(name: object, known: Collection[str]) -> str:
    """Return the end of a sentence that refuses `name`: the nearest of `known`, or all of them."""
    nearest = difflib.get_close_matches(str(name), known, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; there is {joined(known)}"


def joined(names: Collection[str]) -> str:
    """Return names as a sentence has them: "days, from and to"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
