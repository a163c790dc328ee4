"""Who may do what: each operation of the OpenAPI document, asked for by everybody."""

from __future__ import annotations

from typing import Any

import pytest

from inkstand.accounts.model import Scope
from inkstand.api.app import make_document

Api = Any
Site = Any
PASSWORD = "four words and more"
OPERATIONS = {
    operation["operationId"]: (method, path)
    for path, item in make_document("Inkstand", 2000)["paths"].items()
    for method, operation in item.items()
}
# All who ask: with no token, with one of the owner's, or logged in by a role.
EVERYBODY = (
    "none",
    "metrics token",
    "read token",
    "post token",
    "viewer",
    "sender",
    "admin",
    "owner",
)
ADMINS = EVERYBODY[-2:]
OWNER = EVERYBODY[-1:]
PEOPLE = EVERYBODY[-4:]
SENDERS = ("post token", "sender", *ADMINS)
READERS = EVERYBODY[2:]
MAY: dict[str, tuple[str, ...]] = {
    "logIn": EVERYBODY,
    "session": READERS,
    "logOut": READERS,
    "tokens": PEOPLE,
    "makeToken": PEOPLE,
    "revokeToken": PEOPLE,
    "send": SENDERS,
    "history": READERS,
    "queue": READERS,
    "scheduled": READERS,
    "skip": SENDERS,
    "message": READERS,
    "picture": READERS,
    "showAgain": SENDERS,
    "acknowledge": SENDERS,
    "deleteMessage": SENDERS,
    "sendPicture": SENDERS,
    "preview": SENDERS,
    "panel": READERS,
    "panelPicture": READERS,
    "screen": READERS,
    "showScreen": SENDERS,
    "press": SENDERS,
    "events": READERS,
    "status": READERS,
    "metrics": EVERYBODY[1:],
    "document": EVERYBODY,
    "settings": ADMINS,
    "changeSettings": ADMINS,
    "changeSetting": ADMINS,
    "resetSetting": ADMINS,
    "screenPicture": ADMINS,
    "packs": ADMINS,
    "previewPack": ADMINS,
    "people": ADMINS,
    "changeRole": ADMINS,
    "removePerson": ADMINS,
    "invitations": ADMINS,
    "invite": ADMINS,
    "revokeInvitation": ADMINS,
    "lookAtInvitation": EVERYBODY,
    "acceptInvitation": EVERYBODY,
    "changePassword": PEOPLE,
    "guests": ADMINS,
    "makeGuest": ADMINS,
    "revokeGuest": ADMINS,
    "lookAtGuest": EVERYBODY,
    "sendAsGuest": EVERYBODY,
    "addPack": OWNER,
    "pack": OWNER,
    "removePack": OWNER,
    "hook": SENDERS,
    "hookByPath": SENDERS,
    "webhooks": OWNER,
    "testWebhook": OWNER,
    "neighbours": READERS,
    "sendToGroup": SENDERS,
}


@pytest.mark.unit
def test_each_operation_has_a_row() -> None:
    assert MAY.keys() == OPERATIONS.keys()


async def tokens(api: Api, password: str) -> dict[str, str]:
    """Return a token of everybody who asks with one."""
    accounts = api.site.system.accounts
    made = {
        f"{scope.word} token": (await accounts.create(scope.word, scope, None)).token
        for scope in (Scope.METRICS, Scope.READ, Scope.POST)
    }
    for role in ("viewer", "sender", "admin"):
        answer = await api.post("/invitations", json={"role": role})
        secret = (await answer.json())["url"].rpartition("#")[2]
        body = {"secret": secret, "name": role, "password": PASSWORD}
        assert (await api.post("/invitation/accept", json=body)).status == 201
        made[role] = await logged_in(api.site, role, PASSWORD)
    return {**made, "owner": await logged_in(api.site, "john", password)}


async def logged_in(site: Site, name: str, password: str) -> str:
    body = {"username": name, "password": password}
    answer = await site.client.post("/api/v1/session", json=body)
    return str((await answer.json())["token"])


async def status(site: Site, operation: str, token: str | None) -> int:
    """Return how an empty request is answered; what has to be there is not."""
    method, path = OPERATIONS[operation]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body: dict[str, Any] = {} if method in ("get", "delete") else {"json": {}}
    place = f"/api/v1{path}".replace("{id}", "7").replace("{name}", "nobody")
    place = place.replace("{token}", token or "none").replace("{group}", "home")
    async with site.client.request(method, place, headers=headers, **body) as answer:
        return int(answer.status)


@pytest.mark.integration
async def test_who_may_do_what_is_as_the_table_says(api: Api, password: str) -> None:
    made = await tokens(api, password)
    # Last, who logs out.
    for operation in sorted(OPERATIONS, key=lambda name: name == "logOut"):
        answers = {who: await status(api.site, operation, made.get(who)) for who in EVERYBODY}
        refused = {who: answer for who, answer in answers.items() if answer in (401, 403)}
        expected = {who: 401 if who == "none" else 403 for who in EVERYBODY}
        for who in MAY[operation]:
            del expected[who]
        assert (operation, refused) == (operation, expected)
