"""Tokens: JSON Web Tokens, HS256, with a subject, an id and an end."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from inkstand.errors import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkstand.accounts.keys import Key
    from inkstand.accounts.model import TokenRecord

_ALGORITHM = "HS256"
# A Pi without a clock battery may wake up in the past: `iat` is informative, `exp` decides.
_OPTIONS = {"require": ["sub", "exp", "jti"], "verify_iat": False}
_LONGEST = 4096
# The last second that Python's datetime knows, for tokens that do not expire.
_NEVER = 253_402_300_799
_DEVICE = "device"
# An end such as 1e400 is infinite, and no whole number.
_REFUSED = (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says that we have signed."""

    id: str
    user: str


class Signer:
    """Signs with the first of `keys`, and accepts what any of them signed."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._first = keys[0]
        self._keys = {key.id: key for key in keys}

    def sign(self, record: TokenRecord) -> str:
        """Return the token of `record`."""
        end = _NEVER if record.expires is None else record.expires
        return self._encode(
            {"sub": record.user, "iat": record.created, "exp": end, "jti": record.id}
        )

    def read(self, token: str) -> Claims:
        """Return what `token` says.

        Raises:
            InvalidTokenError: it is forged, damaged or expired.
        """
        return self._decode(token)

    def sign_device(self, device: str, user: str) -> str:
        """Return a mark for the device with the id `device`, from which `user` has logged in."""
        return self._encode({"sub": user, "exp": _NEVER, "jti": device, "aud": _DEVICE})

    def read_device(self, mark: str) -> Claims:
        """Return what a mark of a device says, which is no token.

        Raises:
            InvalidTokenError: it is none of ours.
        """
        return self._decode(mark, audience=_DEVICE)

    def _encode(self, claims: dict[str, Any]) -> str:
        key = self._first
        return jwt.encode(claims, key.secret, _ALGORITHM, headers={"kid": key.id})

    def _decode(self, token: str, audience: str | None = None) -> Claims:
        try:
            secret = self._secret_of(token)
            claims = jwt.decode(token, secret, [_ALGORITHM], audience=audience, options=_OPTIONS)
        except _REFUSED as error:
            raise InvalidTokenError("the token is invalid") from error
        return Claims(claims["jti"], claims["sub"])

    def _secret_of(self, token: str) -> str:
        if len(token) > _LONGEST or not _is_canonical(token):
            raise ValueError("nothing that we would have written")
        header = jwt.get_unverified_header(token)
        key = self._keys.get(header.get("kid", ""))
        if key is None or header != {"alg": _ALGORITHM, "typ": "JWT", "kid": key.id}:
            raise ValueError("not signed with a key of ours")
        return key.secret


def _is_canonical(token: str) -> bool:
    """Tell whether there is no other way to write the same bytes, which base64 would allow."""
    return all(_encoded(part) == part for part in token.split("."))


def _encoded(part: str) -> str:
    padded = part + "=" * (-len(part) % 4)
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)).decode().rstrip("=")
