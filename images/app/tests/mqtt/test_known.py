"""What is kept of what other appliances say, without a broker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkstand.api.neighbours import LONGEST, MOST
from inkstand.errors import InvalidValueError
from inkstand.mqtt.neighbours import Neighbours

pytestmark = pytest.mark.unit


@pytest.fixture
def neighbours() -> Neighbours:
    """Those of the kitchen, of which nothing is known."""
    return Neighbours("kitchen")


def says(neighbours: Neighbours, name: str = "hall", **state: Any) -> None:
    neighbours.take(name, "state", json.dumps(state).encode())


def test_what_is_long_is_cut_and_what_nobody_sees_is_left_out(neighbours: Neighbours) -> None:
    says(neighbours, message="x" * 2000, screen="a\x1b\n\u202e\ud800b", waiting=3)
    (hall,) = neighbours.all
    assert (hall.message, hall.screen, hall.waiting) == ("x" * LONGEST, "a    b", 3)
    assert (hall.online, hall.panel, hall.button) == (False, None, None)


def test_of_too_many_those_that_came_first_are_known(neighbours: Neighbours) -> None:
    for number in range(MOST):
        says(neighbours, f"a{number}")
    with pytest.raises(InvalidValueError, match=f"{MOST} already"):
        says(neighbours, "one-more")
    says(neighbours, "a7", waiting=1)
    assert len(neighbours.all) == MOST
    neighbours.take("a0", "state", b"")
    says(neighbours, "one-more")
    assert "one-more" in [each.name for each in neighbours.all]


def test_it_is_no_neighbour_of_its_own(neighbours: Neighbours) -> None:
    says(neighbours, "kitchen", screen="clock")
    assert neighbours.all == []


def test_who_is_cleared_goes_and_without_a_broker_all_do(neighbours: Neighbours) -> None:
    for name in ("hall", "attic"):
        neighbours.take(name, "availability", b"online")
        says(neighbours, name, screen="clock")
    neighbours.take("attic", "availability", b"")
    assert [(each.name, each.online) for each in neighbours.all] == [
        ("attic", False),
        ("hall", True),
    ]
    neighbours.take("attic", "state", b"")
    assert [each.name for each in neighbours.all] == ["hall"]
    neighbours.forget()
    assert neighbours.all == []


@pytest.mark.parametrize(
    ("name", "what", "payload"),
    [
        ("Hall", "state", b"{}"),
        ("h" * 33, "state", b"{}"),
        ("hall", "availability", b"ONLINE"),
        ("hall", "state", b"\xff"),
        ("hall", "state", b"[]"),
        ("hall", "state", b"[" * 9000),
        ("hall", "state", b"1" * 9000),
        ("hall", "state", b'{"screen": 5}'),
        ("hall", "state", b'{"waiting": true}'),
        ("hall", "state", b'{"waiting": -1}'),
        ("hall", "state", b'{"waiting": 1e9}'),
        ("hall", "state", b'{"waiting": 10000000}'),
    ],
    ids=range(12),
)
def test_rubbish_is_refused_and_changes_nothing(
    neighbours: Neighbours, name: str, what: str, payload: bytes
) -> None:
    says(neighbours, screen="clock")
    before = neighbours.all
    with pytest.raises(InvalidValueError):
        neighbours.take(name, what, payload)
    assert neighbours.all == before
