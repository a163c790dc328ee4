"""What is wrong with a pack: as it is written and, if nothing is, as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.errors import PackError
from inkstand.packs import example, pack, worker
from inkstand.packs.requests import requests, resolve
from inkstand.packs.worker import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from inkstand.packs.pack import Pack
    from inkstand.packs.requests import Answer
    from inkstand.packs.worker import Drawn


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with a pack, or else what its example lacks, so that it was not drawn."""

    problems: Sequence[PackError] = ()
    missing: Sequence[str] = ()


async def check(
    text: str, folder: Path | None, sizes: Iterable[tuple[int, int]], now: datetime
) -> Checked:
    """Look at the pack in `text`, which is drawn on its example for panels of these sizes.

    Its file is in `folder`, None: there is none. `now` is aware, with a zone of zoneinfo.
    """
    try:
        if found := await worker.check(text):
            return Checked(found)
        read = pack.read(text)
        answers = example.answers(read, folder)
        missing = _missing(read, answers)
    except PackError as error:
        return Checked([error])
    if missing:
        return Checked(missing=missing)
    moment = example.now(read, now)
    orders = [Order(text, read.example.settings, answers, size, moment) for size in sizes]
    return Checked(_told([await worker.draw(each) for each in orders]))


def _missing(read: Pack, answers: Mapping[str, Answer]) -> list[str]:
    """Return what the example of a pack lacks to be drawn: settings, or else answers."""
    given = read.example.settings
    unset = [name for name, it in read.settings.items() if it.default is None and name not in given]
    if unset:
        return [f"settings.{name}" for name in unset]
    asked = requests(read, resolve(read, given))
    return [request.source for request in asked if request.source not in answers]


def _told(drawn: Sequence[Drawn]) -> list[PackError]:
    problems = {each.problem: each.line for each in drawn if each.problem}
    return [PackError(problem, line) for problem, line in problems.items()]
