"""What surrounds every handler."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from inkstand.api.middlewares import translate_errors

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "error", [ConnectionResetError("Connection lost"), web.RequestPayloadError()]
)
async def test_a_body_that_never_came_is_no_bug(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def read(_request: web.Request) -> web.Response:
        raise error

    answer = await translate_errors(make_mocked_request("POST", "/login"), read)
    assert answer.status == 400
    assert not caplog.records


async def test_a_redirection_is_no_error() -> None:
    async def redirect(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/")

    with pytest.raises(web.HTTPFound):
        await translate_errors(make_mocked_request("GET", "/old"), redirect)
