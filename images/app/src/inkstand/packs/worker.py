"""Packs drawn in a process of their own, with limits of time and memory.

What is in a pack, and what its sources answer, comes from strangers: a template may loop for ever,
and a calendar may have a rule that never ends. jinja2, jmespath, feedparser, icalendar and astral
are loaded there, and never in the app's process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from inkstand.errors import InkstandError, PackError
from inkstand.language import ENGLISH, Language, language_of
from inkstand.packs import drawing, pack
from inkstand.packs.requests import Answer, hide, resolve
from inkstand.rendering import to_png
from inkstand.worker_process import Limits, ask, serve, to_bytes, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

    from inkstand.packs.pack import Pack

_MODULE = "inkstand.packs.worker"
# A Pi Zero takes some seconds to load what is needed, and a large calendar as many again.
LIMITS = Limits(seconds=60, processor=30, memory=256 * 1024 * 1024)
_TOO_MUCH = "it takes more memory or time than a pack may have"


@dataclass(frozen=True, slots=True)
class Order:
    """A pack to draw: the text of its file, what the owner set, and what its sources answered.

    `now` is aware, with a zone of zoneinfo; `settings` may hold secrets, so they are not shown.
    """

    text: str
    settings: Mapping[str, object] = field(repr=False)
    answers: Mapping[str, Answer]
    size: tuple[int, int]
    now: datetime
    language: Language = ENGLISH


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of mode "1" as PNG; `problem` is what it says is wrong, "" when all is well.

    `line` is where in the file of the pack, if that is known.
    """

    png: bytes
    problem: str = ""
    line: int | None = None


async def draw(order: Order, limits: Limits = LIMITS) -> Drawn:
    """Return the picture of a pack; of one that cannot be drawn, a picture that says why."""
    answer = await ask(_MODULE, plain_order(order), limits)
    if answer is None:
        return draw_problem(_name_of(order.text), PackError(_TOO_MUCH), order.size)
    return Drawn(to_bytes(answer["png"]), answer["problem"], answer["line"])


async def check(text: str, limits: Limits = LIMITS) -> list[PackError]:
    """Return what is wrong with how the pack in `text` is written, from top to bottom."""
    answer = await ask(_MODULE, {"do": "check", "text": text}, limits)
    if answer is None:
        return [PackError(_TOO_MUCH)]
    return [PackError(detail, line) for line, detail in answer["problems"]]


def plain_order(order: Order) -> dict[str, Any]:
    """Return an order to draw as the process that does it reads it."""
    answers = {name: _plain_answer(answer) for name, answer in order.answers.items()}
    return {
        "do": "draw",
        "text": order.text,
        "settings": dict(order.settings),
        "answers": answers,
        "size": order.size,
        "now": order.now.timestamp(),
        "zone": getattr(order.now.tzinfo, "key", "UTC"),
        "language": (order.language.code, order.language.hour_cycle),
    }


def _plain_answer(answer: Answer) -> list[str | float | None]:
    data = None if answer.data is None else to_text(answer.data)
    at = None if answer.fetched_at is None else answer.fetched_at.timestamp()
    every = None if answer.every is None else answer.every.total_seconds()
    return [data, at, answer.error, every]


def _name_of(text: str) -> str:
    """Return what the pack in `text` is called, as far as that can be read."""
    try:
        return pack.examine(text)[0].name
    except PackError:
        return "pack"


def draw_problem(name: str, error: PackError, size: tuple[int, int]) -> Drawn:
    """Return a picture that says what is wrong with the pack `name`."""
    png = to_png(drawing.draw_problem(name, error.detail, size))
    return Drawn(png, error.detail, error.line)


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    if order["do"] == "check":
        found = _check(order["text"])
        return {"problems": [(error.line, error.detail) for error in found]}
    drawn = _draw(order)
    return {"png": to_text(drawn.png), "problem": drawn.problem, "line": drawn.line}


def _check(text: str) -> list[PackError]:
    from inkstand.packs.content import expression_problems  # noqa: PLC0415 - never in the app

    if found := pack.problems(text):
        return found
    return expression_problems(pack.read(text), datetime.now().astimezone())


def _draw(order: dict[str, Any]) -> Drawn:
    size = (order["size"][0], order["size"][1])
    now = datetime.fromtimestamp(order["now"], ZoneInfo(order["zone"]))
    answers = {name: _answer_of(now, *plain) for name, plain in order["answers"].items()}
    try:
        read = pack.read(order["text"])
    except PackError as error:
        return draw_problem(_name_of(order["text"]), error, size)
    return _drawn(read, order["settings"], answers, size, now, language_of(*order["language"]))


def _answer_of(
    now: datetime, data: str | None, at: float | None, error: str, every: float | None
) -> Answer:
    fetched_at = None if at is None else datetime.fromtimestamp(at, now.tzinfo)
    told = None if every is None else timedelta(seconds=every)
    return Answer(None if data is None else to_bytes(data), fetched_at, error, told)


def _drawn(  # noqa: PLR0913, PLR0917 - what a picture is made of
    read: Pack,
    given: Mapping[str, object],
    answers: Mapping[str, Answer],
    size: tuple[int, int],
    now: datetime,
    language: Language,
) -> Drawn:
    settings: Mapping[str, Any] = {}
    try:
        settings = resolve(read, given)
        return Drawn(to_png(_picture(read, settings, answers, size, now, language)))
    except PackError as error:
        return draw_problem(
            read.name, PackError(hide(error.detail, read, settings), error.line), size
        )
    except InkstandError as error:
        # Of a picture, and so without anything that is secret.
        return draw_problem(read.name, PackError(str(error)), size)
    except MemoryError:
        return draw_problem(read.name, PackError(_TOO_MUCH), size)


def _picture(  # noqa: PLR0913, PLR0917 - likewise
    read: Pack,
    settings: Mapping[str, Any],
    answers: Mapping[str, Answer],
    size: tuple[int, int],
    now: datetime,
    language: Language,
) -> Image.Image:
    from inkstand.packs.content import fill  # noqa: PLC0415 - never in the app's process

    return drawing.draw(
        fill(read, settings, answers, now, language), size, footer(read, answers, now, language)
    )


def footer(read: Pack, answers: Mapping[str, Answer], now: datetime, language: Language) -> str:
    """Return how old data are, when some are older than they may be; "" when none are."""
    times = [
        answer.fetched_at
        for name, answer in answers.items()
        if name in read.sources and answer.fetched_at is not None
        if now - answer.fetched_at > read.age_limit(name, answer.every)
    ]
    return drawing.as_of(min(times), now, language) if times else ""


if __name__ == "__main__":
    serve(_answer)
