"""Which edges are let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigpiod_bridge.filters import GlitchFilter, NoiseFilter

pytestmark = pytest.mark.unit

Edges = list[tuple[int, int]]

LAST = 400
gaps = st.lists(st.integers(1, 30), max_size=12)


def edges_from(gaps: list[int]) -> Edges:
    """Alternating levels of a line that starts high; the times are the gaps added up."""
    return [(sum(gaps[: n + 1]), n % 2) for n in range(len(gaps))]


def through_glitch_filter(edges: Edges, steady: int) -> Edges:
    glitch, seen = GlitchFilter(level=1, steady=steady), []
    for at, level in [*edges, (LAST, -1)]:
        due = glitch.due()
        if due is not None and due <= at:
            seen.append((due, glitch.settle()))
        if level >= 0:
            glitch.edge(level, at)
            if steady == 0:
                seen.append((at, glitch.settle()))
    return seen


def by_sampling(edges: Edges, steady: int) -> Edges:
    """What a filter sees that looks at the line every microsecond, as the original does."""
    raw = reported = 1
    since, seen, moves = 0, [], dict(edges)
    for now in range(LAST + 1):
        if now in moves and moves[now] != raw:
            if raw != reported and now - since >= steady:
                reported = raw
                seen.append((now, raw))
            raw, since = moves[now], now
        if raw != reported and now - since >= steady:
            reported = raw
            seen.append((now, raw))
    return seen


@given(gaps, st.integers(0, 40))
def test_the_glitch_filter_agrees_with_one_that_samples_every_microsecond(
    gaps: list[int], steady: int
) -> None:
    edges = edges_from(gaps)
    assert through_glitch_filter(edges, steady) == by_sampling(edges, steady)


def test_a_level_is_let_through_when_it_was_stable_for_exactly_the_time() -> None:
    assert through_glitch_filter([(10, 0), (30, 1)], steady=20) == [(30, 0), (50, 1)]


def test_a_shorter_level_is_never_seen() -> None:
    assert through_glitch_filter([(10, 0), (29, 1)], steady=20) == []


def test_bouncing_delays_the_report_until_it_ends() -> None:
    assert through_glitch_filter([(10, 0), (12, 1), (14, 0)], steady=20) == [(34, 0)]


def test_a_changed_time_counts_the_present_level_as_stable() -> None:
    glitch = GlitchFilter(level=1, steady=20)
    glitch.edge(0, at=10)
    glitch.restart(steady=50, now=12)
    assert glitch.due() == 12


def passed(times: list[int], steady: int, active: int) -> list[int]:
    noise = NoiseFilter(steady, active)
    return [at for at in times if noise.passes(at)]


def test_noise_is_ignored_until_the_line_was_quiet() -> None:
    assert passed([5, 10, 15, 100], steady=50, active=1) == [100]


def test_after_quiet_all_changes_pass_for_the_active_time() -> None:
    assert passed([100, 105, 109, 110, 115], steady=50, active=10) == [100, 105, 109]


def test_quiet_is_counted_from_the_end_of_the_active_time() -> None:
    assert passed([100, 159, 200], steady=50, active=10) == [100]
    assert passed([100, 160], steady=50, active=10) == [100, 160]


def test_without_a_steady_time_everything_passes() -> None:
    assert passed([1, 2, 3], steady=0, active=0) == [1, 2, 3]
