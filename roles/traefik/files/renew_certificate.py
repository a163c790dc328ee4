"""Sign the certificate anew before it ends, for an appliance to which nobody deploys for years.

Runs on the Pi, each day. Names and key stay as they are, and so does the authority that devices
trust. The list of revoked certificates is signed with it, since it is good for as long. Traefik
reads a certificate when its routes are written; they hold the certificate's SHA-256 for that, and
the next run of the playbook finds all as it would have made it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Sequence

PublicKey = ec.EllipticCurvePublicKey
DAY = dt.timedelta(days=1)
NOTICED = re.compile(r"(?<=that a renewed one is noticed: )[0-9a-f]{64}")
PLAYBOOK = "Run the playbook, which makes a new one."
SYNCHRONISED = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
ANSWER_SECONDS = 30


class CannotRenewError(Exception):
    """What is wrong, and what to do."""


@dataclass(frozen=True)
class Authority:
    """The certificate authority of this Pi."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def is_due(
    certificate: x509.Certificate,
    authority: x509.Certificate,
    now: dt.datetime,
    left: dt.timedelta,
    *,
    synchronised: bool,
) -> bool:
    """Tell whether to sign: less than `left` of its time remains, or it has not begun.

    One that ends with the authority could not last longer. One that has ended would have been
    signed before: unless the clock is `synchronised` it is taken for one that is ahead, by which
    a new one would begin too late for everybody else.

    Raises:
        CannotRenewError: the clock is wrong, or somebody else has signed the certificate.
    """
    if now < authority.not_valid_before_utc:
        message = "The clock is before the authority's beginning: it is wrong, so nothing is done."
        raise CannotRenewError(message)
    if now >= authority.not_valid_after_utc:
        message = f"The authority itself has ended. {PLAYBOOK}"
        raise CannotRenewError(message)
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        message = f"The certificate is not the authority's. {PLAYBOOK}"
        raise CannotRenewError(message) from None
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if end <= now and not synchronised:
        message = f"The certificate ended {end:%Y-%m-%d} by a clock that nobody keeps right. "
        message += "Let the Pi have the time from the network. Or, if its clock is right: "
        raise CannotRenewError(message + PLAYBOOK)
    return now < begin or (end - left <= now and end < authority.not_valid_after_utc)


def renewed(
    certificate: x509.Certificate,
    authority: Authority,
    key: PublicKey,
    now: dt.datetime,
    life: dt.timedelta,
) -> x509.Certificate:
    """Sign the same names for a new time, which the authority's does not outlast.

    It begins a day ago, for clients whose clock is behind. `key` is that of the certificate, unless
    the private key that lies beside it is another one.
    """
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificate.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(min(now + life, authority.certificate.not_valid_after_utc))
    )
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key)
        builder = builder.add_extension(value, extension.critical)
    return builder.sign(authority.key, hashes.SHA256())


def nothing_revoked(
    authority: Authority, now: dt.datetime, life: dt.timedelta
) -> x509.CertificateRevocationList:
    """Sign an empty list of revoked certificates, good for a day longer than a certificate."""
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - DAY)
        .next_update(now + life + DAY)
        .sign(authority.key, hashes.SHA256())
    )


def write(path: Path, content: bytes) -> None:
    """Replace a file that all may read by one that is whole before it gets the name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())
    Path(name).replace(path)


def read_authority(directory: Path) -> Authority:
    """Read the authority of a Pi.

    Raises:
        CannotRenewError: there is none.
    """
    try:
        certificate = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((directory / "ca" / "ca.key").read_bytes(), None)
    except (OSError, ValueError) as error:
        message = f"The authority cannot be read ({error}). {PLAYBOOK}"
        raise CannotRenewError(message) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = f"The authority's key is of another kind. {PLAYBOOK}"
        raise CannotRenewError(message)
    return Authority(certificate, key)


def read_certificate(path: Path) -> x509.Certificate:
    """Read the certificate that is served.

    Raises:
        CannotRenewError: there is none.
    """
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        message = f"The certificate cannot be read ({error}). {PLAYBOOK}"
        raise CannotRenewError(message) from None


def read_key(path: Path) -> PublicKey:
    """Read the public half of the key that Traefik has.

    Raises:
        CannotRenewError: there is none.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        message = f"The certificate's key cannot be read ({error}). {PLAYBOOK}"
        raise CannotRenewError(message) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = f"The certificate's key is of another kind. {PLAYBOOK}"
        raise CannotRenewError(message)
    return key.public_key()


def whole_of(path: Path, spare: Path) -> tuple[x509.Certificate, bool]:
    """Return the certificate that is served, or for its names the copy of it if it is damaged.

    Raises:
        CannotRenewError: neither can be read.
    """
    try:
        return read_certificate(path), False
    except CannotRenewError:
        if not spare.exists():
            raise
        return read_certificate(spare), True


def fits(certificate: x509.Certificate, key: PublicKey) -> bool:
    """Tell whether the certificate is for that key."""
    return certificate.public_key() == key


def keep(spare: Path, content: bytes) -> None:
    """Keep a copy of a whole certificate, for the day on which a power cut halves it."""
    if not spare.exists() or spare.read_bytes() != content:
        write(spare, content)


def is_synchronised() -> bool:
    """Tell whether a time server set the clock; not when nobody can say."""
    try:
        done = subprocess.run(
            SYNCHRONISED, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == "yes"


def renew(
    directory: Path, now: dt.datetime, left: dt.timedelta, life: dt.timedelta, *, synchronised: bool
) -> str:
    """Sign anew what is due, and say what was done.

    The routes are written last, and after a power cut once more: Traefik looks when they are.

    Raises:
        CannotRenewError: it has to be done by the playbook, or by setting the clock.
    """
    path = directory / "config" / "tls" / "certificate.pem"
    spare = directory / "ca" / "certificate.pem"
    authority, key = read_authority(directory), read_key(path.with_name("key.pem"))
    certificate, damaged = whole_of(path, spare)
    due = is_due(certificate, authority.certificate, now, left, synchronised=synchronised)
    due = due or damaged or not fits(certificate, key)
    if due:
        certificate = renewed(certificate, authority, key, now, life)
        crl = nothing_revoked(authority, now, life)
        write(directory / "ca.crl", crl.public_bytes(serialization.Encoding.DER))
        write(path, certificate.public_bytes(serialization.Encoding.PEM))
    keep(spare, path.read_bytes())
    tell_traefik(directory / "config" / "dynamic" / "inkstand.yml", path.read_bytes())
    done = "was renewed and lasts" if due else "lasts"
    return f"The certificate {done} until {certificate.not_valid_after_utc:%Y-%m-%d}."


def tell_traefik(routes: Path, certificate: bytes) -> None:
    """Write the routes when they name another certificate."""
    if not routes.exists():
        return
    present = routes.read_text()
    told = NOTICED.sub(hashlib.sha256(certificate).hexdigest(), present)
    if told != present:
        write(routes, told.encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Sign Inkstand's certificate anew before it ends.")
    add = parser.add_argument
    add("--directory", type=Path, required=True, help="where authority and configuration are")
    add("--days", type=int, required=True, help="for how many days from now it is signed")
    add("--left", type=int, required=True, help="it is due when fewer days than this are left")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the certificate once."""
    options = _parser().parse_args(argv)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    left, life, synchronised = options.left * DAY, options.days * DAY, is_synchronised()
    try:
        print(renew(options.directory, now, left, life, synchronised=synchronised))
    except CannotRenewError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
