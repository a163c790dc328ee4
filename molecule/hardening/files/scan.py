"""Print the TCP ports of an address that answer: `scan.py ADDRESS PORT|FIRST-LAST ...`."""

import asyncio
import sys

AT_ONCE = 400
PATIENCE = 0.5


async def is_open(address: str, port: int, turn: asyncio.Semaphore) -> bool:
    """Tell whether somebody answers; a packet that is thrown away has no answer."""
    async with turn:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), PATIENCE)
        except OSError:
            return False
        writer.close()
        return True


async def scan(address: str, ports: list[int]) -> list[int]:
    """Give those that are open, in order."""
    turn = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(is_open(address, port, turn) for port in ports))
    return [port for port, is_one in zip(ports, found, strict=True) if is_one]


def ports(text: str) -> range:
    """Give the ports of `22` or `1-1024`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    asked = [port for text in sys.argv[2:] for port in ports(text)]
    print(*asyncio.run(scan(sys.argv[1], asked)))
