"""A process to be killed: adds messages in bursts, and prints the id of each that is kept.

Arguments: the state directory, and a word that all texts begin with.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from inkstand.messages import Draft
from inkstand.messages.store import MessageStore

BURST = 50


async def add(store: MessageStore, text: str) -> None:
    added = await store.add(Draft(author="ada", text=text), datetime.now(UTC))
    os.write(1, f"{added.message.id} {text}\n".encode())


async def main(directory: Path, word: str) -> None:
    async with MessageStore(directory, 1_000_000) as store:
        for burst in itertools.count():
            await asyncio.gather(*(add(store, f"{word}-{burst}-{n}") for n in range(BURST)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
