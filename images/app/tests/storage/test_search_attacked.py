"""How long a search takes at most, whatever is in the messages and whatever is looked for."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import pytest

from inkstand.messages import State, table

pytestmark = pytest.mark.integration
NUMBER, LONGEST = 200, 2000


def seconds(connection: sqlite3.Connection, words: str) -> float:
    """Return how long it takes to find nothing, at best."""
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        assert table.page(connection, None, 50, (State.READ,), words).messages == ()
        took.append(time.perf_counter() - begin)
    return min(took)


def test_what_is_nearly_there_at_each_place_costs_little_more_than_what_is_not() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        table.migrate(connection)
        connection.executemany(
            "INSERT INTO message (author, text, at, state, priority, has_picture) "
            "VALUES ('ada', ?, 1, 'read', 'normal', 0)",
            [("a" * LONGEST,)] * NUMBER,
        )
        # By LIKE it is about 400 times as much.
        assert seconds(connection, "a" * 99 + "b") < 40 * seconds(connection, "b" * 100)
