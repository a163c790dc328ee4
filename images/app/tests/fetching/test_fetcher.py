"""What is fetched, and what is not taken, from real servers on this machine."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.fetching.servers import HEADERS, MORNING, NAME, SECRET, http, to
from inkstand import __version__
from inkstand.errors import ConfigError
from inkstand.fetching.connection import ask_system
from inkstand.fetching.fetcher import Fetched, Fetcher, FetchRequest, Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from images.app.tests.fetching.servers import Certificate, Names, Server
    from inkstand.clock import ManualClock
    from inkstand.errors import FetchError

    Serve = Callable[..., Awaitable[Server]]
    Fetch = Callable[..., Awaitable[Fetched]]
    Failure = Callable[..., Awaitable[FetchError]]

pytestmark = pytest.mark.integration
LATER = timedelta(minutes=10)


async def test_an_answer_is_its_body_and_when_it_came(serve: Serve, fetch: Fetch) -> None:
    server = await serve(http(200, b'{"t": 7}', ETag='"one"', Last_Modified="yesterday"))
    answer = await fetch(server.url())
    assert answer == Fetched(b'{"t": 7}', '"one"', "yesterday", MORNING)
    (asked,) = server.asked
    assert asked.target == f"/data?key={SECRET}"
    assert asked.headers == {
        "host": f"{NAME}:{server.port}",
        "x-key": SECRET,
        "user-agent": f"Inkstand/{__version__}",
        "accept": "*/*",
        "accept-encoding": "gzip",
        "connection": "close",
    }


async def test_what_has_not_changed_keeps_its_body_and_is_as_of_now(
    serve: Serve, fetch: Fetch, clock: ManualClock
) -> None:
    server = await serve(http(200, b"one", ETag='"1"', Last_Modified="yesterday"), http(304))
    known = await fetch(server.url())
    clock.advance(LATER)
    answer = await fetch(server.url(), known)
    assert answer == Fetched(b"one", '"1"', "yesterday", MORNING + LATER)
    conditions = ("if-none-match", "if-modified-since")
    assert [[it.headers.get(name) for name in conditions] for it in server.asked] == [
        [None, None],
        ['"1"', "yesterday"],
    ]


async def test_what_has_changed_is_taken(serve: Serve, fetch: Fetch, clock: ManualClock) -> None:
    server = await serve(http(200, b"two", ETag='"2"'))
    known = Fetched(b"one", '"1"', None, clock.now())
    assert await fetch(server.url(), known) == Fetched(b"two", '"2"', None, MORNING)


async def test_a_kept_condition_that_cannot_be_sent_is_not(
    serve: Serve, fetch: Fetch, clock: ManualClock
) -> None:
    server = await serve(http(200, b"two"))
    await fetch(server.url(), Fetched(b"one", "1\r\nX-Evil: yes", "\n", clock.now()))
    assert not {"if-none-match", "if-modified-since", "x-evil"} & server.asked[0].headers.keys()


async def test_not_modified_is_no_answer_to_who_knows_nothing(
    serve: Serve, failure: Failure
) -> None:
    server = await serve(http(304))
    assert str(await failure(server.url())) == f"{NAME} answered 304"


async def test_bytes_that_are_no_utf8_are_passed_on(serve: Serve, fetch: Fetch) -> None:
    server = await serve(http(200, b"\xff\xfe\x00\x80", Content_Type="text/plain; charset=utf-8"))
    assert (await fetch(server.url())).body == b"\xff\xfe\x00\x80"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_three_redirects_are_followed(serve: Serve, fetch: Fetch, status: int) -> None:
    server = await serve(*(to(f"/{hop}", status) for hop in "abc"), http(200, b"here"))
    assert (await fetch(server.url())).body == b"here"
    assert [asked.target for asked in server.asked] == [f"/data?key={SECRET}", "/a", "/b", "/c"]
    assert {asked.headers["x-key"] for asked in server.asked} == {SECRET}


async def test_a_fourth_redirect_is_not(serve: Serve, failure: Failure) -> None:
    server = await serve(*(to(f"/{hop}") for hop in "abcd"), http(200, b"here"))
    assert str(await failure(server.url())) == f"{NAME} redirects more than 3 times"
    assert len(server.asked) == 4


async def test_a_redirect_to_itself_ends(serve: Serve, failure: Failure) -> None:
    server = await serve(to("/data"))
    assert str(await failure(server.url())) == f"{NAME} redirects more than 3 times"
    assert len(server.asked) == 4


async def test_a_redirect_to_nowhere_is_an_answer(serve: Serve, failure: Failure) -> None:
    server = await serve(http(302))
    assert str(await failure(server.url())) == f"{NAME} answered 302"


async def test_another_port_is_told_no_header_of_ours(serve: Serve, fetch: Fetch) -> None:
    other = await serve(http(200, b"here"))
    server = await serve(to(f"http://{NAME}:{other.port}/"))
    await fetch(server.url())
    (asked,) = other.asked
    assert "x-key" not in asked.headers


async def test_what_is_allowed_to_one_host_is_not_to_where_it_redirects(
    serve: Serve, failure: Failure
) -> None:
    other = await serve(http(200, b"here"))
    server = await serve(to(f"http://other.example:{other.port}/?key={SECRET}"))
    error = await failure(server.url())
    assert str(error).startswith(f"{NAME} redirects, and other.example is at 127.0.0.1, which is")
    assert other.connections == 0


async def test_an_error_after_a_redirect_tells_when_to_come_again(
    serve: Serve, failure: Failure
) -> None:
    other = await serve(http(503, Retry_After="120"))
    error = await failure((await serve(to(other.url()))).url())
    assert str(error) == f"{NAME} answered 503"
    assert error.retry_after == timedelta(seconds=120)


async def test_a_redirect_from_https_to_http_is_refused(
    serve: Serve, failure: Failure, certificate: Certificate
) -> None:
    plain = await serve(http(200, b"here"))
    server = await serve(to(plain.url()), tls=certificate.context)
    error = await failure(server.url(), authority=certificate.pem.read_text())
    assert str(error) == f"{NAME} redirects from https to http, which others can read"
    assert plain.connections == 0


async def test_a_redirect_from_http_to_https_is_followed(
    serve: Serve, fetch: Fetch, certificate: Certificate
) -> None:
    secure = await serve(http(200, b"here"), tls=certificate.context)
    server = await serve(to(secure.url()))
    assert (await fetch(server.url(), authority=certificate.pem.read_text())).body == b"here"


@pytest.mark.parametrize("location", ["file:///etc/passwd", "//[", "http://u:p@other.example/"])
async def test_a_redirect_to_what_may_not_be_asked_is_refused(
    serve: Serve, failure: Failure, location: str
) -> None:
    server = await serve(to(location))
    assert str(await failure(server.url())).startswith(f"{NAME} redirects to ")
    assert server.connections == 1


async def test_what_is_as_large_as_it_may_be_is_taken(serve: Serve, fetch: Fetch) -> None:
    body = b"x" * 1000
    packed = gzip.compress(body)
    server = await serve(
        http(200, body), http(200, packed, Content_Encoding="gzip"), http(200, packed)
    )
    assert (await fetch(server.url())).body == body
    assert (await fetch(server.url())).body == body
    # A file that is packed is not an answer that is.
    assert (await fetch(server.url())).body == packed


async def endless(writer: asyncio.StreamWriter) -> None:
    """Send for as long as somebody takes it."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 1000)
        await writer.drain()


