"""People who were invited: how they come, what they may, and how they go."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts import registry
from inkstand.accounts.attempts import Attempts, buckets_of
from inkstand.accounts.model import Role, Scope, Visitor
from inkstand.accounts.people import ask_for_reset
from inkstand.errors import StorageFullError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration
Site = Any
Api = Any
PASSWORD = "four words and more"


async def invite(api: Api, role: str = "sender", name: str | None = None) -> str:
    """Return the secret of a new invitation."""
    answer = await api.post("/invitations", json={"role": role, "name": name})
    assert answer.status == 201, await answer.text()
    return str((await answer.json())["url"].rpartition("#")[2])


async def accept(site: Site, secret: str, name: str = "Anna", password: str = PASSWORD) -> Any:
    body = {"secret": secret, "name": name, "password": password}
    return await site.client.post("/api/v1/invitation/accept", json=body)


async def log_in(site: Site, name: str, password: str = PASSWORD) -> Any:
    body = {"username": name, "password": password}
    return await site.client.post("/api/v1/session", json=body)


async def person(api: Api, role: str, name: str = "Anna") -> dict[str, str]:
    """Return the headers of somebody new."""
    answer = await accept(api.site, await invite(api, role), name)
    assert answer.status == 201, await answer.text()
    answer = await log_in(api.site, name)
    return {"Authorization": f"Bearer {(await answer.json())['token']}"}


async def asked(site: Site, who: dict[str, str], method: str, path: str, **options: Any) -> int:
    answer = await site.client.request(method, f"/api/v1{path}", headers=who, **options)
    return int(answer.status)


async def code(answer: Any) -> tuple[int, str]:
    return answer.status, (await answer.json(content_type="application/problem+json"))["code"]


GONE = (404, "invitation-not-found")


async def test_only_the_owner_lets_a_screen_ask_the_network_at_home(api: Api, site: Site) -> None:
    """Who administers from elsewhere would see what the owner's other devices answer."""
    admin = await person(api, "admin")
    home = {"name": "home", "pack": "number", "private": True}
    home["settings"] = {"address": "http://192.168.1.2/power", "value": "watts"}
    assert await asked(site, admin, "PATCH", "/settings", json={"screens": [home]}) == 422
    answer = await api.request("PATCH", "/settings", json={"screens": [home]})
    assert answer.status == 200, await answer.text()
    told = (await answer.json())["settings"]
    (screens,) = (each["value"] for each in told if each["name"] == "screens")
    note = {"name": "note", "pack": "text", "settings": {"text": "Milk"}}
    assert await asked(site, admin, "PATCH", "/settings", json={"screens": [*screens, note]}) == 200
    (changed,) = [{**each, "settings": {**each["settings"], "value": "x"}} for each in screens]
    assert await asked(site, admin, "PATCH", "/settings", json={"screens": [changed]}) == 422


async def test_who_is_invited_chooses_name_and_password_and_logs_in(api: Api, site: Site) -> None:
    secret = await invite(api, "sender")
    look = await site.client.post("/api/v1/invitation/look", json={"secret": secret})
    told = await look.json()
    assert (look.status, told["role"], told["name"]) == (200, "sender", None)
    came = await accept(site, secret, "  Anna   Lind ")
    assert (came.status, (await came.json())["name"]) == (201, "Anna Lind")
    session = await (await log_in(site, "anna lind")).json()
    assert (session["user"], session["scope"]) == ("Anna Lind", "post")
    who = {"Authorization": f"Bearer {session['token']}"}
    answer = await site.client.get("/api/v1/session", headers=who)
    assert (await answer.json())["role"] == "sender"
    people = (await (await api.get("/people")).json())["people"]
    assert [(it["name"], it["role"]) for it in people] == [
        ("john", "owner"),
        ("Anna Lind", "sender"),
    ]


async def test_an_invitation_is_listed_without_what_makes_it_one(api: Api) -> None:
    answer = await api.post("/invitations", json={"role": "viewer", "name": "Kim"})
    made = await answer.json()
    url = made.pop("url")
    secret = url.rpartition("#")[2]
    assert url.endswith(f"/invite#{secret}")
    assert len(secret) >= 43
    text = await (await api.get("/invitations")).text()
    assert secret not in text
    assert (await (await api.get("/invitations")).json())["invitations"] == [made]


