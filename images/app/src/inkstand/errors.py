"""Every error that Inkstand raises on purpose, each with a code that never changes.

An error that specialises a built-in one inherits from it too, so callers may catch either.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

# So many names are told in a sentence; of more, the nearest is, however far.
_FEW = 12


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the end of a sentence that refuses `name`: the nearest of `known`, or all of them."""
    names = tuple(known)
    cutoff = 0.6 if len(names) <= _FEW else 0.0
    nearest = difflib.get_close_matches(str(name), names, n=1, cutoff=cutoff)
    if nearest:
        return f"; did you mean {nearest[0]}?"
    return f"; there is {joined(names)}" if names else ""


def joined(names: Iterable[str]) -> str:
    """Return names, of which there is one at least, as a sentence has them: "from, to and days"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


class InkstandError(Exception):
    """Root of the tree; its text is one sentence for a person."""

    code: ClassVar[str] = "error"


class ConfigError(InkstandError, ValueError):
    """A setting is missing, unknown, weak or of the wrong form."""

    code = "config"


class FrameError(InkstandError, ValueError):
    """Bytes or a picture do not have the size of the panel."""

    code = "frame"


class TextError(InkstandError, OSError):
    """Text cannot be drawn: what draws it is not installed."""

    code = "text"


class PackError(InkstandError, ValueError):
    """A pack is wrong, or cannot be drawn; `line` is where in its file, from 1, if known."""

    code = "pack"

    def __init__(self, detail: str, line: int | None = None) -> None:
        super().__init__(detail if line is None else f"line {line}: {detail}")
        self.detail = detail
        self.line = line


class PanelError(InkstandError, OSError):
    """The panel did not do what it was told; the glass may show something older."""

    code = "panel"


class PanelUnavailableError(PanelError):
    """There is no panel: nothing mounted, the driver is gone, or it speaks nonsense."""

    code = "panel-unavailable"


class PanelFailedError(PanelError):
    """The driver is there and reports that the panel failed."""

    code = "panel-failed"


class PanelTimeoutError(PanelError, TimeoutError):
    """The driver did not answer in time."""

    code = "panel-timeout"


class ButtonError(InkstandError, OSError):
    """The button cannot be read."""

    code = "button"


class StorageError(InkstandError, OSError):
    """Messages cannot be read or written."""

    code = "storage"


class StorageUnavailableError(StorageError):
    """The database cannot be opened: no permission, no directory, damaged, or in use."""

    code = "storage-unavailable"


class StorageFullError(StorageError):
    """There is no room for another message; those that are there can be read."""

    code = "storage-full"


class FetchError(InkstandError, OSError):
    """What a data screen shows could not be fetched; its text names the host and no secret.

    `retry_after` is how long the other side wants to be left alone, `status` what it answered, each
    None if it did not say.
    """

    code = "fetch"

    def __init__(
        self, sentence: str, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.status = status


class BrokerError(InkstandError, OSError):
    """The MQTT broker did not take a message, for the `reason` that is told, and will not."""

    code = "broker"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The broker has not taken it, try again later: {reason}")


class RequestError(InkstandError):
    """A client sent something that cannot be done; the parent of all answers below 500."""

    code = "request"


class MalformedRequestError(RequestError, ValueError):
    """The body is not the JSON that this resource takes."""

    code = "malformed"


class UnsupportedMediaTypeError(RequestError, ValueError):
    """The body is of a type that this resource does not take."""

    code = "unsupported-media-type"


class InvalidValueError(RequestError, ValueError):
    """What was sent can be read, and a value in it is missing, unknown or of the wrong kind."""

    code = "invalid-value"


class InvalidPictureError(InvalidValueError):
    """A picture cannot be read, or is not one to show: damaged, animated."""

    code = "invalid-picture"


class PictureTooLargeError(RequestError, ValueError):
    """A picture has more bytes or pixels than are taken."""

    code = "picture-too-large"


class UnauthorizedError(RequestError):
    """No credentials were sent, and this resource needs them."""

    code = "unauthorized"


class InvalidTokenError(RequestError):
    """A token was sent that is forged, damaged or expired."""

    code = "invalid-token"


class ForbiddenError(RequestError):
    """The token is good, and does not go far enough; `needed` is the scope that would."""

    code = "forbidden"

    def __init__(self, needed: str) -> None:
        super().__init__(f"This needs a token with the scope {needed}")


class CrossOriginError(RequestError):
    """A page of another site wanted something done with the cookie of this one."""

    code = "cross-origin"

    def __init__(self) -> None:
        super().__init__("This was asked for by a page of another site")


class TokenNotFoundError(RequestError, LookupError):
    """There is no token with that id, or no longer."""

    code = "token-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such token")


class InvalidCredentialsError(RequestError):
    """User name or password is wrong; which of them is not said."""

    code = "invalid-credentials"


class InvalidArgumentsError(MalformedRequestError):
    """A log-in came without the two strings it needs."""

    code = "invalid-arguments"


class MessageTooLongError(RequestError, ValueError):
    """A message has more characters than the owner allows."""

    code = "message-too-long"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"The message has {length} characters; at most {limit} are taken")


class MessageNotFoundError(RequestError, LookupError):
    """There is no message with that id, or no longer."""

    code = "message-not-found"

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no message {number}")


class NoPictureError(MessageNotFoundError):
    """There is no such message, or it has no picture."""

    code = "no-picture"

    def __init__(self, number: int) -> None:
        RequestError.__init__(self, f"There is no picture of a message {number}")


class MessageStateError(RequestError):
    """A message is not in a state in which that can be done."""

    code = "message-state"


class IdempotencyConflictError(RequestError, ValueError):
    """An idempotency key came again with another message."""

    code = "idempotency-conflict"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another message")


class TooManyWaitingError(RequestError):
    """So many messages are open that no more are taken; `retry_after` is in seconds."""

    code = "too-many-waiting"
    retry_after = 60

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} already; no more are taken until there are fewer")


class BusyError(RequestError):
    """So many ask for the same that more cannot be served now; `retry_after` is in seconds."""

    code = "busy"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many ask for this at a time; try again in {retry_after} s")
        self.retry_after = retry_after


class TooManyStreamsError(RequestError):
    """So many watch that nobody else can; `retry_after` is in seconds."""

    code = "too-many-streams"

    def __init__(self, limit: int, whose: str, retry_after: int) -> None:
        super().__init__(
            f"There are {limit} event streams {whose}, and no more are served; "
            f"close one, or try again in {retry_after} s"
        )
        self.retry_after = retry_after


class TooManyAttemptsError(RequestError):
    """Log-ins failed too often; `retry_after` says in how many seconds to try again."""

    code = "too-many-attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts; try again in {retry_after} s")
        self.retry_after = retry_after


class SettingNotFoundError(RequestError, LookupError):
    """There is no setting of that name that can be changed while it runs."""

    code = "setting-not-found"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no setting {name}; there is {', '.join(known)}")


class ProvisionedError(RequestError):
    """A setting is said by the file of settings, which wins."""

    code = "provisioned"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is set where Inkstand was deployed from: change app_{name} in host_vars there "
            "and run the playbook, or take it out and it can be changed here"
        )


class WrongPasswordError(RequestError):
    """Somebody who is logged in wants another password, and the old one is wrong."""

    code = "wrong-password"

    def __init__(self) -> None:
        super().__init__("That is not your password")


class PersonNotFoundError(RequestError, LookupError):
    """There is nobody of that name, or no longer."""

    code = "person-not-found"

    def __init__(self) -> None:
        super().__init__("There is nobody of that name")


class InvitationNotFoundError(RequestError, LookupError):
    """There is no such invitation: never, or it was used, has ended or was revoked."""

    code = "invitation-not-found"

    def __init__(self) -> None:
        super().__init__("This invitation was used, has ended, or was never there; ask for another")


class NameTakenError(RequestError):
    """Somebody has that name or one that looks like it, or an invitation is for another one."""

    code = "name-taken"

    def __init__(self, sentence: str = "That name, or one that looks like it, is taken") -> None:
        super().__init__(sentence)


class PeopleError(RequestError):
    """That cannot be done with people: the owner stays, and there may be only so many."""

    code = "people"


class TooManyTokensError(RequestError):
    """Somebody has so many tokens with a name that they can make no more."""

    code = "too-many-tokens"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} tokens; revoke one that you need no more")


class ScreenNotShownError(RequestError, LookupError):
    """There is no picture of a screen: the playlist has none of that name, or it comes soon."""

    code = "screen-not-shown"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no picture of {name}: it is not in the playlist, or not drawn")


class HookLimitError(RequestError):
    """A token has sent as many messages through hooks as it may; `retry_after` is in seconds."""

    code = "hook-limit"

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(
            f"This token has sent {limit} messages within an hour; try again in {retry_after} s"
        )
        self.retry_after = retry_after


class GuestNotFoundError(RequestError, LookupError):
    """There is no such link for a guest: never, or it has ended or was revoked."""

    code = "guest-not-found"

    def __init__(self) -> None:
        super().__init__("This link has ended, or was never there; ask for another")


class DailyLimitError(RequestError):
    """A guest has sent as much as they may today; `retry_after` is in seconds."""

    code = "daily-limit"

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(f"This link has sent all of today ({limit}); come back tomorrow")
        self.retry_after = retry_after


class OwnerOnlyError(RequestError):
    """The scope would do, but it is left to the owner alone."""

    code = "owner-only"

    def __init__(self) -> None:
        super().__init__("Only the owner may do that")


class InvalidPackError(InvalidValueError):
    """A pack is wrong; its text has a line for each thing, with the line of the file if known."""

    code = "invalid-pack"


class PackNotFoundError(RequestError, LookupError):
    """There is no pack of the owner's own of that name."""

    code = "pack-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no pack of your own called {name}")


class PacksError(RequestError):
    """That cannot be done with packs: a screen shows one, or there may be no more."""

    code = "packs"


class WebhookNotFoundError(RequestError, LookupError):
    """No target of what happens is called that."""

    code = "webhook-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no webhook called {name}")


class GroupNotFoundError(RequestError, LookupError):
    """This appliance is in no group of that name."""

    code = "group-not-found"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"This appliance is in no group {name}{did_you_mean(name, known)}")
