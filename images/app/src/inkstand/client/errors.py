"""What can go wrong between the command line and a server; each says what to do about it.

`exit_code` is what `inkstand` ends with, so scripts can tell one from the other.
"""

from __future__ import annotations

from typing import ClassVar

from inkstand.errors import InkstandError


class ClientError(InkstandError):
    """Parent of all: the server said no, or something here did not work."""

    code = "client"
    exit_code: ClassVar[int] = 1


class MisusedError(ClientError, ValueError):
    """What was asked for makes no sense, so nothing was sent."""

    code = "misused"
    exit_code = 2


class NotLoggedInError(ClientError, PermissionError):
    """There is no login, or the server does not take it any more."""

    code = "not-logged-in"
    exit_code = 3


class NotAllowedError(ClientError, PermissionError):
    """The login is good, but not for this."""

    code = "not-allowed"
    exit_code = 3


class UnreachableError(ClientError, ConnectionError):
    """The server does not answer; it may be worth to try again."""

    code = "unreachable"
    exit_code = 4


class UntrustedError(ClientError, ConnectionError):
    """The server cannot prove that it is the one that was asked for."""

    code = "untrusted"
    exit_code = 4


class UnknownSignerError(UntrustedError):
    """Nobody who is trusted for this server has signed its certificate."""

    code = "unknown-signer"


class AnswerError(ClientError):
    """The server understood and refused; `status` is the status of HTTP."""

    code = "answer"

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class TooOftenError(AnswerError):
    """The server wants a pause of `retry_after` seconds."""

    code = "too-often"

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence, 429)
        self.retry_after = retry_after


class EndedError(ClientError):
    """A message ended without what was waited for."""

    code = "ended"
    exit_code = 5


class WaitedTooLongError(ClientError, TimeoutError):
    """What was waited for did not happen in time."""

    code = "waited-too-long"
    exit_code = 6
