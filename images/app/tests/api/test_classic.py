"""The API of 2017, to the byte in status and JSON."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from inkstand.accounts.model import Scope
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen, MessageScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Site = Any
BAD_REQUEST = '{"error": "Bad Request"}'
INVALID_ARGUMENTS = '{"error": "Invalid arguments"}'
INVALID_TOKEN = (400, '{"error": "Token is invalid"}')
MEGABYTE = 1_000_000


async def told(answer: Any) -> tuple[int, str]:
    assert answer.content_type == "application/json"
    return answer.status, await answer.text()


def frame_of(site: Site, screen: Any) -> Any:
    size = site.panel.info().size
    return to_frame(screen.render(size, site.system.clock.now()), size)


async def test_the_front_door_is_locked_for_programs(site: Site) -> None:
    answer = await site.client.get("/")
    assert await told(answer) == (401, '{"error": "Unauthorized"}')


@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer "])
async def test_with_a_token_one_is_welcome(site: Site, scheme: str) -> None:
    answer = await site.client.get("/", headers={"Authorization": scheme + site.token})
    assert await told(answer) == (200, '{"message": "Welcome to LegoMac john!"}')


async def test_the_right_password_gives_a_token_that_works(site: Site, password: str) -> None:
    answer = await site.client.post("/login", json={"username": "john", "password": password})
    assert answer.status == 200
    body = await answer.json()
    assert list(body) == ["token"]
    assert jwt.get_unverified_header(body["token"])["alg"] == "HS256"
    answer = await site.client.get("/", headers={"Authorization": body["token"]})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("username", "guess"),
    [("john", "wrong"), ("jane", None), ("", ""), ("john", "\ud800\x00"), ("\ud800", "x" * 9999)],
)
async def test_wrong_credentials_are_refused(
    site: Site, username: str, guess: str | None, password: str
) -> None:
    body = {"username": username, "password": password if guess is None else guess}
    answer = await site.client.post("/login", json=body)
    assert await told(answer) == (400, '{"error": "Invalid credentials"}')


BAD_LOGINS = [
    b"",
    b"not JSON",
    b"[]",
    b"1",
    b"null",
    b'"text"',
    b"{}",
    b'{"username": "john"}',
    b'{"password": "x"}',
    b'{"username": 1, "password": "x"}',
    b'{"username": "john", "password": null}',
    b'{"username": ["john"], "password": {}}',
    b"\xff\xfe",
    b"[" * 20_000,
    b"1" * 20_000,
]


@pytest.mark.parametrize("body", BAD_LOGINS, ids=range(len(BAD_LOGINS)))
async def test_a_login_without_two_strings_is_refused(site: Site, body: bytes) -> None:
    answer = await site.client.post("/login", data=body)
    assert await told(answer) == (400, INVALID_ARGUMENTS)


async def test_a_message_is_echoed_and_comes_onto_the_glass(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    answer = await site.post("Hello World!")
    assert await told(answer) == (201, '{"message": "Hello World!"}')
    screen = MessageScreen("Hello World!", f"john at {site.system.clock.now():%H:%M}")
    await eventually(lambda: site.panel.current() == frame_of(site, screen))


async def test_the_button_brings_the_clock_back(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = site.panel.current()
    await site.post("Hello World!")
    await eventually(lambda: site.panel.current() != clock)
    site.button.press()
    await eventually(lambda: site.panel.current() == frame_of(site, ClockScreen()))


async def test_a_message_needs_a_token_before_anything_else(site: Site) -> None:
    answer = await site.client.post("/messages", data=b"x" * 10)
    assert await told(answer) == (401, '{"error": "Unauthorized"}')


NO_MESSAGES = [
    b"",
    b"x",
    b"[]",
    b"null",
    b"7",
    b"{}",
    b'{"message": 7}',
    b'{"message": null}',
    b'{"message": ["a"]}',
    b'{"message": ""}',
    b'{"message": " \\n\\t "}',
    b'{"message": "\\u200b"}',
    b'{"text": "a"}',
]


@pytest.mark.parametrize("body", NO_MESSAGES)
async def test_what_is_no_message_is_a_bad_request(site: Site, body: bytes) -> None:
    headers = {"Authorization": site.token, "Content-Type": "application/json"}
    answer = await site.client.post("/messages", data=body, headers=headers)
    assert await told(answer) == (400, BAD_REQUEST)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_message_of_another_content_type_is_a_bad_request(site: Site, kind: str) -> None:
    headers = {"Authorization": site.token, "Content-Type": kind}
    answer = await site.client.post("/messages", data=b'{"message": "a"}', headers=headers)
    assert await told(answer) == (400, BAD_REQUEST)


async def test_a_character_set_after_the_content_type_is_fine(site: Site) -> None:
    kind = "application/json; charset=nonsense"
    headers = {"Authorization": site.token, "Content-Type": kind}
    answer = await site.client.post("/messages", data=b'{"message": "a"}', headers=headers)
    assert answer.status == 201


async def test_a_message_that_is_too_long_is_refused_with_the_limit(site: Site) -> None:
    assert (await site.post("\N{GRINNING FACE}" * 2000)).status == 201
    answer = await site.post("a" * 2001)
    assert answer.status == 413
    assert await answer.json() == {
        "error": "The message has 2001 characters; at most 2000 are taken"
    }


@pytest.mark.parametrize("path", ["/login", "/messages"])
async def test_a_megabyte_is_refused(site: Site, path: str) -> None:
    body = json.dumps({"message": "a" * MEGABYTE, "username": "a", "password": "b"})
    headers = {"Authorization": site.token, "Content-Type": "application/json"}
    answer = await site.client.post(path, data=body, headers=headers)
    assert answer.status == 413
    assert "error" in await answer.json()


async def test_a_small_archive_of_a_megabyte_is_refused(site: Site) -> None:
    body = gzip.compress(json.dumps({"message": "a" * MEGABYTE}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await site.client.post(
        "/messages", data=body, headers={**headers, "Authorization": site.token}
    )
    assert answer.status == 413


async def test_a_body_that_cannot_be_unpacked_is_a_bad_request(site: Site) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await site.client.post(
        "/messages", data=b"no archive", headers={**headers, "Authorization": site.token}
    )
    assert await told(answer) == (400, BAD_REQUEST)


TEXTS = [
    "a" * 2000,
    "\x00\x01\x1b[31m\x7f\u0085!",
    "\ud800 alone \udfff",
    "שלום עולם",
    "السلام عليكم",
    "\u202eoverridden\u202c",
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{FAMILY}",
    "e" + "\u0301" * 1999,
    "\n" * 1998 + "ab",
    "\N{ZERO WIDTH SPACE}.",
    "漢字かな交じり文",
    "\ufffe\uffff\U0010ffff",
    "a\tb\rc\r\nd\u2028e",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_any_text_is_a_picture(
    site: Site, text: str, eventually: Callable[..., Awaitable[None]]
) -> None:
    answer = await site.post(text)
    assert answer.status == 201
    assert await answer.json() == {"message": text}
    await eventually(lambda: site.system.display.refreshes["full"] == 2)
    assert site.system.display.reason is None
    assert any(site.panel.current().data), "the panel is blank"


async def test_the_loop_goes_on_while_a_long_message_is_drawn(
    site: Site, eventually: Callable[..., Awaitable[None]]
) -> None:
    gaps = [0.0]

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            gaps.append(time.monotonic() - before)

    task = asyncio.create_task(beat())
    await site.post("漢" * 2000)
    await eventually(lambda: site.system.display.refreshes["full"] == 2)
    task.cancel()
    # The bound is generous: a machine that runs other tests at the same time has gaps of its own.
    assert max(gaps) < 0.5


class TestTokens:
    """A token is good or the answer is 400, wherever it is sent."""

    SECRET = "0123456789abcdef" * 2

    def forged(self, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
        later = datetime.now(UTC) + timedelta(hours=1)
        return jwt.encode({"sub": "john", "exp": later, **claims}, secret, algorithm)

    def bad_tokens(self) -> list[str]:
        past = datetime.now(UTC) - timedelta(seconds=1)
        good = self.forged()
        none = jwt.encode({"sub": "john", "exp": 9_999_999_999}, "", "none")
        without_exp = jwt.encode({"sub": "john"}, self.SECRET, "HS256")
        without_sub = jwt.encode({"exp": 9_999_999_999}, self.SECRET, "HS256")
        others = [
            self.forged(exp=past),
            self.forged(secret="x" * 32),
            self.forged(algorithm="HS512"),
            self.forged(sub="jane"),
            self.forged(sub=["john"]),
            self.forged(exp="tomorrow"),
            self.forged(nbf=9_999_999_999),
            good[:-1],
            good[:-10],
            good.replace(".", ""),
            good + ".x",
            "." + good,
            "..",
            "Bearer",
            "Bearer ",
            "Basic am9objp4",
            f"Bearer Bearer {good}",
            f"{good} {good}",
            "a.b.c",
            "ZZZ.ZZZ.ZZZ",
            "W1tbW1tb" * 800 + ".e30.x",
            "\u00e4\u00f6\u00fc",
        ]
        return [none, without_exp, without_sub, *others]

    async def test_a_bad_token_is_refused_anywhere(self, site: Site) -> None:
        for token in self.bad_tokens():
            for method, path in (("GET", "/"), ("POST", "/messages"), ("POST", "/login")):
                headers = {"Authorization": token}
                answer = await site.client.request(method, path, headers=headers)
                assert await told(answer) == INVALID_TOKEN, token

    async def test_bytes_that_are_no_text_are_refused(self, site: Site) -> None:
        port = site.client.server.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.0\r\nHost: a\r\nAuthorization: \xff\xfe.\x80.\x81\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.0 400 ")
        assert answer.endswith(INVALID_TOKEN[1].encode())

    async def test_a_token_from_the_future_is_good(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A Pi without a clock battery may issue one, restart, and be in the past."""
        accounts = site.system.accounts
        with monkeypatch.context() as patch:
            patch.setattr(accounts, "_now", lambda: time.time() + 1800)
            issued = await accounts.create("early", Scope.READ, timedelta(hours=1))
        assert jwt.decode(issued.token, options={"verify_signature": False})["iat"] > time.time()
        answer = await site.client.get("/", headers={"Authorization": issued.token})
        assert answer.status == 200


async def test_unknown_paths_and_methods_are_json_too(site: Site) -> None:
    assert await told(await site.client.get("/nothing")) == (404, '{"error": "Not Found"}')
    answer = await site.client.delete("/messages")
    assert await told(answer) == (405, '{"error": "Method Not Allowed"}')
    assert answer.headers["Allow"] == "POST"


async def test_guessing_passwords_becomes_slow(site: Site, password: str) -> None:
    statuses = []
    for _ in range(11):
        body = {"username": "john", "password": "wrong"}
        answer = await site.client.post("/login", json=body)
        statuses.append(answer.status)
    assert statuses == [400] * 10 + [429]
    assert answer.headers["Retry-After"] == "1"
    assert (await site.post("Hello")).status == 201, "who is logged in stays so"


async def test_many_logins_at_once_do_not_pile_up(patient: Site) -> None:
    async def attempt() -> int:
        body = {"username": "john", "password": "wrong"}
        answer = await patient.client.post("/login", json=body)
        return int(answer.status)

    statuses = await asyncio.gather(*(attempt() for _ in range(60)))
    assert set(statuses) <= {400, 429}
    assert 400 in statuses
