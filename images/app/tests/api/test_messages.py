"""`/api/v1/messages`."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts.model import Scope
from inkstand.messages.waiting import Waiting
from inkstand.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Api = Any


async def test_a_message_is_taken_in_shown_and_read(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    answer = await api.post("/messages", json={"text": "Hello"})
    message = await answer.json()
    assert answer.status == 201
    assert answer.headers["Location"] == "/api/v1/messages/1"
    assert message.pop("at").endswith("Z")
    assert message == {
        "id": 1,
        "author": "john",
        "text": "Hello",
        "state": "waiting",
        "priority": "normal",
        "expires_at": None,
        "show_for": None,
        "shown_at": None,
        "ended_at": None,
        "picture": None,
    }
    await api.until_message(1, "shown")
    answer = await api.post("/messages/1/acknowledge")
    assert (answer.status, (await answer.json())["state"]) == (200, "read")
    assert (await api.post("/messages/1/acknowledge")).status == 409


async def test_options_come_back_as_they_were_sent(api: Api) -> None:
    body = {
        "text": "Hello",
        "priority": "urgent",
        "expires_at": "2999-12-31T23:00:00+01:00",
        "show_for": 30,
    }
    message = await (await api.post("/messages", json=body)).json()
    assert message["expires_at"] == "2999-12-31T22:00:00.000Z"
    assert (message["priority"], message["show_for"]) == ("urgent", 30)


async def test_a_repeat_with_the_same_key_is_answered_with_the_same_message(api: Api) -> None:
    key = {"Idempotency-Key": "one"}
    first = await api.post("/messages", json={"text": "Hello"}, headers=key)
    again = await api.post("/messages", json={"text": "Hello"}, headers=key)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert "Idempotency-Replayed" not in first.headers
    assert (await again.json())["id"] == (await first.json())["id"]
    other = await api.post("/messages", json={"text": "Other"}, headers=key)
    assert (other.status, (await other.json())["code"]) == (409, "idempotency-conflict")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "text has to be a string"),
        ({"text": 7}, "text has to be a string"),
        ({"text": " \n"}, "text must not be blank"),
        ({"text": "\u200b"}, "text must not be blank"),
        ({"text": "a", "priority": "high"}, 'normal or urgent, not "high"'),
        ({"text": "a", "priority": 1}, "not 1"),
        ({"text": "a", "show_for": 0}, "from 1 to 604800, not 0"),
        ({"text": "a", "show_for": True}, "not true"),
        ({"text": "a", "show_for": 1.5}, "not 1.5"),
        ({"text": "a", "expires_at": "tomorrow"}, "such as 2026-"),
        ({"text": "a", "expires_at": "2026-11-21T18:00:00"}, "such as 2026-"),
        ({"text": "a", "expires_at": "2026-02-31T18:00:00Z"}, "expires_at is no time"),
        ({"text": "a", "expires_at": "0001-01-01T00:00:00+23:00"}, "expires_at is no time"),
        ({"text": "a", "expires_at": "2020-01-01T00:00:00Z"}, "in the past"),
        ({"text": "a", "show-for": 3}, '"show-for" is unknown'),
    ],
)
async def test_a_wrong_value_is_422_and_says_which(api: Api, body: object, says: str) -> None:
    answer = await api.post("/messages", json=body)
    problem = await answer.json()
    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert says in problem["detail"]
    # Python 3.13 says Content, earlier ones say Entity.
    assert (problem["code"], problem["title"]) == ("invalid-value", HTTPStatus(422).phrase)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'"text"', b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_a_4xx(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.post("/messages", data=body, headers=headers)
    assert answer.status == (413 if len(body) > 50_000 else 400)
    assert answer.content_type == "application/problem+json"


async def test_other_types_than_json_are_415(api: Api) -> None:
    answer = await api.post("/messages", data=b"text=Hello")
    assert (answer.status, (await answer.json())["code"]) == (415, "unsupported-media-type")


async def test_a_text_that_is_too_long_is_413(api: Api) -> None:
    answer = await api.post("/messages", json={"text": "x" * 2001})
    assert (answer.status, (await answer.json())["code"]) == (413, "message-too-long")
    assert (await api.post("/messages", json={"text": "x" * 2000})).status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "with\ttab", "ünicode"])
async def test_a_key_that_is_none_is_422(api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key}
    assert (await api.post("/messages", json={"text": "a"}, headers=headers)).status == 422


async def test_the_history_is_paged_newest_first_without_what_was_deleted(api: Api) -> None:
    for number in range(1, 6):
        await api.post("/messages", json={"text": f"message {number}"})
    assert (await api.delete("/messages/4")).status == 204
    page = await (await api.get("/messages?limit=2")).json()
    assert [message["id"] for message in page["messages"]] == [5, 3]
    page = await (await api.get(f"/messages?limit=2&before={page['next']}")).json()
    assert [message["id"] for message in page["messages"]] == [2, 1]
    assert page["next"] is None
    page = await (await api.get("/messages?state=deleted")).json()
    assert [(message["id"], message["text"]) for message in page["messages"]] == [(4, "")]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "before=0", "before=9" * 9, "state=new", "state="]
)
async def test_a_wrong_question_is_422(api: Api, query: str) -> None:
    assert (await api.get(f"/messages?{query}")).status == 422


@pytest.mark.parametrize("number", ["7", "0", "9223372036854775808", "9" * 19, "9" * 40, "x"])
async def test_a_message_that_is_not_there_is_404(api: Api, number: str) -> None:
    asked = [
        await api.get(f"/messages/{number}"),
        await api.get(f"/messages/{number}/picture"),
        await api.post(f"/messages/{number}/show"),
        await api.post(f"/messages/{number}/acknowledge"),
        await api.delete(f"/messages/{number}"),
    ]
    assert [answer.status for answer in asked] == [404] * 5
    assert {answer.content_type for answer in asked} == {"application/problem+json"}


async def test_a_message_without_a_picture_has_no_picture(api: Api) -> None:
    await api.post("/messages", json={"text": "a"})
    answer = await api.get("/messages/1/picture")
    assert (answer.status, (await answer.json())["code"]) == (404, "no-picture")


async def test_a_message_is_shown_again_but_not_when_it_was_deleted(api: Api) -> None:
    await api.post("/messages", json={"text": "a"})
    await api.until_message(1, "shown")
    await api.post("/messages/1/acknowledge")
    answer = await api.post("/messages/1/show")
    assert (answer.status, (await answer.json())["state"]) == (200, "waiting")
    await api.until_message(1, "shown")
    await api.delete("/messages/1")
    assert (await api.post("/messages/1/show")).status == 409
    message = await (await api.get("/messages/1")).json()
    assert (message["state"], message["text"]) == ("deleted", "")


async def test_half_a_character_is_kept_as_a_replacement(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.post("/messages", data=b'{"text": "a\\ud800"}', headers=headers)
    assert (answer.status, (await answer.json())["text"]) == (201, "a\ufffd")


async def test_a_line_feed_inside_a_string_is_400_and_says_where(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.post("/messages", data=b'{"text":\n "Hello\nWorld"}', headers=headers)
    assert answer.status == 400
    problem = await answer.json()
    assert problem["code"] == "malformed"
    assert "line 2 column 8" in problem["detail"]


async def test_a_bare_text_is_taken_as_it_is(api: Api) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    answer = await api.post("/messages", data="Grüße\nan alle".encode(), headers=headers)
    assert answer.status == 201
    assert (await answer.json())["text"] == "Grüße\nan alle"


@pytest.mark.parametrize(("body", "status"), [(b" \n", 422), (b"\xff\xfe", 400)])
async def test_a_bare_text_has_to_be_one(api: Api, body: bytes, status: int) -> None:
    answer = await api.post("/messages", data=body, headers={"Content-Type": "text/plain"})
    assert answer.status == status


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/messages?words=dinner", "known: before, limit, state, q"),
        ("/panel?size=2", "nothing is taken"),
        ("/status?q=1", "nothing is taken"),
        ("/events?last=3", "known: last_event_id"),
    ],
)
async def test_a_query_that_means_nothing_is_422_and_says_which(
    api: Api, path: str, known: str
) -> None:
    answer = await api.get(path)
    assert answer.status == 422
    name = path.partition("?")[2].partition("=")[0]
    assert (await answer.json())["detail"] == f'"{name}" is unknown here; {known}'


async def test_a_message_whose_sender_gave_up_is_kept_once_by_its_key(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What README says of clients that hang up before the answer."""
    store = api.site.system.store
    add, kept = type(store).add, asyncio.Event()

    async def add_and_dawdle(self: Any, *arguments: Any) -> Any:
        added = await add(self, *arguments)
        kept.set()
        await asyncio.sleep(3600 if added.created else 0)
        return added

    monkeypatch.setattr(type(store), "add", add_and_dawdle)
    headers = {"Idempotency-Key": "a"}
    first = asyncio.create_task(api.post("/messages", json={"text": "Once"}, headers=headers))
    async with asyncio.timeout(60):
        await kept.wait()
    first.cancel()
    answer = await api.post("/messages", json={"text": "Once"}, headers=headers)
    assert (answer.status, answer.headers["Idempotency-Replayed"]) == (201, "true")
    messages = (await (await api.get("/messages")).json())["messages"]
    assert [message["text"] for message in messages] == ["Once"]


