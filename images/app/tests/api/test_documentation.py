"""`GET /api/docs`: the OpenAPI document for people."""

from __future__ import annotations

import html.parser
import re
import shlex
from typing import Any

import pytest

from inkstand.api.app import OPERATIONS, make_document
from inkstand.api.documentation import curl, render, sample

pytestmark = pytest.mark.integration
Site = Any
VOID = {"meta", "link", "br"}


class Reader(html.parser.HTMLParser):
    """Notes ids, links and what is loaded; refuses what is not closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"] or "")
        if tag == "a":
            self.links.append(found["href"] or "")
        self.loaded += [found[name] or "" for name in ("src",) if name in found]
        if tag == "link":
            self.loaded.append(found["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return make_document("Ada & <Mac>", 2000)


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> Reader:
    reader = Reader()
    reader.feed(render(document))
    assert reader.open == []
    return reader


async def test_anybody_gets_it_from_us_alone(site: Site) -> None:
    answer = await site.client.get("/api/docs")
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "POST /api/v1/messages" in await answer.text()


def test_it_has_no_script_and_loads_nothing_from_elsewhere(page: Reader) -> None:
    assert "script" not in page.tags
    assert all(address.startswith("/assets/") for address in page.loaded)


def test_every_link_within_it_leads_somewhere(page: Reader) -> None:
    assert len(page.ids) == len(set(page.ids))
    within = {link[1:] for link in page.links if link.startswith("#")}
    assert within <= set(page.ids)
    assert {operation.name for operation in OPERATIONS} <= within


def test_what_the_document_says_is_text(document: dict[str, Any]) -> None:
    text = render(document)
    assert "Ada &amp; &lt;Mac&gt;" in text
    assert "<Mac>" not in text


def test_each_operation_says_what_it_takes(document: dict[str, Any]) -> None:
    text = render(document)
    section = text[text.index('id="history"') :]
    section = section[: section.index("</section>")]
    assert "<code>before</code> in query" in section
    assert "at most 100 characters. What has to stand in the text" in section
    assert "from 1, up to 200, default: 50" in section
    assert "Needs the scope <code>read</code>" in section
    assert '<a href="#History">History</a>' in section


def test_each_operation_has_an_example_that_a_shell_can_read(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for operation in OPERATIONS:
        item = document["paths"][operation.documented_path][operation.method]
        command = curl(schemas, "/api/v1", operation.method, operation.documented_path, item)
        words = shlex.split(command)
        assert words[0] == "curl"
        assert words[-1].startswith("$INKSTAND/api/v1/")
        assert "{" not in words[-1]
        assert ("Authorization: Bearer $TOKEN" in words) is (operation.scope is not None)


def test_the_example_of_a_message_is_one(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert sample(schemas, schemas["MessageRequest"]) == {"text": "Hello"}
    text = render(document)
    assert re.search(
        r"curl -X POST .* -d &#x27;\{&quot;text&quot;: &quot;Hello&quot;\}&#x27;", text
    )
