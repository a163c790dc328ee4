"""What somebody who was invited tries, and what is left of them when they are gone."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration
Site = Any
Api = Any
PASSWORD = "four words and more"


async def accept(site: Site, secret: str, name: str) -> int:
    body = {"secret": secret, "name": name, "password": PASSWORD}
    return int((await site.client.post("/api/v1/invitation/accept", json=body)).status)


async def invite(site: Site, headers: dict[str, str]) -> str:
    """Return the secret of an invitation to be an admin."""
    body = {"role": "admin"}
    answer = await site.client.post("/api/v1/invitations", json=body, headers=headers)
    assert answer.status == 201, await answer.text()
    return str((await answer.json())["url"].rpartition("#")[2])


async def an_admin(api: Api, name: str) -> dict[str, str]:
    """Return the headers of somebody who was invited as an admin."""
    assert await accept(api.site, await invite(api.site, api.headers), name) == 201
    body = {"username": name, "password": PASSWORD}
    session = await (await api.site.client.post("/api/v1/session", json=body)).json()
    return {"Authorization": f"Bearer {session['token']}"}


@pytest.mark.parametrize("ending", ["removed", "viewer"])
async def test_who_is_no_admin_any_more_does_not_come_back_by_their_own_invitation(
    api: Api, ending: str
) -> None:
    secret = await invite(api.site, await an_admin(api, "Anna"))
    if ending == "removed":
        assert (await api.delete("/people/Anna")).status == 204
    else:
        assert (await api.put("/people/Anna", json={"role": ending})).status == 200
    assert await accept(api.site, secret, "Bert") == 404
    assert (await (await api.get("/invitations")).json())["invitations"] == []


async def test_who_is_invited_by_an_admin_comes_in(api: Api) -> None:
    secret = await invite(api.site, await an_admin(api, "Anna"))
    assert await accept(api.site, secret, "Bert") == 201


async def test_an_admin_who_was_invited_does_not_log_the_owner_out(api: Api) -> None:
    client, anna = api.site.client, await an_admin(api, "Anna")
    tokens = (await (await client.get("/api/v1/tokens", headers=anna)).json())["tokens"]
    (owners,) = [token["id"] for token in tokens if token["user"] == "john"]
    assert (await client.delete(f"/api/v1/tokens/{owners}", headers=anna)).status == 409
    assert (await api.get("/people")).status == 200