async def test_neither_secret_nor_password_is_kept_or_logged(
    api: Api, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        open_one, secret = await invite(api), await invite(api)
        await accept(site, secret)
        await accept(site, secret)
        await log_in(site, "Anna")
        await log_in(site, "Anna", "not her password")
    kept = b"".join(it.read_bytes() for it in site.system.settings.state_directory.iterdir())
    for word in (open_one, secret, PASSWORD, "not her password"):
        assert word.encode() not in kept
        assert word not in caplog.text
    assert b"$argon2id$" in kept


async def test_an_invitation_is_good_once(api: Api, site: Site) -> None:
    secret = await invite(api)
    assert (await accept(site, secret)).status == 201
    assert await code(await accept(site, secret, "Bert")) == GONE
    look = await site.client.post("/api/v1/invitation/look", json={"secret": secret})
    assert await code(look) == GONE
    assert await (await api.get("/invitations")).json() == {"invitations": []}


async def test_of_many_uses_at_a_time_exactly_one_wins(api: Api, site: Site) -> None:
    secret = await invite(api)
    names = [f"Anna {number}" for number in range(8)]
    answers = await asyncio.gather(*(accept(site, secret, name) for name in names))
    assert Counter(answer.status for answer in answers) == {201: 1, 404: 7}
    assert len(site.system.accounts.people.all()) == 2


async def test_of_two_invitations_at_a_time_one_gets_the_name(api: Api, site: Site) -> None:
    secrets = [await invite(api), await invite(api)]
    answers = await asyncio.gather(
        accept(site, secrets[0], "Anna"), accept(site, secrets[1], "ANNA")
    )
    assert sorted(answer.status for answer in answers) == [201, 409]
    # The other one is good for another name.
    assert len(site.system.accounts.invitations.all()) == 1


async def test_an_invitation_ends_after_a_day(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, invitations = await invite(api), site.system.accounts.invitations
    now = time.time()
    monkeypatch.setattr(invitations, "_now", lambda: now + 86_390)
    assert len(invitations.all()) == 1
    monkeypatch.setattr(invitations, "_now", lambda: now + 86_401)
    assert invitations.all() == ()
    assert await code(await accept(site, secret)) == GONE


async def test_a_revoked_invitation_is_good_no_longer(api: Api, site: Site) -> None:
    secret = await invite(api)
    (told,) = (await (await api.get("/invitations")).json())["invitations"]
    assert (await api.delete(f"/invitations/{told['id']}")).status == 204
    assert await code(await api.delete(f"/invitations/{told['id']}")) == GONE
    assert await code(await accept(site, secret)) == GONE


@pytest.mark.parametrize("secret", ["", "x", "\ud800", "A" * 43, "A" * 9000])
async def test_a_guessed_invitation_is_none(api: Api, site: Site, secret: str) -> None:
    await invite(api)
    assert await code(await accept(site, secret)) == GONE


async def test_who_guesses_invitations_has_to_wait_as_for_passwords(api: Api, site: Site) -> None:
    good = await invite(api)
    for number in range(10):
        assert await code(await accept(site, f"guess {number}")) == GONE
    for path in ("look", "accept"):
        body = {"secret": good, "name": "Anna", "password": PASSWORD}
        if path == "look":
            body = {"secret": good}
        answer = await site.client.post(f"/api/v1/invitation/{path}", json=body)
        assert await code(answer) == (429, "too-many-attempts")
        assert int(answer.headers["Retry-After"]) >= 1
    assert (await log_in(site, "john", "wrong")).status == 429


@pytest.mark.parametrize(
    "name",
    ["john", "JOHN", "\uff4a\uff4f\uff48\uff4e", "Ink\u017ftand", "inkstand", "ANNA"],
)
async def test_a_name_that_is_taken_or_looks_like_it_is_refused_and_the_invitation_stays(
    api: Api, site: Site, name: str
) -> None:
    await person(api, "viewer", "Anna")
    secret = await invite(api)
    assert await code(await accept(site, secret, name)) == (409, "name-taken")
    answer = await api.post("/invitations", json={"role": "viewer", "name": name})
    assert await code(answer) == (409, "name-taken")
    assert (await accept(site, secret, "Bert")).status == 201


WRONG: list[dict[str, Any]] = [
    {"name": ""},
    {"name": " "},
    {"name": "x" * 41},
    {"name": "a/b"},
    {"name": ".."},
    {"name": "-x"},
    {"name": "a\nb\x00"},
    {"name": "jo\u200bhn"},
    {"name": "jo\u034fhn"},
    {"name": "\u202enhoj"},
    {"name": "\ud800"},
    {"name": None},
    {"name": 7},
    {"password": "x" * 11},
    {"password": "anna-inkstand-1"},
    {"password": "LegoMac2026!"},
    {"password": None},
    {"password": 123456789012},
    {"secret": None},
    {"role": "admin"},
]


@pytest.mark.parametrize("changes", WRONG, ids=range(len(WRONG)))
async def test_what_makes_no_sense_is_422_and_the_invitation_stays(
    api: Api, site: Site, changes: dict[str, Any]
) -> None:
    secret = await invite(api)
    body = {"secret": secret, "name": "Anna", "password": PASSWORD, **changes}
    answer = await site.client.post("/api/v1/invitation/accept", json=body)
    assert await code(answer) == (422, "invalid-value")
    assert PASSWORD not in await answer.text()
    assert (await accept(site, secret)).status == 201


async def test_an_invitation_for_a_name_is_for_that_one(api: Api, site: Site) -> None:
    secret = await invite(api, "viewer", "Kim")
    assert await code(await accept(site, secret, "Anna")) == (409, "name-taken")
    assert (await accept(site, secret, "Kim")).status == 201


@pytest.mark.parametrize("role", ["owner", "root", None, 3])
async def test_nobody_is_invited_or_made_what_there_is_not(api: Api, role: Any) -> None:
    await person(api, "viewer")
    assert await code(await api.post("/invitations", json={"role": role})) == (422, "invalid-value")
    answer = await api.put("/people/Anna", json={"role": role})
    assert await code(answer) == (422, "invalid-value")


async def test_messages_carry_who_sent_them_and_a_sender_takes_back_their_own(
    api: Api, site: Site
) -> None:
    anna, bert = await person(api, "sender", "Anna"), await person(api, "sender", "Bert")
    answer = await site.client.post("/api/v1/messages", json={"text": "Hello"}, headers=anna)
    assert (answer.status, (await answer.json())["author"]) == (201, "Anna")
    assert await asked(site, bert, "DELETE", "/messages/1") == 403
    assert await asked(site, anna, "DELETE", "/messages/1") == 204
    await api.post("/messages", json={"text": "The owner's"})
    assert await asked(site, anna, "DELETE", "/messages/2") == 403
    assert (await api.delete("/messages/2")).status == 204


async def within_a_second(action: Any, *ends: Any) -> None:
    async with asyncio.timeout(1):
        assert (await action).status in (200, 204)
        for end in ends:
            await end


async def until_over(stream: Any) -> None:
    async for _ in stream:
        pass


@pytest.mark.parametrize("how", ["removed", "lowered"])
async def test_sessions_tokens_and_streams_end_within_a_second(
    api: Api, site: Site, how: str
) -> None:
    anna = await person(api, "sender")
    body = {"name": "kitchen", "scope": "post", "expires_in_days": None}
    answer = await site.client.post("/api/v1/tokens", json=body, headers=anna)
    token = {"Authorization": (await answer.json())["token"]}
    stream = await site.client.get("/api/v1/events", headers=anna)
    socket = await site.client.ws_connect("/api/v1/events", headers=token)
    lowered = {"json": {"role": "viewer"}} if how == "lowered" else {}
    action = api.request("PUT" if lowered else "DELETE", "/people/Anna", **lowered)
    await within_a_second(action, until_over(stream.content), until_over(socket))
    for who in (anna, token):
        assert await asked(site, who, "GET", "/panel") == 401
    assert (await log_in(site, "Anna")).status == (401 if how == "removed" else 201)


@pytest.mark.parametrize("how", ["removed", "lowered"])
async def test_links_for_guests_end_with_who_made_them(api: Api, site: Site, how: str) -> None:
    anna = await person(api, "admin")
    body = {"name": "Aunt May", "expires_in_days": 7, "messages_a_day": 3}
    made = await site.client.post("/api/v1/guests", json=body, headers=anna)
    sent = {"secret": (await made.json())["url"].rpartition("#")[2], "text": "Tea?"}
    assert (await site.client.post("/api/v1/guest/messages", json=sent)).status == 201
    lowered = {"json": {"role": "sender"}} if how == "lowered" else {}
    await api.request("PUT" if lowered else "DELETE", "/people/Anna", **lowered)
    assert (await site.client.post("/api/v1/guest/messages", json=sent)).status == 404
    assert (await (await api.get("/guests")).json())["guests"] == []


async def test_who_gets_a_higher_role_logs_in_again_and_keeps_tokens(api: Api, site: Site) -> None:
    anna = await person(api, "viewer")
    body = {"name": "kitchen", "scope": "read", "expires_in_days": None}
    answer = await site.client.post("/api/v1/tokens", json=body, headers=anna)
    token = {"Authorization": (await answer.json())["token"]}
    assert (await api.put("/people/Anna", json={"role": "admin"})).status == 200
    assert await asked(site, anna, "GET", "/panel") == 401
    assert await asked(site, token, "GET", "/panel") == 200
    assert (await (await log_in(site, "Anna")).json())["scope"] == "admin"


async def test_who_is_removed_while_they_log_in_does_not_get_in(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person(api, "admin")
    verifier = site.system.accounts._authenticator._passwords
    verify = verifier.verify

    async def slow(password_hash: str, password: str) -> bool:
        assert (await api.delete("/people/Anna")).status == 204
        return bool(await verify(password_hash, password))

    monkeypatch.setattr(verifier, "verify", slow)
    assert (await log_in(site, "Anna")).status == 401


async def test_the_owner_stays_also_for_admins(api: Api, site: Site) -> None:
    admin = await person(api, "admin")
    assert await asked(site, admin, "DELETE", "/people/john") == 409
    role = {"json": {"role": "viewer"}}
    assert await asked(site, admin, "PUT", "/people/john", **role) == 409
    assert await asked(site, admin, "DELETE", "/people/Bert") == 404
    # But themselves they may remove.
    assert await asked(site, admin, "DELETE", "/people/Anna") == 204


async def test_a_token_goes_no_further_than_its_owner(api: Api, site: Site) -> None:
    anna = await person(api, "viewer")
    for scope, status in (("admin", 403), ("post", 403), ("read", 201)):
        body = {"name": "kitchen", "scope": scope, "expires_in_days": None}
        answer = await site.client.post("/api/v1/tokens", json=body, headers=anna)
        assert answer.status == status
    token = {"Authorization": (await answer.json())["token"]}
    # What was given away makes no others, and does not see who else there is.
    assert await asked(site, token, "POST", "/tokens", json=body) == 403
    assert await asked(site, token, "GET", "/tokens") == 403
    assert await asked(site, token, "GET", "/panel") == 200


async def test_people_see_and_revoke_their_own_tokens_only(api: Api, site: Site) -> None:
    anna, admin = await person(api, "sender"), await person(api, "admin", "Bert")
    answer = await site.client.get("/api/v1/tokens", headers=anna)
    (own,) = (await answer.json())["tokens"]
    assert own["user"] == "Anna"
    everybodys = (await (await api.get("/tokens")).json())["tokens"]
    assert {each["user"] for each in everybodys} == {"john", "Anna", "Bert"}
    (owners,) = (each for each in everybodys if each["user"] == "john")
    assert await asked(site, anna, "DELETE", f"/tokens/{owners['id']}") == 404
    assert await asked(site, anna, "DELETE", "/tokens/0123") == 404
    assert await asked(site, admin, "DELETE", f"/tokens/{own['id']}") == 204
    assert await asked(site, anna, "GET", "/tokens") == 401


async def test_somebody_may_have_fifty_tokens(api: Api, site: Site) -> None:
    anna = await person(api, "viewer")
    body = {"name": "kitchen", "scope": "read", "expires_in_days": None}
    made = [await asked(site, anna, "POST", "/tokens", json=body) for _ in range(51)]
    assert Counter(made) == {201: 50, 409: 1}


async def test_limits_of_streams_and_messages_hold_for_all_tokens_of_a_person(
    api: Api, site: Site
) -> None:
    anna = await person(api, "sender")
    answer = await log_in(site, "Anna")
    other = {"Authorization": f"Bearer {(await answer.json())['token']}"}
    accounts = site.system.accounts
    principals = [accounts.verify(it["Authorization"].split()[1]) for it in (anna, other)]
    assert principals[0].sender == principals[1].sender == principals[0].holder == "@Anna"
    streams = [
        await site.client.get("/api/v1/events", headers=(anna, other)[n % 2]) for n in range(33)
    ]
    assert Counter(stream.status for stream in streams) == {200: 32, 503: 1}
    for stream in streams:
        stream.close()


async def test_too_many_sessions_of_a_person_end_their_oldest_and_nobody_elses(
    api: Api, site: Site, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_MAX_SESSIONS", 3)
    await log_in(site, "john", password)
    await person(api, "viewer")
    for number in range(5):
        body = {"username": "Anna", "password": PASSWORD}
        agent = {"User-Agent": f"program {number % 4 or 'of the owner'}"}
        await site.client.post("/api/v1/session", json=body, headers=agent)
    tokens = (await (await api.get("/tokens")).json())["tokens"]
    assert Counter(it["user"] for it in tokens if it["kind"] == "session") == {"john": 1, "Anna": 3}


async def test_the_right_device_of_one_is_a_stranger_for_another(api: Api, site: Site) -> None:
    await person(api, "viewer")
    accounts = site.system.accounts
    mark = accounts.mark_device("Anna")
    assert accounts.known_device(mark, "anna") is not None
    assert accounts.known_device(mark, "john") is None
    assert accounts.known_device(mark, "nobody") is None
    await api.delete("/people/Anna")
    assert accounts.known_device(mark, "anna") is None


async def test_guesses_at_somebody_are_counted_however_the_name_is_written(
    api: Api, site: Site
) -> None:
    await person(api, "viewer")
    buckets = {
        buckets_of(Visitor("192.0.2.1"), name)[1]
        for name in ("Anna", "anna", "\uff21\uff2e\uff2e\uff21")
    }
    assert len(buckets) == 1


def test_no_crowd_of_names_makes_room_for_more_guesses_at_a_person() -> None:
    attempts = Attempts("john", lambda: 1000.0)
    attempts.keep("Anna")
    anna = buckets_of(Visitor("192.0.2.1"), "anna")[1]
    for _ in range(31):
        attempts.failed(anna)
    for number in range(3000):
        attempts.failed(buckets_of(Visitor("192.0.2.1"), f"name {number}")[1])
    assert attempts._kept[anna].failures == 31


async def change(site: Site, who: dict[str, str], old: str, new: str) -> Any:
    body = {"old": old, "new": new}
    return await site.client.put("/api/v1/me/password", json=body, headers=who)


async def test_a_person_changes_their_password_and_all_their_sessions_end(
    api: Api, site: Site
) -> None:
    anna = await person(api, "viewer")
    assert await code(await change(site, anna, "wrong", "a new password")) == (
        403,
        "wrong-password",
    )
    assert await code(await change(site, anna, PASSWORD, "too short")) == (422, "invalid-value")
    assert await code(await change(site, anna, PASSWORD, "Anna.Inkstand.1")) == (
        422,
        "invalid-value",
    )
    assert (await change(site, anna, PASSWORD, "a new password")).status == 204
    assert await asked(site, anna, "GET", "/panel") == 401
    assert (await log_in(site, "Anna")).status == 401
    assert (await log_in(site, "Anna", "a new password")).status == 201


async def test_guesses_at_the_old_password_are_counted(api: Api, site: Site) -> None:
    anna = await person(api, "viewer")
    for _ in range(10):
        assert (await change(site, anna, "wrong", "a new password")).status == 403
    assert (await change(site, anna, PASSWORD, "a new password")).status == 429


async def reopened(site: Site, password_hash: str | None = None) -> None:
    """Read the accounts again, as a restart does."""
    accounts = site.system.accounts
    await accounts._registry.close()
    accounts._verified.clear()
    if password_hash is not None:
        accounts.people._given = password_hash
    await accounts.__aenter__()


async def test_people_invitations_and_roles_outlive_a_restart(api: Api, site: Site) -> None:
    anna, secret = await person(api, "viewer"), await invite(api, "admin")
    await reopened(site)
    assert await asked(site, anna, "GET", "/panel") == 200
    assert (await accept(site, secret, "Bert")).status == 201
    await api.delete("/people/Anna")
    await reopened(site)
    assert [it.role for it in site.system.accounts.people.all()] == [Role.OWNER, Role.ADMIN]


async def test_the_owners_new_password_counts_until_that_of_the_settings_changes(
    api: Api, site: Site, password: str, password_hash: str
) -> None:
    assert (await change(site, api.headers, password, "a new password")).status == 204
    await reopened(site)
    assert (await log_in(site, "john", password)).status == 401
    session = await (await log_in(site, "john", "a new password")).json()
    other = password_hash.replace(",t=1,", ",t=2,", 1)
    await reopened(site, other)
    assert site.system.accounts.people.owner.password_hash == other
    assert await asked(site, {"Authorization": session["token"]}, "GET", "/panel") == 401
    # The one from before does not bring it back.
    await reopened(site, password_hash)
    assert (await log_in(site, "john", "a new password")).status == 401
    assert (await log_in(site, "john", password)).status == 201


async def test_a_reset_brings_back_the_password_of_the_settings_and_ends_sessions_once(
    api: Api, site: Site, password: str
) -> None:
    assert (await change(site, api.headers, password, "a new password")).status == 204
    session = (await (await log_in(site, "john", "a new password")).json())["token"]
    directory = site.system.settings.state_directory
    ask_for_reset(directory)
    await reopened(site)
    assert await asked(site, {"Authorization": session}, "GET", "/panel") == 401
    assert (await log_in(site, "john", "a new password")).status == 401
    session = (await (await log_in(site, "john", password)).json())["token"]
    # Tokens with a name stay, and so does the next session.
    await reopened(site)
    assert await asked(site, {"Authorization": session}, "GET", "/panel") == 200
    assert (await api.get("/panel")).status == 200


async def test_who_has_the_name_that_the_settings_give_the_owner_goes_with_their_tokens(
    api: Api, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await person(api, "admin")
    body = {"name": "kitchen", "scope": "admin", "expires_in_days": None}
    answer = await site.client.post("/api/v1/tokens", json=body, headers=anna)
    token = {"Authorization": (await answer.json())["token"]}
    people = site.system.accounts.people
    people.owner = type(people.owner)(
        name="Anna", role=Role.OWNER, password_hash=people.owner.password_hash
    )
    people._people.clear()
    await reopened(site)
    assert "Anna is removed" in caplog.text
    for who in (anna, token):
        assert await asked(site, who, "GET", "/panel") == 401
    assert len(people.all()) == 1


@pytest.mark.parametrize("what", ["accept", "remove", "role", "password"])
async def test_on_a_full_disk_nothing_has_happened(
    api: Api, site: Site, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    secret, anna = await invite(api), await person(api, "sender")

    async def full(*_: object) -> None:
        raise StorageFullError("There is no room to keep accounts")

    monkeypatch.setattr(site.system.accounts._registry.database, "write", full)
    calls: dict[str, Callable[[], Any]] = {
        "accept": lambda: accept(site, secret, "Bert"),
        "remove": lambda: api.delete("/people/Anna"),
        "role": lambda: api.put("/people/Anna", json={"role": "viewer"}),
        "password": lambda: change(site, anna, PASSWORD, "a new password"),
    }
    assert await code(await calls[what]()) == (507, "storage-full")
    monkeypatch.undo()
    assert [it.name for it in site.system.accounts.people.all()] == ["john", "Anna"]
    assert await asked(site, anna, "POST", "/messages", json={"text": "a"}) == 201
    assert (await accept(site, secret, "Bert")).status == 201


async def test_the_release_before_reads_its_tokens_from_the_same_file(api: Api, site: Site) -> None:
    """What it asks for: the version of the format, and nine columns of the tokens."""
    await person(api, "viewer")
    await site.system.accounts.create("Prometheus", Scope.METRICS, None)
    path = site.system.settings.state_directory / "accounts.sqlite3"
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    rows = connection.execute("SELECT * FROM token ORDER BY created, id").fetchall()
    connection.close()
    assert {len(row) for row in rows} == {9}
    assert {row[2] for row in rows} == {"john", "Anna"}
    # It takes a scope that it does not know for damage, and sets the accounts aside.
    assert {row[4] for row in rows} <= {"read", "post", "admin"}


@pytest.mark.parametrize("path", ["/people", "/invite", "/guest"])
async def test_the_pages_are_there_for_anybody_and_load_what_is_there(
    site: Site, path: str
) -> None:
    answer = await site.client.get(path)
    text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "LegoMac" in text
    loaded = re.findall(r'(?:src|href)="(/assets/[^"]+)"', text)
    assert f"/assets{path}.js" in loaded
    for each in loaded:
        assert (await site.client.get(each)).status == 200
    script = await (await site.client.get(f"/assets{path}.js")).text()
    used = set(re.findall(r'(?:byId|writer)\("([^"]+)"\)', script))
    assert used <= set(re.findall(r'id="([^"]+)"', text))
