"""How often somebody may guess a password."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.accounts.names import folded
from inkstand.errors import TooManyAttemptsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkstand.accounts.model import Visitor

_LOG = logging.getLogger(__name__)
_FREE_FAILURES = {"address": 10, "account": 30, "device": 10}
_LONGEST_DELAY = 60.0
# Seconds after which nobody remembers.
_FORGOTTEN_AFTER = 86_400.0
_MOST_RECORDS = 1024
_IPV6_NETWORK = 64

# A kind of _FREE_FAILURES, and which one of it.
Bucket = tuple[str, str]


@dataclass(slots=True)
class _Record:
    failures: int = 0
    failed_at: float = -math.inf


class Attempts:
    """Counts failed log-ins in buckets: an address, an account, a device that is known.

    After ten failures (an account: thirty) each further one doubles the wait, up to 60 s. A right
    password forgets them, and so does a day. Of each kind the latest 1,024 are remembered, and that
    of the accounts that there are always, which begin with `owner`: no crowd of other names makes
    room for more guesses at them. `monotonic` gives seconds.
    """

    def __init__(self, owner: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kept = {_account(owner): _Record()}
        self._records: dict[str, OrderedDict[str, _Record]]
        self._records = {kind: OrderedDict() for kind in _FREE_FAILURES}
        self.failures = 0

    def keep(self, username: str) -> None:
        """Note that there is an account of that name."""
        self._kept.setdefault(_account(username), _Record())

    def drop(self, username: str) -> None:
        """Note that there is none any more."""
        self._kept.pop(_account(username), None)

    def check(self, *buckets: Bucket) -> None:
        """Do nothing if somebody in all of `buckets` may try now.

        Raises:
            TooManyAttemptsError: they have to wait.
        """
        wait = max(self._blocked_until(bucket) for bucket in buckets) - self._monotonic()
        if wait > 0:
            raise TooManyAttemptsError(math.ceil(wait))

    def failed(self, *buckets: Bucket) -> None:
        """Note that somebody in `buckets` sent a wrong password."""
        self.failures += 1
        for bucket in buckets:
            record = self._record_to_count(bucket)
            self._count(record)
            if record.failures == _FREE_FAILURES[bucket[0]]:
                _LOG.warning("who guesses has to wait from now on: %s %s", *bucket)

    def succeeded(self, *buckets: Bucket) -> None:
        """Forget what somebody in `buckets` did before."""
        for bucket in buckets:
            if bucket in self._kept:
                self._kept[bucket] = _Record()
            else:
                self._records[bucket[0]].pop(bucket[1], None)

    def _blocked_until(self, bucket: Bucket) -> float:
        kind, name = bucket
        record = self._kept.get(bucket) or self._records[kind].get(name, _Record())
        return record.failed_at + _delay(record.failures - _FREE_FAILURES[kind])

    def _record_to_count(self, bucket: Bucket) -> _Record:
        if bucket in self._kept:
            return self._kept[bucket]
        kind, name = bucket
        records = self._records[kind]
        record = records.setdefault(name, _Record())
        records.move_to_end(name)
        if len(records) > _MOST_RECORDS:
            records.popitem(last=False)
        return record

    def _count(self, record: _Record) -> None:
        now = self._monotonic()
        forgotten = now - record.failed_at > _FORGOTTEN_AFTER
        record.failures = 1 if forgotten else record.failures + 1
        record.failed_at = now


def buckets_of(visitor: Visitor, username: str) -> tuple[Bucket, ...]:
    """Return where attempts of `visitor` to log in as `username` are counted.

    A device that is known has a bucket of its own and no other: whatever strangers do, its owner
    can log in there. (The idea of OWASP's device cookies.)
    """
    if visitor.device is not None:
        return (("device", visitor.device),)
    return (address_bucket(visitor), _account(username))


def address_bucket(visitor: Visitor) -> Bucket:
    """Return where is counted what comes from where `visitor` is."""
    return ("address", _network_of(visitor.address))


def _account(username: str) -> Bucket:
    """Return where attempts to log in by that name are counted, however it is written."""
    return ("account", _digest(folded(username)))


def _network_of(address: str) -> str:
    """Return who `address` belongs to: whoever has one IPv6 address has 2**64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_NETWORK), strict=False))


def _digest(username: str) -> str:
    """Return something short for a name that may be long; unknown names are counted like others."""
    return hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _delay(excess: int) -> float:
    return 0.0 if excess < 0 else min(2.0 ** min(excess, 10), _LONGEST_DELAY)
