"""What programs send becomes what they mean; the payloads have the form of their documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkstand.errors import (
    InvalidValueError,
    MalformedRequestError,
    RequestError,
    UnsupportedMediaTypeError,
)
from inkstand.media_types import BYTES, FORM, JSON, PLAIN_TEXT
from inkstand.messages.hooks import Wanted, read
from inkstand.screens.message import MessageScreen, signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

pytestmark = pytest.mark.unit
FIRING: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "HighTemperature", "instance": "attic:9100", "severity": "warning"},
    "annotations": {"summary": "36 degrees in the attic", "runbook_url": "https://example.com"},
    "startsAt": "2026-11-29T08:00:00.000Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://prometheus.example.com/graph",
    "fingerprint": "c6eadffa33fcdf37",
}
DISK = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "instance": "nas:9100", "severity": "critical"},
    "annotations": {},
    "fingerprint": "a11ce",
}
ALERTMANAGER: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="HighTemperature"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "glass",
    "groupLabels": {"alertname": "HighTemperature"},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "https://alertmanager.example.com",
    "alerts": [FIRING],
}
GRAFANA = {
    "receiver": "Glass",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            **FIRING,
            "silenceURL": "https://grafana.example.com/alerting/silence/new",
            "dashboardURL": "",
            "panelURL": "",
            "values": {"B": 44.23943737541908, "C": 1},
        }
    ],
    "groupLabels": {},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example.com/",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "title": "[FIRING:1] HighTemperature",
    "state": "alerting",
    "message": "**Firing**\n\nLabels:\n - alertname = HighTemperature",
}
KUMA: dict[str, Any] = {
    "heartbeat": {
        "monitorID": 29,
        "status": 0,
        "time": "2026-11-29 08:00:00.527",
        "msg": "connect ECONNREFUSED",
        "important": True,
        "duration": 60,
    },
    "monitor": {"id": 29, "name": "Home page", "url": "https://example.com", "type": "http"},
    "msg": "[Home page] [🔴 Down] connect ECONNREFUSED",
}
REPOSITORY = {"id": 1296269, "full_name": "octocat/Hello-World", "owner": {"login": "octocat"}}
BLOCKS = [
    {"type": "header", "text": {"type": "plain_text", "text": "Build 7 failed"}},
    {"type": "divider"},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "See <https://example.com/7|the log> &amp; <#C1>"},
        "fields": [{"type": "mrkdwn", "text": "main"}],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "by CI"}]},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "Retry?"}]}
        ],
    },
]
RUN = {"action": "completed", "workflow_run": {"name": "CI", "conclusion": "failure"}}
GOLDEN: dict[str, tuple[Any, str, bool]] = {
    "ntfy": (
        {"topic": "glass", "title": "Backup", "message": "Done", "priority": 3, "tags": ["disk"]},
        "Backup\nDone",
        False,
    ),
    "ntfy, high": ({"topic": "glass", "message": "Fire", "priority": 4}, "Fire", True),
    "gotify": ({"title": "Backup", "message": "Done", "priority": 5}, "Backup\nDone", False),
    "gotify, high": ({"message": "Fire", "priority": 8, "extras": {}}, "Fire", True),
    "apprise": (
        {"version": "1.0", "title": "", "message": "Hi", "attachments": [], "type": "info"},
        "Hi",
        False,
    ),
    "apprise, with a picture": (
        {
            "version": "1.0",
            "title": "Door",
            "message": "Rings",
            "attachments": [{"filename": "a.png", "base64": "AA==", "mimetype": "image/png"}],
            "type": "failure",
        },
        "Door\nRings",
        False,
    ),
    "slack": ({"text": "<https://example.com> is 1 &lt; 2"}, "https://example.com is 1 < 2", False),
    "slack, blocks": (
        {"text": "A fallback", "blocks": BLOCKS},
        "Build 7 failed\nSee the log & <#C1>\nmain\nby CI\nRetry?",
        False,
    ),
    "slack, attachments": (
        {"attachments": [{"fallback": "No", "title": "Build", "text": "It failed"}]},
        "Build\nIt failed",
        False,
    ),
    "alertmanager": (ALERTMANAGER, "HighTemperature: 36 degrees in the attic", False),
    "alertmanager, two": (
        {**ALERTMANAGER, "alerts": [FIRING, {**FIRING, "status": "resolved"}, DISK]},
        "HighTemperature: 36 degrees in the attic\nDiskFull: nas:9100",
        True,
    ),
    "grafana": (GRAFANA, "HighTemperature: 36 degrees in the attic", False),
    "uptime kuma": (KUMA, "[Home page] [🔴 Down] connect ECONNREFUSED", False),
    "uptime kuma, a trial": (
        {"heartbeat": None, "monitor": None, "msg": "Glass Testing"},
        "Glass Testing",
        False,
    ),
}


def resolved(value: Any) -> Any:
    """Return what the same monitor says when it is over."""
    over = json.loads(json.dumps(value).replace('"firing"', '"resolved"'))
    if "heartbeat" in over:
        over["heartbeat"]["status"] = 1
    return over


# One of each sender, as a picture.
SEEN = (
    *("ntfy", "gotify, high", "apprise, with a picture", "slack, blocks"),
    *("alertmanager, two", "grafana", "uptime kuma"),
)


def sent(value: Any, longest: int = 2000, **headers: str) -> Wanted | None:
    by_name = {name.replace("_", "-"): said for name, said in headers.items()}
    return read(JSON, json.dumps(value).encode(), by_name, longest)


def wanted(value: Any) -> Wanted:
    found = sent(value)
    assert found is not None
    return found


@pytest.mark.parametrize("name", GOLDEN)
def test_what_a_program_sends_is_shown_as(name: str) -> None:
    value, text, urgent = GOLDEN[name]
    found = wanted(value)
    assert (found.text, found.urgent, found.over) == (text, urgent, False)


def picture_of(wanted: Wanted) -> Image.Image:
    """Draw it, sent by a token of the name Monitor at half past nine."""
    now = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
    return MessageScreen(wanted.text, signature("Monitor", now)).render((264, 176), now)


@pytest.mark.parametrize("name", SEEN)
def test_what_a_program_sends_looks_as_when_it_was_looked_at(
    name: str, golden: Callable[[str, Image.Image], None]
) -> None:
    sender = name.partition(",")[0].replace(" ", "_")
    golden(f"hook_{sender}_264x176", picture_of(wanted(GOLDEN[name][0])))


def test_what_github_sends_looks_as_when_it_was_looked_at(
    golden: Callable[[str, Image.Image], None],
) -> None:
    found = sent({**RUN, "repository": REPOSITORY}, X_GitHub_Event="workflow_run")
    assert found is not None
    golden("hook_github_264x176", picture_of(found))


@pytest.mark.parametrize(
    ("event", "value", "text"),
    [
        (
            "issues",
            {"action": "opened", "issue": {"number": 1347, "title": "Found a bug"}},
            "octocat/Hello-World: issues opened\nFound a bug",
        ),
        (
            "push",
            {"ref": "refs/heads/main", "head_commit": {"message": "Fix it\n\nAt last"}},
            "octocat/Hello-World: push refs/heads/main\nFix it",
        ),
        (
            "workflow_run",
            RUN,
            "octocat/Hello-World: workflow run failure\nCI",
        ),
        ("star", {"action": "created"}, "octocat/Hello-World: star created"),
    ],
)
def test_an_event_of_github_is_a_line(event: str, value: Any, text: str) -> None:
    found = sent({**value, "repository": REPOSITORY}, X_GitHub_Event=event)
    assert found == Wanted(text)


def test_a_ping_of_github_is_heard_and_no_more() -> None:
    ping = {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"type": "Repository"}}
    assert sent(ping, X_GitHub_Event="ping") is None
    assert sent({**ping, "repository": REPOSITORY}, X_GitHub_Event="push") is not None


def test_an_event_of_no_repository_is_refused_by_a_sentence() -> None:
    with pytest.raises(InvalidValueError, match="sponsorship is of no repository"):
        sent({"action": "created"}, X_GitHub_Event="sponsorship")


@pytest.mark.parametrize("kind", [PLAIN_TEXT, FORM, BYTES])
def test_a_text_is_shown_as_it_is_also_when_curl_calls_it_a_form(kind: str) -> None:
    assert read(kind, "1 + 1 = 2, Grüße & more\n".encode(), {}, 99) == Wanted(
        "1 + 1 = 2, Grüße & more"
    )


@pytest.mark.parametrize(
    ("headers", "text", "urgent"),
    [
        ({"Title": "Door"}, "Door\nRings", False),
        ({"X-Title": "Door", "X-Priority": "urgent"}, "Door\nRings", True),
        ({"Priority": "5"}, "Rings", True),
        ({"Priority": "3"}, "Rings", False),
        # Browsers have a header of that name, too (RFC 9218).
        ({"Priority": "u=5, i"}, "Rings", False),
        ({"Priority": "9" * 5000}, "Rings", True),
    ],
)
def test_headers_of_ntfy_count(headers: dict[str, str], text: str, urgent: bool) -> None:
    assert read(PLAIN_TEXT, b"Rings", headers, 99) == Wanted(text, urgent)


def test_a_form_has_the_same_fields_and_may_carry_json() -> None:
    assert read(FORM, b"title=Door&message=Rings+twice&priority=8", {}, 99) == Wanted(
        "Door\nRings twice", urgent=True
    )
    assert read(FORM, b"payload=%7B%22text%22%3A%22Hi%22%7D", {}, 99) == Wanted("Hi")


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert sent({"title": "Log", "message": "x" * 50}, 10) == Wanted("Log\nxxxxx…")
    assert sent({"message": "x" * 10}, 10) == Wanted("x" * 10)


@pytest.mark.parametrize("value", [ALERTMANAGER, GRAFANA, KUMA], ids=["alerts", "grafana", "kuma"])
def test_what_is_over_is_about_the_same(value: Any) -> None:
    over = wanted(resolved(value))
    assert over.over
    assert over.alert == wanted(value).alert != ""


def test_another_alert_in_a_group_is_another_thing_to_say_and_the_same_again_is_not() -> None:
    one, again = wanted(ALERTMANAGER), wanted({**ALERTMANAGER, "status": "firing", "new": 1})
    more = wanted({**ALERTMANAGER, "alerts": [FIRING, DISK]})
    assert one.alert == again.alert == more.alert
    assert one.which == again.which != more.which
    assert more.which == wanted({**ALERTMANAGER, "alerts": [DISK, FIRING]}).which


def test_a_monitor_that_waits_or_is_maintained_is_no_alert() -> None:
    pending = {**KUMA, "heartbeat": {**KUMA["heartbeat"], "status": 2}}
    assert (wanted(pending).alert, wanted(pending).over) == ("", False)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "The body has to be a JSON object"),
        ({}, "Nothing in it can be seen; a text is in message or text"),
        ({"message": " \u200b"}, "Nothing in it can be seen"),
        ({"message": 5}, "message has to be a string"),
        ({"title": ["a"], "message": "b"}, "title has to be a string"),
        ({"alerts": {}}, "alerts has to be a list"),
        ({"alerts": []}, "alerts must not be empty"),
        ({"alerts": ["x"]}, "alerts has to be a JSON object"),
        ({"alerts": [{}]}, "status of an alert has to be firing or resolved"),
        ({"alerts": [{**FIRING, "labels": 5}]}, "labels has to be a JSON object"),
        ({"heartbeat": 5}, "monitor has to be a JSON object"),
        ({"heartbeat": {}, "monitor": {}, "msg": "x"}, "monitor has to have a number as its id"),
    ],
)
def test_what_has_the_wrong_shape_is_refused_by_a_sentence(value: Any, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why):
        sent(value)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"{"),
        (JSON, b"[" * 100_000),
        (JSON, b'{"a": %s}' % (b"9" * 10_000)),
        (JSON, b"\xff\xfe\xfd"),
        (PLAIN_TEXT, b"\xff"),
        (FORM, b"\xff"),
    ],
    ids=range(6),
)
def test_what_is_not_what_it_says_is_malformed(kind: str, body: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        read(kind, body, {}, 99)


def test_a_form_of_too_many_fields_and_other_kinds_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="at most 100 fields"):
        read(FORM, b"&".join(b"message=a" for _ in range(101)), {}, 99)
    with pytest.raises(UnsupportedMediaTypeError, match="no image/png"):
        read("image/png", b"x", {}, 99)


def test_blocks_are_read_six_deep() -> None:
    deep: Any = {"text": "deep"}
    for _ in range(300):
        deep = {"elements": [deep]}
    assert sent({"text": "Fallback", "blocks": [deep]}) == Wanted("Fallback")


BOUNDED = settings(max_examples=300, derandomize=True, deadline=None)
WORDS = """
    alerts status labels annotations summary alertname fingerprint groupKey heartbeat monitor id msg
    message title text body blocks elements fields attachments priority topic repository full_name
    action issue payload
"""
NAMES = st.sampled_from(WORDS.split())
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["firing", "resolved", "high", "\ud800"])
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


def answered(kind: str, body: bytes, headers: dict[str, str]) -> str:
    """Return what is shown, at most 20 characters, or why nothing is."""
    try:
        found = read(kind, body, headers, 20)
    except RequestError as error:
        return str(error)
    assert found is None or len(found.text) <= 20
    return "heard" if found is None or found.over else found.text


@BOUNDED
@given(ANYTHING, st.sampled_from([{}, {"X-GitHub-Event": "issues"}, {"Priority": "²"}]))
def test_whatever_json_comes_is_read_or_refused(value: Any, headers: dict[str, str]) -> None:
    assert answered(JSON, json.dumps(value).encode(), headers)


@BOUNDED
@given(st.sampled_from([JSON, FORM, PLAIN_TEXT, BYTES]), st.binary(max_size=200))
def test_whatever_bytes_come_are_read_or_refused(kind: str, body: bytes) -> None:
    assert answered(kind, body, {})
