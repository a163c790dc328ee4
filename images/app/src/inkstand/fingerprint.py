"""How people recognise a certificate."""

from __future__ import annotations

import hashlib
import ssl


def fingerprint_of(text: str) -> str:
    """Return the SHA-256 fingerprint of a certificate in PEM.

    Pairs of hexadecimal digits as browsers and openssl write them, in groups of four that are
    easier to compare: `3F:A2:11:0C 99:…`.

    Raises:
        ValueError: it is no certificate.
    """
    pairs = hashlib.sha256(ssl.PEM_cert_to_DER_cert(text.strip())).digest().hex(":").upper()
    groups = [pairs[begin : begin + 11] for begin in range(0, len(pairs), 12)]
    return " ".join(groups)