async def endless_head(writer: asyncio.StreamWriter) -> None:
    """Send header after header."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not writer.is_closing():
        writer.write(b"X-%d: %s\r\n" % (number, b"x" * 1000))
        number += 1
        await writer.drain()


async def endless_chunks(writer: asyncio.StreamWriter) -> None:
    """Send a body whose chunks have extensions and next to nothing in them."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"1;%s\r\nx\r\n" % (b"y" * 1000))
        await writer.drain()


def bomb() -> bytes:
    """Return 64 MiB of nothing, which are 64 KiB on their way."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    megabyte = bytes(2**20)
    return b"".join(packer.compress(megabyte) for _ in range(64)) + packer.flush()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(200, b"x" * 1001), id="large"),
        pytest.param(http(200, b"", Content_Length="1001"), id="only says so"),
        pytest.param(endless, id="endless"),
        pytest.param(http(200, gzip.compress(b"x" * 1001), Content_Encoding="gzip"), id="packed"),
        pytest.param(http(200, bomb(), Content_Encoding="gzip"), id="bomb"),
        pytest.param(http(200, bomb()[:900], Content_Encoding="gzip"), id="small bomb"),
        pytest.param(http(200, gzip.compress(b"")[:10] * 101, Content_Encoding="gzip"), id="air"),
    ],
)
async def test_what_is_larger_is_not(serve: Serve, failure: Failure, answer: Any) -> None:
    server = await serve(answer)
    error = await failure(server.url())
    assert str(error) == f"{NAME} sent more than the 1000 bytes that are taken"


@pytest.mark.parametrize("answer", [endless_head, endless_chunks])
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
async def test_what_is_around_a_body_is_limited_too(
    serve: Serve, failure: Failure, certificate: Certificate, answer: Any, secure: bool
) -> None:
    server = await serve(answer, tls=certificate.context if secure else None)
    error = await failure(server.url(), authority=certificate.pem.read_text())
    assert str(error) == f"{NAME} sent more than the 1000 bytes that are taken"
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (http(200, b"short", Content_Length="500"), "broke off its answer"),
        # Where the rest comes later, the body is the four bytes that were announced.
        (http(200, b"four and more", Content_Length="4"), "does not answer as HTTP has it"),
        (http(200, b"5\r\nab", Transfer_Encoding="chunked"), "broke off its answer"),
        (http(200, b"no size", Transfer_Encoding="chunked"), "does not answer as HTTP has it"),
        (
            http(200, gzip.compress(b"x", mtime=0)[:-1], Content_Encoding="gzip"),
            "sent damaged gzip data",
        ),
        (
            http(200, gzip.compress(b"x", mtime=0) + b"y", Content_Encoding="gzip"),
            "sent damaged gzip data",
        ),
        (http(200, b"plain", Content_Encoding="gzip"), "sent damaged gzip data"),
        (
            http(200, b"x", Content_Encoding="br"),
            "answered in an encoding that was not asked for",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not answer as HTTP has it"),
        (b"", "broke off its answer"),
        (http(404), "answered 404"),
        (http(204), "answered 204"),
    ],
)
async def test_a_broken_answer_is_told_in_a_sentence(
    serve: Serve, failure: Failure, answer: bytes, sentence: str
) -> None:
    server = await serve(answer)
    assert str(await failure(server.url())) == f"{NAME} {sentence}"


async def test_a_server_that_wants_to_be_left_alone_says_how_long(
    serve: Serve, failure: Failure
) -> None:
    server = await serve(http(503, Retry_After="300"), http(503), http(429, Retry_After="soon"))
    errors = [await failure(server.url()) for _ in range(3)]
    assert [str(error) for error in errors] == [
        f"{NAME} answered {status}" for status in (503, 503, 429)
    ]
    assert [error.retry_after for error in errors] == [timedelta(minutes=5), None, None]


async def silent(writer: asyncio.StreamWriter) -> None:
    """Wait until the other side goes."""
    await writer.wait_closed()


async def test_a_server_that_says_nothing_is_left_after_the_time_of_a_read(
    serve: Serve, failure: Failure
) -> None:
    server = await serve(silent)
    error = await failure(server.url(), timeouts=Timeouts(read=0.05))
    assert str(error) == f"{NAME} did not answer within 0.05 s"


async def test_a_handshake_that_gets_no_answer_is_left_after_the_time_to_connect(
    serve: Serve, failure: Failure
) -> None:
    server = await serve(silent)
    url = server.url().replace("http:", "https:")
    error = await failure(url, timeouts=Timeouts(connect=0.05))
    assert str(error) == f"{NAME} cannot be reached within 0.05 s"


async def test_a_server_that_sends_a_byte_at_a_time_is_cut_in_the_end(
    serve: Serve, failure: Failure
) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.01)

    server = await serve(slow)
    error = await failure(server.url(), timeouts=Timeouts(read=5, total=0.2))
    assert str(error) == f"{NAME} was not done within 0.2 s"


async def test_redirects_have_one_time_together(serve: Serve, failure: Failure) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(to("/on"))

    server = await serve(slow)
    error = await failure(server.url(), timeouts=Timeouts(total=0.25))
    assert str(error) == f"{NAME} was not done within 0.25 s"


async def test_a_name_that_takes_for_ever_to_look_up_is_given_up(failure: Failure) -> None:
    async def forever(host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    error = await failure(f"http://{NAME}/", timeouts=Timeouts(total=0.05), resolve=forever)
    assert str(error) == f"{NAME} was not done within 0.05 s"


async def test_a_host_that_nobody_knows_is_told(failure: Failure, names: Names) -> None:
    names.known[NAME] = [[]]
    assert str(await failure(f"http://{NAME}/")) == f"the address of {NAME} cannot be found"
    error = await failure("http://nobody.invalid/", resolve=ask_system)
    assert str(error) == "the address of nobody.invalid cannot be found"


async def test_the_system_knows_localhost() -> None:
    assert "127.0.0.1" in await ask_system("localhost", 80)


async def test_a_port_where_nobody_listens_is_told(serve: Serve, failure: Failure) -> None:
    url = "http://127.0.0.1:1/"
    assert str(await failure(url)) == "127.0.0.1 cannot be reached: Connection refused"


async def test_the_next_address_is_tried_where_one_does_not_answer(
    serve: Serve, fetch: Fetch, names: Names
) -> None:
    server = await serve(http(200, b"here"))
    names.known[NAME] = [["127.9.9.9", "127.0.0.1"]]
    assert (await fetch(server.url())).body == b"here"


@pytest.mark.parametrize("host", ["[::1]", NAME])
async def test_a_server_with_an_address_of_ipv6_is_asked(
    serve: Serve, fetch: Fetch, names: Names, host: str
) -> None:
    names.known[NAME] = [["::1"]]
    try:
        server = await serve(http(200, b"here"), at="::1")
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    assert (await fetch(server.url(host=host))).body == b"here"
    assert server.asked[0].headers["host"] == f"{host}:{server.port}"


async def test_a_certificate_of_an_own_authority_is_trusted_with_it(
    serve: Serve, fetch: Fetch, certificate: Certificate
) -> None:
    server = await serve(http(200, b"here"), tls=certificate.context)
    assert (await fetch(server.url(), authority=certificate.pem.read_text())).body == b"here"


async def test_a_certificate_that_nobody_trusts_is_refused(
    serve: Serve, failure: Failure, certificate: Certificate
) -> None:
    server = await serve(http(200, b"here"), tls=certificate.context)
    sentence = str(await failure(server.url()))
    assert sentence == f"the certificate of {NAME} is not trusted: self-signed certificate"
    assert server.asked == []


async def test_a_certificate_for_another_name_is_refused(
    serve: Serve, failure: Failure, certificate: Certificate
) -> None:
    server = await serve(http(200, b"here"), tls=certificate.context)
    error = await failure(server.url(host="other.example"), authority=certificate.pem.read_text())
    assert str(error).startswith("the certificate of other.example is not trusted: ")
    assert server.asked == []


async def test_a_server_without_tls_is_told(serve: Serve, failure: Failure) -> None:
    server = await serve(http(200, b"here"))
    error = await failure(server.url().replace("http:", "https:"))
    assert str(error) == f"{NAME} does not speak TLS as it should"


@pytest.mark.parametrize("text", ["no certificate", "-----BEGIN CERTIFICATE-----\n-----END"])
def test_what_is_no_certificate_is_a_wrong_setting(clock: ManualClock, text: str) -> None:
    with pytest.raises(ConfigError, match="no certificates in PEM"):
        Fetcher(clock, authority=text)


def test_an_own_authority_is_trusted_in_place_of_those_of_the_system(
    clock: ManualClock, certificate: Certificate
) -> None:
    context = Fetcher(clock, authority=certificate.pem.read_text())._tls
    assert isinstance(context, ssl.SSLContext)
    assert len(context.get_ca_certs()) <= context.cert_store_stats()["x509"] == 1
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


async def test_the_environment_names_no_proxy(
    serve: Serve, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = await serve(http(200, b"proxy")), await serve(http(200, b"here"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert (await fetch(server.url())).body == b"here"
    assert proxy.connections == 0


async def test_no_cookie_is_kept(serve: Serve, clock: ManualClock, names: Names) -> None:
    server = await serve(http(302, Location="/on", Set_Cookie="a=b"), http(200, Set_Cookie="c=d"))
    fetcher = Fetcher(clock, resolve=names)
    for _ in range(2):
        await fetcher.fetch(FetchRequest(server.url(), {}, private=True))
    assert [asked.headers.get("cookie") for asked in server.asked] == [None] * 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "other.example"},
        {"transfer-encoding": "chunked"},
        {"If-None-Match": "*"},
        {"": "x"},
        {"X Key": SECRET},
        {"X-Key": f"{SECRET}\r\nX-Other: 1"},
        {"X-Key": f"{SECRET}…"},
    ],
)
async def test_a_header_that_may_not_be_sent_is_refused(
    serve: Serve, failure: Failure, headers: dict[str, str]
) -> None:
    server = await serve(http(200))
    assert "header" in str(await failure(server.url(), headers=headers))
    assert server.connections == 0


def test_a_request_shows_no_secret() -> None:
    request = FetchRequest(f"https://{NAME}/?key={SECRET}", HEADERS)
    assert repr(request) == "FetchRequest(max_bytes=1000000, private=False)"
