"""The text of a QR code that lets a phone into a Wi-Fi network; pure, and for the client too."""

from __future__ import annotations

import re


def escape_wifi(value: object) -> str:
    """Return a name or a password as it stands in the text of a code."""
    return re.sub(r'([\\;,:"])', r"\\\1", str(value))
