"""Messages that come later, over `/api/v1`."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from inkstand.accounts.model import Scope

pytestmark = pytest.mark.integration
Api = Any
DAY = timedelta(days=1)


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_days(number: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + number * DAY


async def send(api: Api, **options: Any) -> dict[str, Any]:
    answer = await api.post("/messages", json={"text": "Bins", **options})
    told: dict[str, Any] = await answer.json()
    assert answer.status == 201, told
    return told


async def test_a_message_that_comes_later_is_scheduled_and_listed(api: Api) -> None:
    late, soon = in_days(3), in_days(1)
    await send(api, show_at=stamp(late))
    message = await send(api, show_at=stamp(soon), expires_at=stamp(soon + DAY))
    assert (message["state"], message["upcoming"]) == ("scheduled", [stamp(soon)])
    assert message["expires_at"] == stamp(soon + DAY)
    listed = (await (await api.get("/messages/scheduled")).json())["messages"]
    assert [each["id"] for each in listed] == [2, 1]
    assert await (await api.get("/messages/2")).json() == message == listed[0]
    assert (await (await api.get("/messages")).json())["messages"] == []
    status = await (await api.get("/status")).json()
    assert (status["messages"]["scheduled"], status["messages"]["waiting"]) == (2, 0)


async def test_a_series_has_its_next_times_of_which_one_can_be_skipped(api: Api) -> None:
    first = in_days(1)
    series = await send(api, show_at=stamp(first), repeat="weekly")
    assert series["repeat"] == "weekly"
    assert series["upcoming"] == [stamp(first + 7 * week * DAY) for week in range(5)]
    second = series["upcoming"][1]
    answer = await api.post("/messages/1/skip", json={"at": second})
    assert answer.status == 200
    assert second not in (await answer.json())["upcoming"]
    answer = await api.post("/messages/1/skip", json={"at": stamp(first + DAY)})
    assert (answer.status, (await answer.json())["code"]) == (409, "message-state")
    assert (await api.post("/messages/2/skip", json={"at": second})).status == 404


async def test_what_repeats_from_now_on_comes_now(api: Api) -> None:
    series = await send(api, repeat="daily")
    following = datetime.fromisoformat(series["upcoming"][-1]) + DAY
    await api.until_message(2, "shown")
    message = await (await api.get("/messages/2")).json()
    assert message["at"] == series["upcoming"][0]
    left = (await (await api.get("/messages/1")).json())["upcoming"]
    assert left == [*series["upcoming"][1:], stamp(following)]


async def test_a_series_is_ended_as_a_message_is_deleted(api: Api) -> None:
    await send(api, show_at=stamp(in_days(1)), repeat="daily")
    assert (await api.delete("/messages/1")).status == 204
    assert (await (await api.get("/messages/scheduled")).json())["messages"] == []
    message = await (await api.get("/messages/1")).json()
    assert (message["state"], message["text"]) == ("deleted", "")
    assert "upcoming" not in message


async def test_a_picture_comes_later_as_well(api: Api) -> None:
    at, output = stamp(in_days(2)), io.BytesIO()
    Image.new("L", (30, 30)).save(output, "PNG")
    answer = await api.post(
        "/images",
        params={"show_at": at, "repeat": "FREQ=MONTHLY;COUNT=2"},
        data=output.getvalue(),
        headers={"Content-Type": "image/png"},
    )
    message = await answer.json()
    assert (answer.status, message["state"], message["upcoming"][0]) == (201, "scheduled", at)
    assert len(message["upcoming"]) == 2
    assert (await api.get("/messages/1/picture")).status == 200


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"show_at": "2020-01-01T00:00:00Z"}, "past"),
        ({"show_at": "9999-12-31T00:00:00Z"}, "366 days"),
        ({"show_at": "tomorrow"}, "show_at"),
        ({"show_at": 5}, "show_at"),
        ({"show_at": stamp(in_days(2)), "expires_at": stamp(in_days(1))}, "later than show_at"),
        ({"repeat": "hourly"}, "daily"),
        ({"repeat": "FREQ=MINUTELY"}, "daily"),
        ({"repeat": 7}, "repeat"),
        ({"repeat": "X" * 201}, "200"),
        ({"repeat": "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1"}, "ever comes"),
    ],
)
async def test_what_never_comes_is_refused_with_a_sentence(
    api: Api, options: dict[str, Any], word: str
) -> None:
    answer = await api.post("/messages", json={"text": "Hello", **options})
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (422, "invalid-value")
    assert word in problem["detail"]


async def test_the_history_does_not_look_for_what_comes_later(api: Api) -> None:
    assert (await api.get("/messages", params={"state": "scheduled"})).status == 422


async def test_who_may_only_read_sees_what_comes_and_changes_nothing(api: Api) -> None:
    message = await send(api, show_at=stamp(in_days(1)), repeat="daily")
    issued = await api.site.system.accounts.create("wall", Scope.READ, None)
    reader = {"Authorization": f"Bearer {issued.token}"}
    assert (await api.get("/messages/scheduled", headers=reader)).status == 200
    body = {"at": message["upcoming"][0]}
    assert (await api.post("/messages/1/skip", json=body, headers=reader)).status == 403
