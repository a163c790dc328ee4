"""How a text looks on the glass: `align` and more of `/api/v1/messages`."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration
Api = Any
LOOK = {"align": "center", "size": "large", "bold": True, "monospace": True}


async def test_a_look_is_taken_told_and_found_on_the_glass(api: Api) -> None:
    answer = await api.post("/messages", json={"text": "Open", **LOOK})
    message = await answer.json()
    assert answer.status == 201
    assert {name: message[name] for name in LOOK} == LOOK
    await api.until_message(1, "shown")
    looked = api.site.panel.current()
    await api.post("/messages", json={"text": "Open", "priority": "urgent"})
    await api.until_message(2, "shown")
    assert api.site.panel.current() != looked


async def test_without_a_look_nothing_is_told_of_it(api: Api) -> None:
    answer = await api.post("/messages", json={"text": "Open", "align": "auto", "bold": False})
    assert not LOOK.keys() & (await answer.json()).keys()


async def test_what_comes_later_and_the_history_tell_it(api: Api) -> None:
    await api.post("/messages", json={"text": "Bins", "repeat": "daily", **LOOK})
    await api.post("/messages", json={"text": "Open", **LOOK})
    for path in ("/messages/scheduled", "/messages", "/queue"):
        messages = (await (await api.get(path)).json())["messages"]
        assert [message["size"] for message in messages] == ["large"] * len(messages) != []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"align": "middle"}, 'align has to be auto or left or center or right, not "middle"'),
        ({"size": 20}, "size has to be auto or small or medium or large, not 20"),
        ({"bold": "yes"}, 'bold has to be true or false, not "yes"'),
    ],
)
async def test_a_wrong_look_is_refused_with_a_sentence(
    api: Api, wrong: dict[str, Any], said: str
) -> None:
    answer = await api.post("/messages", json={"text": "Open", **wrong})
    assert (answer.status, (await answer.json())["detail"]) == (422, said)


async def test_a_picture_has_no_look(api: Api) -> None:
    headers = {"Content-Type": "image/png"}
    answer = await api.post("/images?align=center", data=b"\x89PNG", headers=headers)
    assert answer.status == 422
    assert '"align" is unknown here' in (await answer.json())["detail"]


async def test_a_preview_is_what_comes_onto_the_glass(api: Api) -> None:
    plain, bold = [
        await (await api.post("/preview", json={"text": "Open", "bold": it})).read()
        for it in (False, True)
    ]
    assert plain != bold


async def test_a_text_comes_as_a_code(api: Api) -> None:
    answer = await api.post("/messages", json={"text": "https://example.com", "qr": True})
    assert (answer.status, (await answer.json())["qr"]) == (201, True)
    await api.until_message(1, "shown")
    code = api.site.panel.current()
    await api.post("/messages", json={"text": "https://example.com", "priority": "urgent"})
    await api.until_message(2, "shown")
    assert api.site.panel.current() != code


@pytest.mark.parametrize("path", ["/messages", "/preview"])
async def test_a_text_too_long_for_a_code_on_this_panel_is_refused(api: Api, path: str) -> None:
    answer = await api.post(path, json={"text": "x" * 600, "qr": True})
    said = "text is too long for a QR code that can be read on a panel of 264x176"
    assert (answer.status, (await answer.json())["detail"]) == (422, said)
    assert (await (await api.get("/messages")).json())["messages"] == []
