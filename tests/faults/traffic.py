"""The visitors of a run: one sends, one reads, and one looks at the glass."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.faults.appliance import CONFLICT, CREATED, NOBODY, OK, is_stranger, text_of
from tests.faults.judging import Sent, Trail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.appliance import Appliance

# Who signs what the appliance itself says.
OWN_NAME = "Inkstand"
# Messages that were sent and not read yet: one on the glass, and two that have to keep their order.
AHEAD = 3
# Seconds: from one message to the next at least, before a request is sent again, between looks.
PACE = 0.25
_PAUSE = 0.1
_LOOK = 0.005
# After a press, longer than what tells a double press from two.
_PRESSED = 1.5


class Traffic:
    """Messages, one after the other, each with a key, sent again until it is answered with 2xx.

    Whoever reads them waits until one is on the glass. Each request has a connection of its own.
    """

    def __init__(
        self,
        appliance: Appliance,
        word: str,
        most: int,
        *,
        by_button: bool = False,
        pace: float = PACE,
    ) -> None:
        self.trail = Trail()
        self._appliance, self._word, self._most = appliance, word, most
        self._by_button, self._pace = by_button, pace
        self._ids: dict[int, int] = {}
        self._enough, self._over = threading.Event(), threading.Event()

    @contextmanager
    def flowing(self) -> Iterator[Trail]:
        """Let it flow meanwhile."""
        with ThreadPoolExecutor(3) as threads:
            visitors = [threads.submit(it) for it in (self._send, self._read, self._look)]
            try:
                yield self.trail
            finally:
                self._enough.set()
                self._over.set()
        for visitor in visitors:
            visitor.result()

    def drain(self, seconds: float) -> list[int]:
        """Send no more, and wait until all is read, so long at most; give what was not."""
        self._enough.set()
        deadline = time.monotonic() + seconds
        while self._unread() and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return self._unread()

    def _unread(self) -> list[int]:
        read = self.trail.read
        return [number for number in list(self.trail.sent) if number not in read]

    def _send(self) -> None:
        ahead = 1 if self._by_button else AHEAD
        for number in range(1, self._most + 1):
            while len(self._unread()) >= ahead and not self._enough.wait(_LOOK):
                pass
            if self._enough.is_set():
                return
            self._send_one(number)
            self._enough.wait(self._pace)

    def _send_one(self, number: int) -> None:
        """Send one until it is taken; one that was sent is never given up before all is over."""
        sent = self.trail.sent[number] = Sent(time.monotonic())
        while not self._over.is_set():
            sent.tries += 1
            if self._is_taken(number):
                sent.accepted = time.monotonic()
                return
            self._over.wait(_PAUSE)

    def _is_taken(self, number: int) -> bool:
        headers = {"Idempotency-Key": f"{self._word}-{number}"}
        body = {"text": text_of(number)}
        status, said = self._ask("POST", "/api/v1/messages", json=body, headers=headers)
        if status == CREATED:
            self._ids[number] = said["id"]
        return status == CREATED

    def _read(self) -> None:
        while not self._over.wait(_LOOK):
            for number in self._unread():
                if number in self._ids and self.trail.first_seen(number) is not None:
                    self._read_one(number)

            if self.trail.on_glass is None and self._unread():
                self._read_others()

    def _read_others(self) -> None:
        """Read what the appliance itself has to say, such as that a file was damaged."""
        _, said = self._ask("GET", "/api/v1/messages?state=shown")
        for message in said["messages"] if said and "messages" in said else ():
            if message["author"] == OWN_NAME:
                self._ask("POST", f"/api/v1/messages/{message['id']}/acknowledge")
        self._over.wait(_LOOK)

    def _read_one(self, number: int) -> None:
        """Read what is on the glass, or find that this came through although nobody said so."""
        on_glass = self.trail.on_glass == number
        if (on_glass and self._says_read(number)) or self._is_read(number):
            self.trail.read[number] = time.monotonic()
        else:
            self._over.wait(_LOOK)

    def _says_read(self, number: int) -> bool:
        if self._by_button:
            felt = self._appliance.press() and self._becomes_read(number)
            self.trail.sent[number].tries += not felt
            return felt
        status, _ = self._ask("POST", f"/api/v1/messages/{self._ids[number]}/acknowledge")
        # The glass may be ahead of what the app knows of it.
        self.trail.sent[number].tries += status not in (OK, CONFLICT)
        return status == OK

    def _becomes_read(self, number: int) -> bool:
        deadline = time.monotonic() + _PRESSED
        while time.monotonic() < deadline:
            if self._is_read(number):
                return True
        return False

    def _is_read(self, number: int) -> bool:
        status, said = self._ask("GET", f"/api/v1/messages/{self._ids[number]}")
        return status == OK and bool(said["state"] == "read")

    def _ask(self, method: str, path: str, **arguments: object) -> tuple[int, Any]:
        """Return status and answer, 0 when there is none; who is a stranger now logs in."""
        try:
            status, said = self._appliance.ask(method, path, **arguments)
            if is_stranger(status, said):
                self._appliance.log_in()
        except NOBODY:
            return 0, None
        return status, said

    def _look(self) -> None:
        camera, root = self._appliance.camera(), self._appliance.root
        while not self._over.wait(_LOOK):
            if self._appliance.root != root:
                camera, root = self._appliance.camera(), self._appliance.root
            changed, number = camera.look()
            if changed:
                self.trail.see(time.monotonic(), number)
