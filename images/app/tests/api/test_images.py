"""`/api/v1/images` and `/api/v1/preview`."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.pictures.conversion import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.integration
Api = Any
PNG = {"Content-Type": "image/png"}


def picture(size: tuple[int, int] = (300, 300), grey: int = 0, kind: str = "PNG") -> bytes:
    output = io.BytesIO()
    Image.new("L", size, grey).save(output, kind)
    return output.getvalue()


async def pixels(answer: Any) -> Image.Image:
    assert (answer.status, answer.content_type) == (200, "image/png")
    image = Image.open(io.BytesIO(await answer.read()))
    assert (image.mode, image.size) == ("1", (264, 176))
    return image


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_a_picture_comes_onto_the_glass_and_can_be_fetched(
    api: Api, eventually: Callable[..., Awaitable[None]], kind: str
) -> None:
    headers = {"Content-Type": f"image/{kind}"}
    answer = await api.post(
        "/images?framing=fill&name=My%20cat&show_for=60", data=picture(kind=kind), headers=headers
    )
    message = await answer.json()
    assert (answer.status, answer.headers["Location"]) == (201, "/api/v1/messages/1")
    assert message["picture"] == "/api/v1/messages/1/picture"
    assert (message["text"], message["show_for"], message["author"]) == ("My cat", 60, "john")
    await api.until_message(1, "shown")
    assert (await (await api.get("/screen")).json())["screen"] == "picture"
    kept = await pixels(await api.get("/messages/1/picture"))
    assert kept.getcolors() == [(264 * 176, 0)]
    assert kept.tobytes() == api.site.panel.current().inverse()


async def test_a_picture_of_somebody_who_repeats_is_kept_once(api: Api) -> None:
    headers = {**PNG, "Idempotency-Key": "one"}
    for _ in range(2):
        answer = await api.post("/images", data=picture(), headers=headers)
        assert (answer.status, (await answer.json())["id"]) == (201, 1)
    answer = await api.post("/images", data=picture(grey=255), headers=headers)
    assert answer.status == 409


@pytest.mark.parametrize("kind", ["image/jxl", "image/svg+xml", "text/plain", "application/json"])
async def test_other_types_are_415(api: Api, kind: str) -> None:
    answer = await api.post("/images", data=picture(), headers={"Content-Type": kind})
    assert (answer.status, answer.content_type) == (415, "application/problem+json")
    assert "image/webp" in (await answer.json())["detail"]


@pytest.mark.parametrize("path", ["/images", "/preview"])
async def test_what_is_no_picture_is_422_and_says_why(api: Api, path: str) -> None:
    answer = await api.post(path, data=picture()[:60], headers=PNG)
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (422, "invalid-picture")
    assert problem["detail"] == "The PNG picture ends too early"


@pytest.mark.parametrize("path", ["/images", "/preview"])
async def test_too_many_bytes_are_413_whether_their_number_is_told_or_not(
    api: Api, path: str
) -> None:
    async def bit_by_bit() -> AsyncIterator[bytes]:
        for _ in range(1 + MOST_BYTES // 65_536):
            yield bytes(65_536)

    for body in (io.BytesIO(bytes(MOST_BYTES + 1)), bit_by_bit()):
        answer = await api.post(path, data=body, headers=PNG)
        assert (answer.status, (await answer.json())["code"]) == (413, "picture-too-large")


async def test_too_many_pixels_are_413(api: Api) -> None:
    answer = await api.post("/images", data=picture((5001, 5000)), headers=PNG)
    assert (answer.status, (await answer.json())["code"]) == (413, "picture-too-large")


@pytest.mark.parametrize("query", ["framing=big", "tone=grey", "priority=1", "name=" + "x" * 201])
async def test_a_wrong_option_is_422(api: Api, query: str) -> None:
    answer = await api.post(f"/images?{query}", data=picture(), headers=PNG)
    assert (answer.status, (await answer.json())["code"]) == (422, "invalid-value")


async def test_a_preview_of_a_picture_is_what_would_be_shown_and_shows_nothing(api: Api) -> None:
    query = "framing=fit&tone=threshold"
    preview = await pixels(await api.post(f"/preview?{query}", data=picture(), headers=PNG))
    assert preview.getcolors() == [(176 * 176, 0), ((264 - 176) * 176, 255)]
    assert (await (await api.get("/messages")).json())["messages"] == []
    await api.post(f"/images?{query}", data=picture(), headers=PNG)
    await api.until_message(1, "shown")
    assert preview.tobytes() == api.site.panel.current().inverse()


async def test_a_preview_says_of_a_picture_that_little_of_it_will_be_seen(api: Api) -> None:
    white, lines = Image.new("1", (264, 176), 1), Image.new("1", (264, 176), 1)
    lines.paste(0, (0, 0, 264, 8))
    hints = []
    for image in (white, lines):
        output = io.BytesIO()
        image.save(output, "PNG")
        answer = await api.post("/preview", data=output.getvalue(), headers=PNG)
        hints.append(answer.headers.get("Inkstand-Hint"))
    assert hints == [
        "Nearly all of it is of one colour; little will be seen on the panel",
        None,
    ]


async def test_a_preview_of_a_text_is_what_would_be_shown(api: Api) -> None:
    answer = await api.post("/preview", json={"text": "Hello"})
    assert (answer.headers["Inkstand-Page"], answer.headers["Inkstand-Pages"]) == ("1", "1")
    preview = await pixels(answer)
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    # The time of the signature may be a minute later.
    top = (0, 0, 264, 150)
    shown = Image.frombytes("1", (264, 176), api.site.panel.current().inverse())
    assert preview.crop(top).tobytes() == shown.crop(top).tobytes()


async def test_a_long_text_is_previewed_page_by_page(api: Api) -> None:
    text = "All work and no play. " * 60
    first = await api.post("/preview", json={"text": text})
    pages = int(first.headers["Inkstand-Pages"])
    assert pages > 1
    last = await api.post("/preview", json={"text": text, "page": pages})
    beyond = await api.post("/preview", json={"text": text, "page": pages + 1})
    assert last.headers["Inkstand-Page"] == beyond.headers["Inkstand-Page"] == str(pages)
    images = [(await pixels(answer)).tobytes() for answer in (first, last, beyond)]
    assert images[0] != images[1] == images[2]


@pytest.mark.parametrize("body", [{"text": ""}, {"text": "a", "page": 0}, {"text": "a", "x": 1}])
async def test_a_preview_of_nothing_is_422(api: Api, body: object) -> None:
    assert (await api.post("/preview", json=body)).status == 422


async def test_who_sends_slowly_takes_one_of_few_places_and_no_more(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    go_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield picture()
        await go_on.wait()

    preview_renderer = api.site.system.services.preview_renderer
    slow = [asyncio.create_task(api.post("/preview", data=slowly(), headers=PNG)) for _ in range(8)]
    await eventually(lambda: preview_renderer.visitors == 8)
    refused = await api.post("/preview", data=picture(), headers=PNG)
    assert (refused.status, (await refused.json())["code"]) == (429, "busy")
    assert refused.headers["Retry-After"] == "2"
    go_on.set()
    assert {(await task).status for task in slow} == {200}
    assert (await api.post("/preview", data=picture(), headers=PNG)).status == 200