async def test_a_token_that_may_only_send_cannot_keep_the_owner_from_sending(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.site.system.store, "_waiting", Waiting(10))
    issued = await api.site.system.accounts.create("doorbell", Scope.POST, None)
    headers = {"Authorization": f"Bearer {issued.token}"}
    answers = [await api.post("/messages", json={"text": "x"}, headers=headers) for _ in range(6)]
    assert [answer.status for answer in answers] == [201] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert (await answers[-1].json())["code"] == "too-many-waiting"
    classic = {"message": "x"}
    answer = await api.site.client.post("/messages", json=classic, headers=headers)
    assert answer.status == 429
    assert (await api.post("/messages", json={"text": "Mine"})).status == 201


async def test_a_message_that_is_shown_at_once_is_two_trips_to_the_database(
    api: Api, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Awaitable[None]]
) -> None:
    """One keeps it, one writes that it is on the glass; what to do follows from what was written.

    It was twelve when each decision asked the database again.
    """
    controller = api.site.system.controller
    # The last use of the token is written now, and not again for ten minutes.
    await api.get("/screen")
    await eventually(lambda: not controller.state.busy)
    submit, trips = Database.submit, []

    def counting(self: Database, job: Any) -> Any:
        trips.append(job)
        return submit(self, job)

    monkeypatch.setattr(Database, "submit", counting)
    assert (await api.post("/messages", json={"text": "Hello"})).status == 201
    await eventually(lambda: controller.store.outlook.shown and not controller.state.busy)
    assert len(trips) == 2
