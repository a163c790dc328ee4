"""What the name, the ports and the certificate look like from outside."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

import pytest

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def days(number: int) -> dt.datetime:
    return NOW + dt.timedelta(days=number)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "found", "host", "level"),
    [
        ("mac.example.com", {"192.0.2.1"}, {"192.0.2.1"}, "ok"),
        ("mac.example.com", {"203.0.113.1"}, {"192.0.2.1"}, "warn"),
        ("mac.example.com", set(), {"192.0.2.1"}, "FAIL"),
        ("192.0.2.1", set(), set(), "ok"),
    ],
)
def test_a_name_has_to_lead_to_the_host(
    reach: Any, name: str, found: set[str], host: set[str], level: str
) -> None:
    assert reach.judge_name(name, found, host)["level"] == level


@pytest.mark.unit
@pytest.mark.parametrize(
    ("known", "begin", "end", "level"),
    [
        ({"mac.example.com"}, -10, 80, "ok"),
        ({"*.example.com"}, -10, 80, "ok"),
        ({"mac.example.com"}, -85, 5, "warn"),
        ({"mac.example.com"}, -90, -1, "FAIL"),
        ({"other.example.org"}, -10, 80, "FAIL"),
        (set(), -10, 80, "FAIL"),
    ],
)
def test_a_certificate_has_to_be_right_and_to_last(
    reach: Any, known: set[str], begin: int, end: int, level: str
) -> None:
    judged = reach.judge_certificate("mac.example.com", known, days(begin), days(end), NOW)
    assert judged["level"] == level


@pytest.mark.unit
@pytest.mark.parametrize(
    ("begin", "end", "seen"),
    [
        (-10, 80, "10 days old, ends in 80 days"),
        (-1, 6, "1 day old, ends in 6 days"),
        (0, 1, "less than a day old, ends in 1 day"),
        (-90, -1, "ended 1 day ago"),
    ],
)
def test_the_days_of_a_certificate_are_said_in_words(
    reach: Any, begin: int, end: int, seen: str
) -> None:
    judged = reach.judge_certificate("a.example", {"a.example"}, days(begin), days(end), NOW)
    assert judged["seen"] == seen


@pytest.mark.integration
def test_a_port_that_answers_and_one_that_does_not(reach: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        assert reach.port("127.0.0.1", number)["level"] == "ok"
    closed = reach.port("127.0.0.1", number)
    assert (closed["level"], closed["seen"]) == (
        "FAIL",
        "127.0.0.1 does not answer: Connection refused",
    )


@pytest.mark.integration
def test_who_speaks_no_tls_has_no_certificate(reach: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        server.settimeout(5)
        server.close()
        assert reach.certificate("localhost", "127.0.0.1", number)["level"] == "FAIL"
