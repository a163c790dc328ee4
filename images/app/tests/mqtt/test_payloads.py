"""Whatever somebody publishes is shown as it is meant, or refused by a sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkstand.api.schemas import Limits, names
from inkstand.errors import RequestError
from inkstand.mqtt.payloads import MqttRequest, draft_of

pytestmark = pytest.mark.unit
BOUNDED = settings(max_examples=300, derandomize=True, deadline=None)
LIMITS = Limits(200, datetime(2026, 11, 29, 20, tzinfo=UTC))
NAMES = st.sampled_from(sorted(names(MqttRequest)))
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["urgent", "weekly", "FREQ=DAILY", "2026-11-29T21:00:00Z", "\ud800", "#x"])
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


def answered(payload: bytes) -> str:
    """Return what is shown, or why nothing is."""
    try:
        draft = draft_of(payload, LIMITS)
    except RequestError as error:
        return str(error)
    assert 0 < len(draft.text) <= 200
    # However it is signed, it takes of the broker's room.
    assert draft.sender == "@mqtt"
    assert 0 < len(draft.author) <= 64
    return draft.text


@BOUNDED
@given(st.dictionaries(NAMES, ANYTHING, max_size=6), st.text(max_size=9))
def test_whatever_json_comes_is_shown_or_refused(values: dict[str, Any], text: str) -> None:
    assert answered(json.dumps(values).encode())
    assert answered(json.dumps({**values, "text": text}).encode())


@BOUNDED
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda it: ("{" + it).encode()))
def test_whatever_bytes_come_are_shown_or_refused(payload: bytes) -> None:
    assert answered(payload)


@BOUNDED
@given(st.text(max_size=199))
def test_a_text_of_which_something_is_seen_is_shown(text: str) -> None:
    assert "A" in draft_of(f"A{text}".encode("utf-8", "replace"), LIMITS).text


@pytest.mark.parametrize(
    "payload",
    [b"{" * 100_000, b'{"a":' * 50_000, b'{"text": ' + b"9" * 9999],
    ids=range(3),
)
def test_what_is_deep_or_long_is_refused(payload: bytes) -> None:
    with pytest.raises(RequestError):
        draft_of(payload, LIMITS)
