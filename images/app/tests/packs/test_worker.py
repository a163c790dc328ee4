"""Packs are drawn by a process of their own, which ends when they take too much."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from inkstand.packs import worker
from inkstand.packs.drawing import draw_problem
from inkstand.packs.requests import Answer
from inkstand.packs.worker import LIMITS, Order, check, draw

pytestmark = pytest.mark.integration

SOURCE = Path(worker.__file__).parents[2]
SIZE = (200, 96)
NOW = datetime(2026, 11, 28, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
TEXT = """\
[pack]
name = "any"
[settings.key]
about = "The key"
type = "secret"
default = ""
[sources.a]
url = "http://x/"
every = 10
[layout]
kind = "text"
text = '''TEMPLATE'''
"""
SECRET = "s3cret-key"


def order(template: str, data: bytes | None = b'{"n": 5}', **settings: str) -> Order:
    answers = {"a": Answer(data, NOW, "it said 503" if data is None else "")}
    return Order(TEXT.replace("TEMPLATE", template), settings, answers, SIZE, NOW)


def picture(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


async def test_a_picture_of_the_panels_size_comes() -> None:
    drawn = await draw(order("{{ a.n }}"))
    assert (drawn.problem, drawn.line) == ("", None)
    image = picture(drawn.png)
    assert (image.mode, image.size) == ("1", SIZE)
    assert (await draw(order("6"))).png != drawn.png == (await draw(order("5"))).png


async def test_times_are_told_in_the_owners_zone() -> None:
    assert (await draw(order("{{ now | time }}"))).png == (await draw(order("14:05"))).png


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{% set x = namespace %}{{ 'a' | center(1000000000) }}",
        "{{ ('a' * 99999) | replace('a', 'a' * 99999) }}",
    ],
)
async def test_a_template_that_takes_too_much_is_ended_and_told(template: str) -> None:
    drawn = await draw(order(template), replace(LIMITS, processor=3))
    sentence = "it takes more memory or time than a pack may have"
    assert drawn.problem == sentence
    assert picture(drawn.png).tobytes() == draw_problem("any", sentence, SIZE).tobytes()


async def test_a_pack_that_waits_is_ended_by_the_clock() -> None:
    drawn = await draw(order("x"), replace(LIMITS, seconds=0.0))
    assert drawn.problem == "it takes more memory or time than a pack may have"


async def test_what_is_wrong_is_told_with_its_line_and_on_the_picture() -> None:
    drawn = await draw(order("{{ nope }}"))
    assert (drawn.problem, drawn.line) == ("layout.text: 'nope' is undefined", 12)
    assert picture(drawn.png).tobytes() == draw_problem("any", drawn.problem, SIZE).tobytes()
    wrong = replace(order("x"), text=TEXT.replace("every", "evry"))
    assert (await draw(wrong)).problem == "sources.a.evry is not known; did you mean every?"


async def test_a_source_that_never_answered_is_told() -> None:
    assert (await draw(order("x", None))).problem == "a has not answered yet: it said 503"


async def test_data_that_are_old_say_how_old() -> None:
    fresh, pictures = await draw(order("x")), []
    for age in (timedelta(minutes=30), timedelta(minutes=31)):
        aged = replace(order("x"), answers={"a": Answer(b"{}", NOW - age)})
        pictures.append((await draw(aged)).png)
    assert pictures[0] == fresh.png != pictures[1]


async def test_no_secret_is_in_what_is_told() -> None:
    template = "{{ settings.key | number }}"
    drawn = await draw(order(template, key=SECRET))
    assert drawn.problem == "layout.text: '…' is no number"
    assert SECRET not in repr(order(template, key=SECRET))


async def test_a_picture_that_cannot_be_read_is_told() -> None:
    text = TEXT.replace("every = 10", 'format = "picture"').partition("kind")[0]
    wrong = replace(order("x", b"nonsense"), text=f'{text}kind = "picture"\nsource = "a"')
    assert "no picture that is taken" in (await draw(wrong)).problem


async def test_a_pack_is_checked_there() -> None:
    assert await check(TEXT.replace("TEMPLATE", "{{ a }}")) == []
    (error,) = await check(TEXT.replace("TEMPLATE", "{{ a"))
    assert error.line == 12


def test_what_reads_templates_is_not_loaded_by_the_app() -> None:
    modules = "jinja2", "jmespath", "feedparser", "icalendar", "recurring_ical_events", "astral"
    program = (
        "import sys, inkstand.packs.worker, inkstand.packs.requests\n"
        f"print([it for it in {modules} if it in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
