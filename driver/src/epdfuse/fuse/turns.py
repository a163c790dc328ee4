"""Whose turn it is at the panel: one order at a time, and rest when nobody orders."""

import math

import trio

from epdfuse.panel.commands import Operator, Order

STUCK_AFTER = 120.0
"""Seconds no order takes; the longest update, at -10 °C and below, takes 44."""


class ClosedError(Exception):
    """The driver is stopping and takes no more orders."""


class Turns:
    """Lets orders reach the panel one by one, in the order in which they came.

    Args:
        operator: does the work, in a worker thread.
        idle_seconds: a controller that a partial update left powered is powered off after
            so long without an order.
        full_interval: seconds of rest the glass gets after each full update; the next one
            waits for the end of them.
    """

    def __init__(self, operator: Operator, idle_seconds: float, full_interval: float = 0.0) -> None:
        self._operator = operator
        self._idle_seconds = idle_seconds
        self._panel = trio.Lock()
        self._idle = trio.CancelScope()
        self._closing = trio.Event()
        self._full_interval = full_interval
        self._full_from = -math.inf
        self._started: float | None = None

    @property
    def stuck(self) -> bool:
        """Whether the panel has been at one order for longer than any takes."""
        return self._started is not None and trio.current_time() > self._started + STUCK_AFTER

    async def run(self, order: Order) -> None:
        """Wait for the panel's turn, then for the panel.

        Raises:
            ClosedError: nothing was done.
            PanelError: the panel failed.
        """
        self._idle.deadline = math.inf
        async with self._panel:
            await self._until_rested(order)
            if self._closing.is_set():
                raise ClosedError
            await self._drive(order)
        if self._operator.leaves_power(order):
            self._idle.deadline = trio.current_time() + self._idle_seconds

    async def rest_when_idle(self) -> None:
        """Power off when the idle time is over; runs until cancelled."""
        while True:
            self._idle = trio.CancelScope()
            with self._idle:
                await trio.sleep_forever()
            async with self._panel:
                await trio.to_thread.run_sync(self._operator.rest)

    async def close(self) -> None:
        """Take no more orders; return when the running one is done."""
        self._closing.set()
        async with self._panel:
            pass

    async def _until_rested(self, order: Order) -> None:
        """Wait until the glass may be driven in full again, or the driver stops."""
        due = trio.current_time() >= self._full_from
        if due or not self._operator.drives_all(order):
            return
        await trio.to_thread.run_sync(self._operator.rest)  # nothing pumps while nothing draws
        with trio.move_on_at(self._full_from):
            await self._closing.wait()

    async def _drive(self, order: Order) -> None:
        full = self._operator.drives_all(order)
        self._started = trio.current_time()
        try:
            await trio.to_thread.run_sync(self._operator.run, order)
        finally:
            self._started = None
            if full:
                self._full_from = trio.current_time() + self._full_interval
