"""Packs that ship, for who chooses one: what each asks for, and how it would look."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from inkstand.packs import example, pack
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


async def preview(
    name: str,
    settings: Mapping[str, object],
    size: tuple[int, int],
    now: datetime,
    language: Language,
) -> Drawn:
    """Return how the pack `name` that ships looks with `settings` and its example data.

    What is not filled in is as in the example.

    Raises:
        ConfigError: there is no such pack, or what was filled in is wrong.
    """
    table = {"pack": name.removesuffix(".toml"), "settings": settings, "example": True}
    (chosen,) = read_chosen({name: table}, SHIPPED)
    answers = example.answers(chosen.pack, chosen.folder)
    moment = example.now(chosen.pack, now)
    return await draw(Order(chosen.text, chosen.settings, answers, size, moment, language))
