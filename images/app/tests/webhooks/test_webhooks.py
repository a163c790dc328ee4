"""What happens is told, signed, in order and at least once, or it is said that it was not."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tracemalloc
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from images.app.tests.webhooks.receiver import SECRET
from inkstand.errors import StorageFullError, WebhookNotFoundError
from inkstand.events import ButtonPressed, Gesture, PanelChanged, WebhookChanged
from inkstand.fetching.fetcher import Timeouts
from inkstand.messages import Message, State
from inkstand.messages.events import MessageChanged
from inkstand.webhooks import table
from inkstand.webhooks.table import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from images.app.tests.webhooks.conftest import House
    from images.app.tests.webhooks.receiver import Receiver
    from inkstand.webhooks.targets import Target
    from inkstand.webhooks.webhooks import Told, Webhooks

    Receive = Callable[..., Awaitable[Receiver]]
    Make = Callable[..., Target]

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)


async def told_of(webhooks: Webhooks) -> Told:
    (told,) = await webhooks.told()
    return told


async def has(webhooks: Webhooks, condition: Callable[[Told], object]) -> Told:
    """Return what is known when it is so."""
    async with asyncio.timeout(60):
        while not condition(known := await told_of(webhooks)):  # noqa: ASYNC110 - asked, as people do
            await asyncio.sleep(0.005)
    return known


async def test_each_event_is_told_signed_and_in_order(
    house: House, receive: Receive, target: Make
) -> None:
    receiver, now = await receive(), house.clock.now()
    ada: dict[str, Any] = {"id": 7, "author": "ada", "text": "Grüße 👋", "at": now}

    def became(state: State, before: State | None) -> MessageChanged:
        return MessageChanged(now, Message(**ada, state=state), before)

    async with house.telling(target(receiver)):
        for event in (
            became(State.WAITING, None),
            became(State.SHOWN, State.WAITING),
            became(State.SHOWN, State.SHOWN),
            became(State.READ, State.SHOWN),
            became(State.DELETED, State.READ),
            became(State.EXPIRED, State.WAITING),
            ButtonPressed(now, Gesture.DOUBLE),
            PanelChanged(now, "it broke"),
            PanelChanged(now, "it broke"),
            PanelChanged(now, None),
            PanelChanged(now, "it broke"),
        ):
            house.hub.publish(event)
        await receiver.has_taken(7)
    message = {"id": 7, "text": "Grüße 👋", "author": "ada"}
    assert [(each["type"], each["data"]) for each in receiver.taken] == [
        ("shown", message),
        ("read", message),
        ("expired", message),
        ("button", {"gesture": "double"}),
        ("panel", {"reason": "it broke"}),
        ("panel", {"reason": None}),
        ("panel", {"reason": "it broke"}),
    ]
    assert {each["timestamp"] for each in receiver.taken} == {"2026-11-29T09:30:00Z"}


async def test_a_target_is_told_what_it_wants_alone(
    house: House, receive: Receive, target: Make
) -> None:
    first, second = await receive(), await receive()
    given = (target(first, events=["button"]), target(second, "other", events=["shown", "button"]))
    async with house.telling(*given):
        house.shows(1)
        house.hub.publish(ButtonPressed(house.clock.now(), Gesture.LONG))
        await first.has_taken(1)
        await second.has_taken(2)
    assert [each["type"] for each in first.taken] == ["button"]
    assert [each["type"] for each in second.taken] == ["shown", "button"]
    assert first.asked == second.asked[1:]


async def test_a_thousand_come_in_order_to_a_receiver_that_is_down_half_of_the_time(
    house: House, receive: Receive, target: Make
) -> None:
    """It answers 500, breaks off, or has taken it and does not say so."""
    chance, left = random.Random(7), 0
    down = False

    async def break_off(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def answer() -> Any:
        nonlocal left, down
        left -= 1
        if left <= 0:
            down, left = not down, chance.randrange(1, 9)
        return chance.choice([500, 503, break_off]) if down else 200

    receiver = await receive(answer)
    numbers = [*range(1000)]
    async with house.telling(target(receiver)) as webhooks, house.time_flies():
        for start in range(0, 1000, 100):
            house.shows(*numbers[start : start + 100])
            await receiver.has_taken(start + 50)
        await receiver.has_taken(1000)
        known = await has(webhooks, lambda told: not told.known.waiting)
    assert receiver.numbers == numbers
    assert len(receiver.asked) > 1500
    # An id comes again and again, but never after the next one.
    assert len([*dict.fromkeys(receiver.asked)]) == 1000
    changes = [a for a, b in zip(receiver.asked, receiver.asked[1:], strict=False) if a != b]
    assert len(changes) == 999
    assert (known.known.dropped, known.state) == (0, "ok")


async def test_a_day_of_500_is_said_given_up_and_got_over(
    house: House, receive: Receive, target: Make
) -> None:
    status = 500
    receiver = await receive(lambda: status)
    with house.hub.listen(kinds=(WebhookChanged,)) as changes:
        async with house.telling(target(receiver)) as webhooks:
            house.shows(1)
            async with house.time_flies():
                known = await has(webhooks, lambda told: told.known.dropped)
                assert known.state == "weather.example answered 500"
                (delivery,) = known.known.deliveries
                assert (delivery.outcome, delivery.status) == (Outcome.GIVEN_UP, 500)
                # A minute's worth of tries at first, and once an hour at last.
                assert 25 <= delivery.attempts == len(receiver.asked) <= 40
                status = 200
                house.shows(2)
                await receiver.until(lambda: receiver.numbers == [2])
                await has(webhooks, lambda told: told.state == "ok")
        told: list[Any] = [await anext(changes) for _ in range(2)]
        assert [each.reason for each in told] == ["weather.example answered 500", None]


async def test_one_that_fails_keeps_no_other_from_being_told(
    house: House, receive: Receive, target: Make
) -> None:
    never = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    silent, good = await receive(lambda: hang), await receive()
    async with house.telling(target(silent), target(good, "good")) as webhooks:
        house.shows(*range(20))
        await silent.until(lambda: silent.asked)
        await good.has_taken(20)
        assert len(silent.asked) == 1
        silent.answer = lambda: 200
        assert (await webhooks.test("home")).outcome is Outcome.DELIVERED
        never.set()


async def test_one_that_never_answers_is_left_after_a_while_and_tried_again(
    house: House, receive: Receive, target: Make
) -> None:
    never = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    silent = await receive(lambda: hang)
    make = house.make_fetcher

    def impatient(given: Target) -> Any:
        fetcher = make(given)
        fetcher._timeouts = Timeouts(connect=30, read=30, total=0.3)
        return fetcher

    house.make_fetcher = impatient
    async with house.telling(target(silent)) as webhooks, house.time_flies():
        house.shows(1)
        await silent.until(lambda: len(silent.asked) == 3)
        known = await has(webhooks, lambda told: told.known.deliveries)
        assert "was not done within" in str(known.known.deliveries[0].problem)
        never.set()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_no_delivery_and_is_not_followed(
    house: House, receive: Receive, target: Make, status: int
) -> None:
    inside = await receive()

    async def redirect(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, headers={"Location": f"https://127.0.0.1:{inside.port}/hook"}
        )

    outside = await receive(lambda: redirect)
    async with house.telling(target(outside)) as webhooks:
        house.shows(1)
        known = await has(webhooks, lambda told: told.known.deliveries)
    assert known.known.deliveries[0].status == status
    assert (known.known.waiting, inside.asked) == (1, [])


async def test_a_private_network_is_asked_only_with_leave(
    house: House, receive: Receive, target: Make
) -> None:
    receiver = await receive()
    async with house.telling(target(receiver, private=False)) as webhooks:
        house.shows(1)
        known = await has(webhooks, lambda told: told.known.deliveries)
    assert "an address of a private network" in str(known.known.deliveries[0].problem)
    assert receiver.asked == []


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    house: House, receive: Receive, target: Make
) -> None:
    receiver = await receive()
    stranger = target(receiver)
    object.__setattr__(stranger, "ca", "")
    async with house.telling(stranger) as webhooks:
        house.shows(1)
        known = await has(webhooks, lambda told: told.known.deliveries)
    assert "certificate of weather.example is not trusted" in str(known.known.deliveries[0].problem)
    assert receiver.asked == []


async def test_410_ends_it_until_a_test_is_taken(
    house: House, receive: Receive, target: Make
) -> None:
    status = 410
    receiver = await receive(lambda: status)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(1, 2)
        known = await has(webhooks, lambda told: told.known.gone_at)
        assert (known.known.waiting, known.known.dropped) == (0, 2)
        assert "410 Gone" in known.state
    async with house.telling(target(receiver)) as webhooks:
        house.shows(3)
        house.hub.publish(ButtonPressed(house.clock.now(), Gesture.LONG))
        assert "410 Gone" in webhooks.states["home"]
        assert (await webhooks.test("home")).outcome is Outcome.GONE
        status = 200
        assert (await webhooks.test("home")).outcome is Outcome.DELIVERED
        house.shows(4)
        await receiver.has_taken(2)
        assert (await told_of(webhooks)).state == "ok"
    assert [each["type"] for each in receiver.taken] == ["test", "shown"]


async def test_410_is_over_when_the_address_is_another(
    house: House, receive: Receive, target: Make
) -> None:
    gone, new = await receive(lambda: 410), await receive()
    async with house.telling(target(gone)) as webhooks:
        house.shows(1)
        await has(webhooks, lambda told: told.known.gone_at)
    async with house.telling(target(new)) as webhooks:
        assert webhooks.states == {"home": "ok"}
        house.shows(2)
        await new.until(lambda: new.numbers == [2])


async def test_a_test_does_not_wait_for_others_and_tells_how_it_went(
    house: House, receive: Receive, target: Make
) -> None:
    status = 500
    receiver = await receive(lambda: status)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(1)
        await receiver.until(lambda: receiver.asked)
        failed = await webhooks.test("home")
        assert (failed.outcome, failed.status, failed.event) == (Outcome.GIVEN_UP, 500, "test")
        status = 200
        assert (await webhooks.test("home")).outcome is Outcome.DELIVERED
        # And what waits is not left until it is time again.
        await receiver.has_taken(2)
        with pytest.raises(WebhookNotFoundError, match="no webhook called garden"):
            await webhooks.test("garden")


async def test_how_long_it_wants_to_be_left_alone_is_kept_to(
    house: House, receive: Receive, target: Make
) -> None:
    async def busy(_: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "7200"})

    receiver = await receive(lambda: busy)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(1)
        await has(webhooks, lambda told: told.known.deliveries)
        begin = house.clock.now()
        async with house.time_flies():
            await receiver.until(lambda: len(receiver.asked) == 2)
        assert 2 * HOUR <= house.clock.now() - begin < 3 * HOUR


async def test_the_oldest_give_way_and_that_is_counted(
    house: House, receive: Receive, target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST", 10)
    status = 500
    receiver = await receive(lambda: status)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(*range(25))
        known = await has(webhooks, lambda told: told.known.dropped == 15)
        assert known.known.waiting == 10
        status = 200
        async with house.time_flies():
            await receiver.has_taken(10)
    assert receiver.numbers == [*range(15, 25)]


async def test_long_texts_give_way_earlier(
    house: House, receive: Receive, target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST_BYTES", 1000)
    receiver = await receive(lambda: 500)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(*range(100))
        known = await has(webhooks, lambda told: told.known.dropped + told.known.waiting == 100)
    assert 5 < known.known.waiting < 20


async def test_memory_does_not_grow_with_what_happens(
    house: House, receive: Receive, target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST", 100)
    receiver = await receive(lambda: 500)
    async with house.telling(target(receiver)) as webhooks:

        async def fill(first: int, last: int) -> int:
            for start in range(first, last, 100):
                house.shows(*range(start, start + 100))
                number = start + 100
                await has(webhooks, partial(_have_happened, number))
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            before = await fill(0, 200)
            after = await fill(200, 1200)
        finally:
            tracemalloc.stop()
        # A thousand that were kept in memory would be twice that.
        assert after - before < 200_000
        assert (await told_of(webhooks)).known.waiting == 100


def _have_happened(number: int, told: Told) -> bool:
    return told.known.waiting + told.known.dropped == number


async def test_nothing_is_sent_before_the_time_is_right_and_then_all(
    house: House, receive: Receive, target: Make
) -> None:
    """A Pi without a clock begins where it was switched off: a month ago."""
    receiver = await receive()
    house.time.synchronised = False
    async with house.telling(target(receiver)) as webhooks:
        house.shows(1)
        await has(webhooks, lambda told: told.known.waiting == 1)
        assert receiver.asked == []
        house.clock.advance(timedelta(days=30))
        house.time.becomes_right()
        await receiver.until(lambda: receiver.numbers == [1])


async def test_a_clock_that_was_set_back_is_not_waited_for(
    house: House, receive: Receive, target: Make
) -> None:
    status = 500
    receiver = await receive(lambda: status)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(1)
        await has(webhooks, lambda told: told.known.deliveries)
        status = 200
        house.clock.advance(timedelta(days=-365))
        await receiver.until(lambda: receiver.numbers == [1])


async def test_what_the_disk_does_not_take_is_tried_again(
    house: House,
    receive: Receive,
    target: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor is what was delivered sent again because that cannot be written down."""
    receiver = await receive()
    async with house.telling(target(receiver)) as webhooks:
        database, fail = webhooks._database, {"on"}
        write = database.write

        async def broken(job: Any) -> None:
            if fail and (fail == {"on"} or job.func is table.keep):
                raise StorageFullError("There is no room")
            await write(job)

        monkeypatch.setattr(database, "write", broken)
        house.shows(1)
        await has(webhooks, lambda _: "There is no room" in caplog.messages)
        assert receiver.asked == []
        async with house.time_flies():
            fail.add("keeping alone")
            await receiver.until(lambda: receiver.numbers == [1])
            said = len(caplog.messages)
            await has(webhooks, lambda _: len(caplog.messages) > said + 3)
            fail.clear()
            await has(webhooks, lambda told: not told.known.waiting)
    assert len(receiver.asked) == 1


