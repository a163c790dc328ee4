"""Glass that is driven by the bytes of a bus."""

from __future__ import annotations

import pytest

from virtual_pi.datasheet import SIZES, Glass, order

pytestmark = pytest.mark.unit

PANELS = [("1.44", 110), ("2.7", 230), ("1.44", 231), ("2.6", 231), ("2.7", 231)]


@pytest.mark.parametrize(("size", "film"), PANELS)
def test_every_dot_and_every_line_has_one_place(size: str, film: int) -> None:
    width, height = SIZES[size]
    places = [place for place in order(size, film) if place[0]]
    assert sorted(places) == sorted(
        [("D", x) for x in range(1, width + 1)] + [("S", y) for y in range(1, height + 1)]
    )
    assert len(order(size, film)) % 4 == 0


def line(film: int, black: set[int], row: int) -> str:
    """A line of the smallest panel that makes some dots black and the others white."""
    pairs = [
        (0b11 if number in black else 0b10)
        if kind == "D"
        else 0b11 * ((kind, number) == ("S", row))
        for kind, number in order("1.44", film)
    ]
    whole = int("".join(f"{pair:02b}" for pair in pairs), 2)
    return f"send 72{whole:0{len(pairs) // 2}x}"


@pytest.mark.parametrize("film", [110, 231])
def test_a_line_of_the_bus_is_a_line_of_the_picture(film: int) -> None:
    glass = Glass("1.44", film)
    glass.take(
        ["pin reset 1", "send 7003", line(film, {5}, 2), "send 700a", line(film, {1, 128}, 2)]
    )
    assert glass.shades[0] == bytes([255]) * 128
    assert glass.shades[1] == b"\0" + bytes([255]) * 126 + b"\0"


def test_dots_that_are_not_driven_stay() -> None:
    glass = Glass("1.44", 231)
    glass.take(["send 700a", line(231, {7}, 96)])
    glass.take(["send 700a", f"send 72{'55' * 16}03{'00' * 23}{'55' * 16}00"])
    assert glass.shades[95].count(0) == 1


def test_a_line_of_another_panel_is_refused() -> None:
    with pytest.raises(ValueError, match="2 bytes; this panel has 57"):
        Glass("1.44", 231).take(["send 700a", "send 720000"])
