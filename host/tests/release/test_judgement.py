"""What passes the gate, and what does not."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.docker import End, creation, end_of, log_text
from inkstand_host.release.gate import Patience
from inkstand_host.release.health import (
    Demands,
    Observation,
    crash_looping,
    failures,
    frames_in,
    how_it_ended,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

KILLED = "it was killed, as is what needs more memory than its limit of 256 MiB"
DEMANDS = Demands(("app", "traefik"))


@pytest.fixture
def well(make_spec: Callable[..., dict[str, Any]]) -> Observation:
    containers = {name: make_spec(name, "one") for name in DEMANDS.containers}
    for it in containers.values():
        it["State"]["Running"] = True
    parts = {"panel": "ok", "button": "ok", "storage": "ok"}
    return Observation(containers, parts, 2, "f00", ("f00", "ba5"), "ok", 401)


def test_nothing_is_said_of_what_is_well(well: Observation) -> None:
    assert failures(well, DEMANDS) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parts": None, "frames": None}, ["the app does not answer /healthz"]),
        (
            {"parts": {"panel": "gone", "button": "ok"}},
            ["/healthz says panel: gone", "/healthz says storage: missing"],
        ),
        ({"frames": 0}, ["no frame of it was read back from the panel"]),
        ({"frames": None}, ["no frame of it was read back from the panel"]),
        ({"glass": ("other",)}, ["the panel shows something else than its frame"]),
        ({"glass": ()}, ["the panel shows something else than its frame"]),
        ({"bridge": "no answer"}, ["pigpiod does not answer: no answer"]),
        ({"answer": 502}, ["HTTPS answers 502 instead of 401"]),
    ],
)
def test_what_is_not_well_is_said(
    well: Observation, change: dict[str, Any], said: list[str]
) -> None:
    assert failures(replace(well, **change), DEMANDS) == said


def test_of_what_a_release_has_not_nothing_is_demanded(well: Observation) -> None:
    closed = replace(well, answer=502)
    assert failures(closed, replace(DEMANDS, edge=False)) == []
    away = replace(closed, frames=0)
    for parts in (None, {"panel": "gone"}):
        assert failures(replace(away, parts=parts), replace(DEMANDS, app=False)) == []


def test_what_did_not_work_before_is_not_demanded(well: Observation) -> None:
    parts = {"panel": "unplugged", "button": "ok", "storage": "ok"}
    seen = replace(well, parts=parts, frames=None, glass=())
    assert failures(seen, replace(DEMANDS, parts=("button", "storage"))) == []


def test_a_release_that_does_not_tell_its_frame_is_believed_by_its_count(well: Observation) -> None:
    assert failures(replace(well, frame=None, glass=("other",)), DEMANDS) == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"Running": False, "ExitCode": 1}, "app does not run: it ended with exit status 1"),
        (
            {"Running": False, "ExitCode": 137},
            f"app does not run: {KILLED}",
        ),
        ({"Running": True, "Restarting": True}, "app does not run: it ended with exit status 0"),
    ],
)
def test_a_container_that_is_down_is_all_that_is_said(
    well: Observation, state: dict[str, Any], said: str
) -> None:
    app = well.containers["app"]
    assert app
    app["State"].update(state)
    assert failures(replace(well, parts=None), DEMANDS) == [said]


def test_a_container_that_is_not_there_is_named_and_not_hopeless(well: Observation) -> None:
    gone = replace(well, containers={**well.containers, "app": None})
    assert failures(gone, DEMANDS) == ["there is no container app"]
    assert crash_looping(gone, DEMANDS) == ""


@pytest.mark.parametrize(
    ("end", "memory", "said"),
    [
        (None, 64 << 20, "it ended with exit status 2"),
        (End(0, oom_killed=True), 64 << 20, f"{KILLED[:-7]}64 MiB"),
        (End(137, oom_killed=False), 0, KILLED[: -len(" of 256 MiB")]),
        (End(1, oom_killed=False), 64 << 20, "it ended with exit status 1"),
    ],
)
def test_how_it_ended_is_said_by_the_engine_then_by_the_container(
    make_spec: Callable[..., dict[str, Any]], end: End | None, memory: int, said: str
) -> None:
    found = make_spec("app", "one")
    found["State"]["ExitCode"] = 2
    found["HostConfig"]["Memory"] = memory
    assert how_it_ended(found, end) == said


def test_a_container_whose_memory_ran_out_says_so_itself(
    make_spec: Callable[..., dict[str, Any]],
) -> None:
    found = make_spec("app", "one")
    found["State"]["OOMKilled"] = True
    del found["HostConfig"]["Memory"]
    assert how_it_ended(found, None) == KILLED[: -len(" of 256 MiB")]


@pytest.mark.parametrize(("before", "is_hopeless"), [(0, True), (2, True), (3, False), (5, False)])
def test_a_container_that_dies_three_times_more_than_before_is_hopeless(
    well: Observation, before: int, is_hopeless: bool
) -> None:
    app = well.containers["app"]
    assert app
    app["RestartCount"] = 5
    said = crash_looping(well, replace(DEMANDS, restarts={"app": before} if before else {}))
    assert said == ("app was restarted 5 times: it ended with exit status 0" if is_hopeless else "")


def test_how_it_ended_is_known_although_it_was_started_again(well: Observation) -> None:
    app = well.containers["app"]
    assert app
    app["RestartCount"] = 3
    assert KILLED in crash_looping(replace(well, ends={"app": End(137, oom_killed=True)}), DEMANDS)


def test_the_last_end_is_read_out_of_the_events_of_the_engine() -> None:
    lines = [
        b'{"Action": "die", "Actor": {"Attributes": {"exitCode": "1"}}}',
        b'{"Action": "oom", "Actor": {"Attributes": {}}}',
        b'{"Action": "die", "Actor": {"Attributes": {"exitCode": "137"}}}',
    ]
    assert end_of(b"\n".join(lines)) == End(137, oom_killed=True)
    assert end_of(b"") is None


def test_a_release_passes_after_it_was_well_for_a_while_without_a_break(well: Observation) -> None:
    patience = Patience(end=40, steady=5)
    ill = replace(well, answer=502)
    row = [(1, well), (3, well), (4, ill), (6, well), (10, well)]
    assert [patience.judge(seen, DEMANDS, now) for now, seen in row] == [None] * len(row)
    assert patience.judge(well, DEMANDS, 11) == ""


def test_a_release_that_does_not_become_well_in_time_fails_with_the_reason(
    well: Observation,
) -> None:
    patience = Patience(end=40, steady=5)
    ill = replace(well, answer=502)
    assert patience.judge(ill, DEMANDS, 39) is None
    assert patience.judge(ill, DEMANDS, 40) == "HTTPS answers 502 instead of 401"


def test_a_release_that_is_hopeless_is_not_waited_for(well: Observation) -> None:
    app = well.containers["app"]
    assert app
    app["RestartCount"] = 3
    said = Patience(end=40, steady=0).judge(well, DEMANDS, 1)
    assert said == "app was restarted 3 times: it ended with exit status 0"


def test_frames_are_counted_of_every_kind() -> None:
    text = 'inkstand_refreshes_total{kind="full"} 1\ninkstand_refreshes_total{kind="skipped"} 2\n'
    assert frames_in(text) == 3
    assert frames_in("") is None


def test_a_container_is_made_again_without_what_the_engine_adds(
    make_spec: Callable[..., dict[str, Any]],
) -> None:
    spec = make_spec("app", "one", "abcdef")
    spec["Config"]["MacAddress"] = "02:42:0a:00:00:02"
    ends = spec["NetworkSettings"]["Networks"]
    ends["inkstand-bus"] = {"Aliases": [spec["Id"][:12], "clock"]}
    body, others = creation(spec)
    assert "MacAddress" not in body
    assert list(body["NetworkingConfig"]["EndpointsConfig"]) == ["inkstand-edge"]
    assert others == {"inkstand-bus": {"Aliases": ["clock"], "IPAMConfig": None, "Links": None}}


def test_a_log_is_put_together_of_its_pieces() -> None:
    pieces = [(1, b"out\n"), (2, b"err\n")]
    stream = b"".join(struct.pack(">BxxxL", kind, len(text)) + text for kind, text in pieces)
    assert log_text(stream) == "out\nerr\n"
