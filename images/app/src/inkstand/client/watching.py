"""`inkstand watch`: what happens there, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.client.following import SILENCE, Following, Lost, Opened
from inkstand.client.terminal import end_at_once, note, now, say, say_json, server_of
from inkstand.client.wording import event_line

if TYPE_CHECKING:
    import argparse

    from inkstand.client.sse import Event


def watch(options: argparse.Namespace) -> int:
    """Print events until Ctrl-C."""
    end_at_once()
    lost = False
    for happening in Following(server_of(options, timeout=SILENCE)).happenings():
        match happening:
            case Opened():
                if lost:
                    note("connected again")
                lost = False
            case Lost(reason, pause):
                if not lost:
                    note(f"{reason} (trying again in {pause:g} s, and so on)")
                lost = True
            case _:
                _print(happening, as_json=options.json)
    return 0


def _print(event: Event, *, as_json: bool) -> None:
    if as_json:
        say_json({"id": event.id, "type": event.type, "data": event.data})
    else:
        say(event_line(event, now()))
