"""Asks a running app how it is."""

from __future__ import annotations

import http.client

from inkstand.errors import InkstandError

_TIMEOUT = 5.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound


class UnhealthyError(InkstandError):
    """The app does not answer as it should."""

    code = "unhealthy"


def ask(host: str, port: int) -> str:
    """Return the body of `GET /healthz` of the app that listens on `host` and `port`.

    Raises:
        UnhealthyError: it does not answer, or not with 200.
    """
    connection = http.client.HTTPConnection(_ANY.get(host, host), port, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise UnhealthyError(f"no answer from {host}, port {port}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise UnhealthyError(f"the app answers {answer.status}: {body}")
    return body
