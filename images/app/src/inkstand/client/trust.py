"""The certificate authority of a server that no machine knows, offered as ssh offers a host's key.

The server hands it out itself, so it proves nothing: what counts is its fingerprint, which people
compare with what the Pi says.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from inkstand.client.errors import MisusedError, UnknownSignerError, UntrustedError
from inkstand.client.server import Server, explain
from inkstand.client.wording import printable
from inkstand.fingerprint import fingerprint_of

_PATH = "/ca.pem"
_ON_THE_PI = "sudo openssl x509 -noout -fingerprint -sha256 -in /etc/inkstand/traefik/ca.pem"
_TIMEOUT = 20.0
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority; `pem` is its certificate, `described` what that says, by line."""

    pem: str
    described: tuple[str, ...]
    fingerprint: str


def handed_out(url: str) -> Authority:
    """Return the authority that signs for the server at `url`, as it says itself.

    Raises:
        ClientError: it hands out none, or another one; or its certificate is wrong in other ways.
    """
    authority = parse(_fetch(url), url)
    try:
        Server(url, ca=authority.pem).meet()
    except UnknownSignerError as error:
        raise UntrustedError(
            f"{url} hands out a CA that did not sign its certificate: somebody may be in between,"
            f" or the CA is new since an hour; then fetch http://{urlsplit(url).hostname}{_PATH},"
            f" compare its fingerprint, and run: inkstand login {url} --ca FILE"
        ) from error
    return authority


def with_fingerprint(url: str, wanted: str) -> Authority:
    """Return the authority that signs for the server at `url`, if it has this fingerprint.

    Raises:
        MisusedError: that is no SHA-256 fingerprint.
        ClientError: it has another one, or see handed_out().
    """
    digits = _digits(wanted.rpartition("=")[2])
    if not re.fullmatch(r"[0-9A-F]{64}", digits):
        raise MisusedError(f"{wanted!r} is no SHA-256 fingerprint; on the Pi run: {_ON_THE_PI}")
    authority = handed_out(url)
    if _digits(authority.fingerprint) != digits:
        raise UntrustedError(
            f"the CA of {url} has another fingerprint, {authority.fingerprint}; nothing was sent"
        )
    return authority


def parse(pem: str, url: str) -> Authority:
    """Return what `pem`, which the server at `url` hands out, says.

    Raises:
        UntrustedError: it is not one certificate of a certificate authority.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with contextlib.suppress(ssl.SSLError, TypeError, ValueError):
        context.load_verify_locations(cadata=pem)
    # Counts all; those of no authority are not among the others.
    if context.cert_store_stats()["x509"] != 1 or not context.get_ca_certs():
        raise UntrustedError(f"what {url}{_PATH} hands out is not the certificate of one CA")
    (encoded,) = context.get_ca_certs(binary_form=True)
    (says,) = context.get_ca_certs()
    kept = ssl.DER_cert_to_PEM_cert(encoded)
    return Authority(kept, _described(says), fingerprint_of(kept))


def question(url: str, authority: Authority) -> str:
    """Return what to ask whoever may trust `authority`; they answer with yes or no."""
    lines = (
        f"The certificate of {url} is signed by a CA that this machine does not know:",
        *(f"  {line}" for line in authority.described),
        f"  SHA-256 fingerprint {authority.fingerprint}",
        "If it is yours, its glass shows this fingerprint after a long press, and the Pi says it:",
        f"  {_ON_THE_PI}",
        "Is it the same, so that this CA is to be trusted for this server? (yes/no) ",
    )
    return "\n".join(lines)


def _fetch(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise MisusedError(f"{url} has no certificate; leave out --ca-fingerprint")
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=_TIMEOUT, context=anybody
    )
    try:
        with contextlib.closing(connection):
            connection.request("GET", _PATH)
            answer = connection.getresponse()
            body = answer.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise explain(url, error, _TIMEOUT) from error
    if answer.status != HTTPStatus.OK:
        raise UntrustedError(
            f"the certificate of {url} is signed by nobody you trust, and the server hands out no"
            f" CA; if it is yours, run: inkstand login {url} --ca FILE"
        )
    return body.decode("ascii", "replace")


def _described(says: dict[str, Any]) -> tuple[str, ...]:
    names = [value for parts in says["subject"] for _, value in parts]
    ends = (_day(says[name]) for name in ("notBefore", "notAfter"))
    return printable(", ".join(names)), "valid from {} to {}".format(*ends)


def _day(at: str) -> str:
    return f"{datetime.fromtimestamp(ssl.cert_time_to_seconds(at), UTC):%Y-%m-%d}"


def _digits(fingerprint: str) -> str:
    return re.sub(r"[\s:]", "", fingerprint).upper()
