"""Packs that ship, for who chooses one: what each asks for, and how it would look."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from inkstand.errors import PackError
from inkstand.packs import NO_PACKS, example, pack
from inkstand.packs.chosen import SHIPPED, read_chosen, shipped
from inkstand.packs.worker import Order, draw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from inkstand.language import Language
    from inkstand.packs.pack import Pack
    from inkstand.packs.worker import Drawn


@lru_cache(maxsize=1)
def packs() -> tuple[Pack, ...]:
    """Return the packs that ship, by name; reads their files once."""
    return tuple(pack.read(pack.decode(path.read_bytes())) for path in shipped().values())


def told(own: Mapping[str, str]) -> tuple[tuple[Pack, str], ...]:
    """Return packs of an owner's `own`, by name, as far as they can be read, and what is wrong."""
    return tuple(_told(name, own[name]) for name in sorted(own))


@lru_cache(maxsize=20)
def _told(name: str, text: str) -> tuple[Pack, str]:
    try:
        read, problems = pack.examine(text)
    except PackError as error:
        read, problems = pack.examine("")[0], [error]
    return replace(read, name=name), "\n".join(map(str, problems))


async def preview(  # noqa: PLR0913, PLR0917 - what a picture is made of
    name: str,
    settings: Mapping[str, object],
    size: tuple[int, int],
    now: datetime,
    language: Language,
    own: Mapping[str, str] = NO_PACKS,
) -> Drawn:
    """Return how the pack `name`, which ships or is an `own`, looks with its example data.

    What is not filled in in `settings` is as in the example.

    Raises:
        ConfigError, PackError: there is no such pack, or what was filled in is wrong.
    """
    table = {"pack": name.removesuffix(".toml"), "settings": settings, "example": True}
    (chosen,) = read_chosen({name: table}, SHIPPED, own)
    answers = example.answers(chosen.pack, chosen.folder)
    moment = example.now(chosen.pack, now)
    return await draw(Order(chosen.text, chosen.settings, answers, size, moment, language))
