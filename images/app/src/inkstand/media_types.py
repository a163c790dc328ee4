"""What bodies are sent as, and answered as (RFC 9110, 8.3.1)."""

from __future__ import annotations

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PLAIN_TEXT = "text/plain"
# What is said by who does not know, or does not say.
BYTES = "application/octet-stream"
