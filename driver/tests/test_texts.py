"""What the small text files hold and accept."""

import pytest

from epdfuse.fuse.texts import (
    parse_stage_time,
    parse_temperature,
    stage_time_text,
    temperature_text,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "celsius"),
    [
        (b"19", 19),
        (b"19\n", 19),
        (b" -7\n", -7),
        (b"+5", 5),
        (b"-99", -99),
        (b"99\0", 99),
        (b"22.5\n", 22),
        (b"08\n", 8),
    ],
)
def test_a_temperature_is_the_number_in_front(written: bytes, celsius: int) -> None:
    assert parse_temperature(written) == celsius


@pytest.mark.parametrize(
    "written", [b"", b"\n", b"warm", b"100", b"-100", b"0x13", b"--1", b"9" * 5000, b"\xff"]
)
def test_any_other_temperature_is_nothing(written: bytes) -> None:
    assert parse_temperature(written) is None


@pytest.mark.parametrize(("written", "found"), [(b"50\n", 50), (b"2000", 2000)])
def test_stage_times_go_from_50_to_2000_ms(written: bytes, found: int) -> None:
    assert parse_stage_time(written) == found


@pytest.mark.parametrize("written", [b"49", b"2001", b"fast", b"-500"])
def test_any_other_stage_time_is_nothing(written: bytes) -> None:
    assert parse_stage_time(written) is None


def test_numbers_are_printed_in_the_width_of_the_reference() -> None:
    assert [temperature_text(t) for t in (25, -9, 7, -99)] == [
        b" 25\n",
        b" -9\n",
        b"  7\n",
        b"-99\n",
    ]
    assert [stage_time_text(t) for t in (50, 500, 2000)] == [b"  50\n", b" 500\n", b"2000\n"]