async def test_the_last_ten_deliveries_are_known(
    house: House, receive: Receive, target: Make
) -> None:
    receiver = await receive()
    async with house.telling(target(receiver)) as webhooks:
        house.shows(*range(15))
        await receiver.has_taken(15)
        known = await has(webhooks, lambda told: not told.known.waiting)
    assert [each.id for each in known.known.deliveries] == receiver.asked[:4:-1]
    assert {each.outcome for each in known.known.deliveries} == {Outcome.DELIVERED}


async def test_no_secret_and_no_address_is_kept_or_told(
    house: House, receive: Receive, target: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    receiver = await receive(lambda: 500)
    given = target(receiver)
    async with house.telling(given) as webhooks:
        house.shows(1)
        await has(webhooks, lambda told: told.known.deliveries)
    told = b"".join(path.read_bytes() for path in house.directory.iterdir())
    told += repr(given).encode() + caplog.text.encode()
    for secret in (given.secret, SECRET.encode(), b"/hook"):
        assert secret not in told


async def test_a_damaged_queue_is_set_aside_and_said(
    house: House, receive: Receive, target: Make
) -> None:
    receiver = await receive()
    async with house.webhooks(target(receiver)):
        pass
    (house.directory / table.NAME).write_bytes(b"garbage" * 4096)
    async with house.telling(target(receiver)):
        house.shows(1)
        await receiver.until(lambda: receiver.numbers == [1])
    (notice,) = house.directory.glob("*.txt")
    assert "What waited to be told to webhooks was damaged" in notice.read_text()


async def test_a_target_that_is_not_named_any_more_is_forgotten(
    house: House, receive: Receive, target: Make
) -> None:
    receiver = await receive(lambda: 500)
    async with house.telling(target(receiver)) as webhooks:
        house.shows(1)
        await has(webhooks, lambda told: told.known.deliveries)
    async with house.webhooks(target(receiver, "other")):
        pass
    connection = sqlite3.connect(house.directory / table.NAME)
    try:
        for name in ("waiting", "delivery"):
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    finally:
        connection.close()
