"""The thread that may block on the panel."""

from __future__ import annotations

import asyncio
import threading

import pytest

from inkstand.errors import PanelFailedError, PanelTimeoutError
from inkstand.panel.thread import PanelThread

pytestmark = pytest.mark.unit


async def test_all_jobs_run_in_one_thread_that_is_not_the_loops() -> None:
    thread = PanelThread()
    threads = {await thread.run(threading.get_ident, 10) for _ in range(5)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_what_a_job_raises_comes_out() -> None:
    def fail() -> None:
        raise PanelFailedError("no")

    with pytest.raises(PanelFailedError, match="no"):
        await PanelThread().run(fail, 10)


async def test_jobs_never_overlap() -> None:
    thread, inside, most = PanelThread(), [0], [0]

    def job() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        inside[0] -= 1

    await asyncio.gather(*(thread.run(job, 10) for _ in range(20)))
    assert most == [1]


async def test_a_job_that_hangs_is_given_up_and_nothing_follows_it_until_it_ends() -> None:
    thread, end = PanelThread(), threading.Event()
    with pytest.raises(PanelTimeoutError, match=r"did not answer for 0\.05 s"):
        await thread.run(end.wait, 0.05)
    with pytest.raises(PanelTimeoutError, match="still does not answer"):
        await thread.run(threading.get_ident, 10)
    end.set()
    thread.settle(10)
    assert await thread.run(lambda: "well", 10) == "well"
