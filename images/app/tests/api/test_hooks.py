"""Programs that do not know Inkstand send to its hooks."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from images.app.tests.messages.test_hooks import ALERTMANAGER, GRAFANA, KUMA, resolved
from inkstand.accounts.model import Scope
from inkstand.api.app import make_document
from inkstand.api.hooks import LARGEST, MOST, Alerts
from inkstand.errors import HookLimitError
from inkstand.log import RedactingFormatter
from inkstand.media_types import FORM
from inkstand.messages.hooks import Wanted, read

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration
Api = Any
JSON = {"Content-Type": "application/json"}
ALERT: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="Door"}',
    "status": "firing",
    "alerts": [
        {"status": "firing", "labels": {"alertname": "Door"}, "fingerprint": "1"},
    ],
}
OVER = {**ALERT, "alerts": [{**ALERT["alerts"][0], "status": "resolved"}]}
MORE = {
    **ALERT,
    "alerts": [
        *ALERT["alerts"],
        {"status": "firing", "labels": {"alertname": "Window"}, "fingerprint": "2"},
    ],
}


DOCUMENT = Path(__file__).parents[4] / "docs/hooks.md"


@pytest.fixture
async def token(api: Api) -> str:
    """A token that may only send."""
    issued = await api.site.system.accounts.create("monitor", Scope.POST, None)
    return str(issued.token)


async def hook(api: Api, token: str, value: Any, **headers: str) -> tuple[int, Any]:
    """Send JSON, or a text, to the hook of a token."""
    kind, body = ("text/plain", value) if isinstance(value, str) else (JSON, json.dumps(value))
    said = {**(JSON if kind is JSON else {"Content-Type": "text/plain"}), **headers}
    path = f"/api/v1/hooks/{token}"
    async with api.site.client.post(path, data=body.encode(), headers=said) as answer:
        return answer.status, await answer.json(content_type=None)


async def states(api: Api) -> list[tuple[str, str]]:
    """Return all messages, the oldest first."""
    query = {"state": "waiting,shown,read,expired,deleted"}
    page = await (await api.get("/messages", params=query)).json()
    return [(each["text"], each["state"]) for each in reversed(page["messages"])]


async def test_a_text_comes_onto_the_glass_by_an_address_alone(api: Api, token: str) -> None:
    status, heard = await hook(api, token, "Dinner is ready")
    assert (status, heard["message"]["text"]) == (201, "Dinner is ready")
    await api.until_message(1, "shown")


async def test_what_is_answered_is_what_is_documented(api: Api, token: str) -> None:
    document = make_document("Inkstand", 2000)
    schema = {"$ref": "#/components/schemas/Heard", "components": document["components"]}
    for value in ("Hello", OVER):
        _, heard = await hook(api, token, value)
        jsonschema.Draft202012Validator(schema).validate(heard)


async def test_a_hook_without_a_token_in_its_path_takes_it_from_the_header(
    api: Api, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for kind in ({"data": {"title": "Door", "message": "Rings"}}, {"json": {"text": "Rings"}}):
        answer = await api.site.client.post("/api/v1/hooks", headers=headers, **kind)
        assert answer.status == 201
    assert [text for text, _ in await states(api)] == ["Door\nRings", "Rings"]


async def test_the_token_in_the_path_counts_and_no_other(api: Api, token: str) -> None:
    """Programs send credentials of their own."""
    status, _ = await hook(api, token, "Hello", Authorization="Basic eA==")
    assert status == 201
    read = await api.site.system.accounts.create("read", Scope.READ, None)
    status, problem = await hook(api, read.token, "Hello", Authorization=api.site.token)
    assert (status, problem["code"]) == (403, "forbidden")


@pytest.mark.parametrize("wrong", ["none", "eyJhbGciOiJub25lIn0.e30.", "%20", "a" * 5000])
async def test_a_wrong_token_is_refused_like_any(api: Api, wrong: str) -> None:
    status, problem = await hook(api, wrong, "Hello")
    assert (status, problem["code"]) == (401, "invalid-token")


async def test_the_cookie_of_the_page_opens_no_hook(api: Api) -> None:
    headers = {"Cookie": f"inkstand={api.site.token}", "Sec-Fetch-Site": "same-origin"}
    answer = await api.site.client.post("/api/v1/hooks", json={"text": "Hello"}, headers=headers)
    assert (answer.status, (await answer.json())["code"]) == (401, "unauthorized")


async def test_a_token_that_was_revoked_is_no_hook_any_more(api: Api, token: str) -> None:
    await hook(api, token, "Hello")
    accounts = api.site.system.accounts
    await accounts.revoke(accounts.verify(token).token_id)
    assert (await hook(api, token, "Hello"))[0] == 401


async def test_an_alert_that_fires_again_is_the_same_message(api: Api, token: str) -> None:
    first, again = await hook(api, token, ALERT), await hook(api, token, ALERT)
    assert (first[0], again[0]) == (201, 200)
    assert first[1]["message"]["id"] == again[1]["message"]["id"] == 1
    assert len(await states(api)) == 1


async def test_of_two_who_tell_of_it_at_the_same_time_one_adds_it(api: Api, token: str) -> None:
    answers = await asyncio.gather(*(hook(api, token, ALERT) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 201]


@pytest.mark.parametrize("wait", ["shown", "waiting"])
async def test_what_is_resolved_is_taken_back(api: Api, token: str, wait: str) -> None:
    if wait == "waiting":
        await hook(api, token, "Something before it")
        await api.until_message(1, "shown")
    _, heard = await hook(api, token, ALERT)
    number = heard["message"]["id"]
    await api.until_message(number, wait)
    status, heard = await hook(api, token, OVER)
    assert (status, heard["message"]["id"], heard["message"]["state"]) == (200, number, "deleted")
    assert (await hook(api, token, OVER)) == (200, {"message": None})


@pytest.mark.parametrize(
    "value", [ALERTMANAGER, GRAFANA, KUMA], ids=["alertmanager", "grafana", "uptime kuma"]
)
async def test_each_monitor_takes_back_what_it_has_sent(api: Api, token: str, value: Any) -> None:
    assert (await hook(api, token, value))[0] == 201
    await api.until_message(1, "shown")
    status, heard = await hook(api, token, resolved(value))
    assert (status, heard["message"]["id"], heard["message"]["state"]) == (200, 1, "deleted")


async def test_what_was_read_stays_as_it_is_and_may_come_again(api: Api, token: str) -> None:
    await hook(api, token, ALERT)
    await api.until_message(1, "shown")
    await api.post("/messages/1/acknowledge")
    assert await hook(api, token, OVER) == (200, {"message": None})
    status, _ = await hook(api, token, ALERT)
    assert status == 201
    assert (await states(api))[0] == ("Door", "read")


async def test_another_alert_in_the_group_takes_the_place_of_its_message(
    api: Api, token: str
) -> None:
    await hook(api, token, ALERT)
    status, heard = await hook(api, token, MORE)
    assert (status, heard["message"]["text"]) == (201, "Door\nWindow")
    assert (await states(api))[0] == ("", "deleted")
    assert (await hook(api, token, OVER))[1]["message"]["id"] == 2


async def test_what_an_alert_is_about_is_known_after_a_restart(api: Api, token: str) -> None:
    await hook(api, token, ALERT)
    system = api.site.system
    by = system.accounts.verify(token)
    over = Wanted("", alert=ALERT["groupKey"], over=True)
    message, created = await Alerts().take(system.controller, by, over)
    assert message is not None
    assert (message.id, created) == (1, False)


async def test_one_program_does_not_take_back_what_another_sent(api: Api, token: str) -> None:
    other = await api.site.system.accounts.create("another", Scope.POST, None)
    await hook(api, token, ALERT)
    assert await hook(api, other.token, OVER) == (200, {"message": None})


async def test_a_ping_of_github_shows_nothing(api: Api, token: str) -> None:
    ping = {"zen": "Design for failure.", "hook_id": 7}
    assert await hook(api, token, ping, **{"X-GitHub-Event": "ping"}) == (200, {"message": None})
    assert await states(api) == []


async def test_a_monitor_that_runs_wild_is_slowed_down(api: Api, token: str) -> None:
    await hook(api, token, ALERT)
    for number in range(1, MOST):
        assert (await hook(api, token, f"Message {number}"))[0] == 201
    path = f"/api/v1/hooks/{token}"
    refused = await api.site.client.post(path, data=b"x", headers={"Content-Type": "text/plain"})
    assert (refused.status, (await refused.json())["code"]) == (429, "hook-limit")
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    # What adds no message is heard still, and so is everybody else.
    assert (await hook(api, token, ALERT))[0] == 200
    assert (await hook(api, token, OVER))[1]["message"]["state"] == "deleted"
    assert (await api.post("/messages", json={"text": "Hello"})).status == 201


async def test_after_an_hour_there_is_room_again(api: Api, token: str) -> None:
    now = [0.0]
    alerts, system = Alerts(lambda: now[0]), api.site.system
    by = system.accounts.verify(token)
    for second in range(MOST):
        now[0] = float(second)
        await alerts.take(system.controller, by, Wanted("Hello"))
    with pytest.raises(HookLimitError) as refused:
        await alerts.take(system.controller, by, Wanted("Hello"))
    assert refused.value.retry_after == 3600 - MOST + 1
    now[0] = 3600.0
    await alerts.take(system.controller, by, Wanted("Hello"))
    with pytest.raises(HookLimitError):
        await alerts.take(system.controller, by, Wanted("Hello"))


async def test_what_is_too_large_is_refused(api: Api, token: str) -> None:
    assert (await hook(api, token, {"text": "Hi", "more": "x" * (LARGEST - 100)}))[0] == 201
    assert (await hook(api, token, {"text": "Hi", "more": "x" * LARGEST}))[0] == 413


async def test_a_long_text_is_cut_and_not_refused(api: Api, token: str) -> None:
    longest = api.site.system.settings.message_max_length
    _, heard = await hook(api, token, "x" * (longest + 1))
    assert heard["message"]["text"] == "x" * (longest - 1) + "…"


@pytest.mark.parametrize("value", [{}, {"alerts": 5}, {"message": {}}, []])
async def test_a_wrong_shape_is_422_and_a_sentence(api: Api, token: str, value: Any) -> None:
    status, problem = await hook(api, token, value)
    assert (status, problem["code"]) == (422, "invalid-value")
    assert problem["detail"]


@pytest.mark.parametrize(
    "written", [str, str.upper, lambda it: it[:40], lambda it: f"%{ord(it[0]):x}{it[1:]}"]
)
async def test_no_token_in_a_path_comes_into_a_log(
    api: Api,
    token: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    written: Callable[[str], str],
) -> None:
    """Not even of a request that meets a bug, whose path is logged."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(api.site.system.accounts, "verify", broken)
    with caplog.at_level(logging.DEBUG):
        assert (await hook(api, written(token), "Hello"))[0] == 500
        await api.site.client.post(f"/api/v1/hooks/{written(token)}", data=b"x")
        line = b"POST /api/v1/hooks/%s HTTP/9\x00\r\nbad\r\n\r\n" % written(token).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", api.site.client.server.port)
        writer.write(line)
        await reader.read()
        writer.close()
    lines = [RedactingFormatter("%(message)s").format(record) for record in caplog.records]
    assert any(re.search(r"a bug in POST /api/v1/hooks/\[redacted\]", line) for line in lines)
    parts = written(token).removeprefix("%65").split(".")
    assert not [line for line in lines for part in parts if part in line]
    metrics = await (await api.site.client.get("/metrics")).text()
    assert not [part for part in parts if part in metrics]


def curled(line: str) -> Wanted | None:
    """Return what comes of a command of curl."""
    words = shlex.split(line)
    (text,) = (words[place + 1] for place, word in enumerate(words) if word == "-d")
    pairs = (words[place + 1] for place, word in enumerate(words) if word == "-H")
    return read(FORM, text.encode(), dict(pair.split(": ") for pair in pairs), 2000)


def test_what_the_document_says_is_so() -> None:
    text = DOCUMENT.read_text()
    found = [curled(line) for line in text.splitlines() if line.startswith("    curl ")]
    assert found == [
        Wanted("The washing machine is done"),
        Wanted("Backup\nIt failed", urgent=True),
    ]
    assert f"At most {MOST} messages an hour" in text
    assert f"larger than {LARGEST // 1024} KiB" in text
