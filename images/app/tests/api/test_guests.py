"""Links for guests: they send, so many a day, until they end, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from inkstand.errors import StorageFullError

pytestmark = pytest.mark.integration
Site = Any
Api = Any
BODY = {"name": "Aunt May", "expires_in_days": 7, "messages_a_day": 3}
GONE = (404, "guest-not-found")


async def make(api: Api, **changes: Any) -> str:
    """Return the secret of a new link."""
    answer = await api.post("/guests", json={**BODY, **changes})
    assert answer.status == 201, await answer.text()
    return str((await answer.json())["url"].rpartition("/guest#")[2])


async def send(site: Site, secret: str, text: str = "Hello") -> Any:
    body = {"secret": secret, "text": text}
    return await site.client.post("/api/v1/guest/messages", json=body)


async def code(answer: Any) -> tuple[int, str]:
    return answer.status, (await answer.json(content_type="application/problem+json"))["code"]


async def test_a_guest_sends_under_their_name_which_is_nobody_elses(api: Api, site: Site) -> None:
    answer = await send(site, await make(api), "Tea?")
    told = await answer.json()
    assert (answer.status, told["name"], told["left_today"]) == (201, "Aunt May", 2)
    message = await (await api.get("/messages/1")).json()
    assert (message["text"], message["author"]) == ("Tea?", "Aunt May (guest)")


async def test_the_secret_is_no_token_and_is_not_kept(api: Api, site: Site) -> None:
    secret = await make(api)
    answer = await site.client.get("/api/v1/panel", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 401
    kept = b"".join(it.read_bytes() for it in site.system.settings.state_directory.iterdir())
    assert secret.encode() not in kept
    assert secret not in await (await api.get("/guests")).text()


async def test_so_many_a_day_and_the_next_day_again(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await make(api)
    answers = await asyncio.gather(*(send(site, secret) for _ in range(8)))
    assert Counter(answer.status for answer in answers) == {201: 3, 429: 5}
    answer = await send(site, secret)
    assert await code(answer) == (429, "daily-limit")
    assert 0 < int(answer.headers["Retry-After"]) <= 86_401
    clock = site.system.clock
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(type(clock), "now", lambda _: tomorrow)
    assert (await (await send(site, secret)).json())["left_today"] == 2


async def test_what_was_sent_today_is_counted_over_a_restart(api: Api, site: Site) -> None:
    secret = await make(api, messages_a_day=1)
    assert (await send(site, secret)).status == 201
    await site.system.accounts.guests.load()
    assert (await send(site, secret)).status == 429
    (told,) = (await (await api.get("/guests")).json())["guests"]
    assert told["left_today"] == 0


async def test_a_text_that_is_refused_at_once_does_not_count(api: Api, site: Site) -> None:
    secret = await make(api)
    assert await code(await send(site, secret, " ")) == (422, "invalid-value")
    assert (await send(site, secret, "x" * 2001)).status == 413
    look = await site.client.post("/api/v1/guest/look", json={"secret": secret})
    assert (await look.json())["left_today"] == 3


async def test_a_link_ends(api: Api, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = await make(api, expires_in_days=1)
    now = time.time()
    monkeypatch.setattr(site.system.accounts.guests, "_now", lambda: now + 86_401)
    assert await code(await send(site, secret)) == GONE
    assert await (await api.get("/guests")).json() == {"guests": []}


async def test_a_revoked_link_is_good_no_longer(api: Api, site: Site) -> None:
    secret = await make(api)
    (told,) = (await (await api.get("/guests")).json())["guests"]
    assert datetime.fromisoformat(told["expires_at"]) > site.system.clock.now() + timedelta(days=6)
    assert (await api.delete(f"/guests/{told['id']}")).status == 204
    assert await code(await send(site, secret)) == GONE
    assert await code(await api.delete(f"/guests/{told['id']}")) == GONE
    await site.system.accounts.guests.load()
    assert await code(await send(site, secret)) == GONE


async def test_who_guesses_has_to_wait_as_for_passwords(api: Api, site: Site) -> None:
    secret = await make(api)
    for number in range(10):
        assert await code(await send(site, f"guess {number}")) == GONE
    assert await code(await send(site, secret)) == (429, "too-many-attempts")


async def test_there_are_only_so_many_links(api: Api) -> None:
    for _ in range(20):
        await make(api)
    assert await code(await api.post("/guests", json=BODY)) == (409, "people")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a/b"},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"expires_in_days": None},
        {"messages_a_day": 0},
        {"messages_a_day": 101},
        {"scope": "admin"},
    ],
    ids=range(7),
)
async def test_what_makes_no_sense_is_422(api: Api, changes: dict[str, Any]) -> None:
    answer = await api.post("/guests", json={**BODY, **changes})
    assert await code(answer) == (422, "invalid-value")


async def test_a_message_that_cannot_be_counted_is_not_sent(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await make(api)

    async def fail(*_: object) -> None:
        raise StorageFullError("There is no room to keep accounts")

    monkeypatch.setattr(site.system.accounts._registry.database, "write", fail)
    assert (await send(site, secret)).status == 507
    assert (await (await api.get("/messages")).json())["messages"] == []
