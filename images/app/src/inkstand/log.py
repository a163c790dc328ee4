"""Lines of the log: when, how bad, who, what; never what opens a door."""

from __future__ import annotations

import logging
import re
import time

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_SECRETS = re.compile(
    # Headers with credentials up to the end of the line, as text or as the repr of bytes.
    r"((?:proxy-)?authorization|(?:set-)?cookie)(\W{1,4})(?:(?!\\r|\\n)[^\r\n])+"
    # What hooks have in their path, whole or not.
    r"|(?<=/hooks/)[^\s/?#'\"\\]+"
    # JSON Web Tokens, wherever they are.
    r"|eyJ[\w-]{4,}\.[\w-]+\.[\w-]+",
    re.IGNORECASE,
)


class RedactingFormatter(logging.Formatter):
    """Writes UTC times, and takes credentials out of lines and tracebacks.

    aiohttp quotes the head of a request that it cannot read, token and all.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`, its traceback included."""
        return _SECRETS.sub(_redacted, super().format(record))


def log_to_stderr(level: str) -> None:
    """Let all loggers write to standard error from `level` on, which is the name of one."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # At debug it names each piece of each picture file that it reads.
    logging.getLogger("PIL").setLevel(logging.INFO)
    if level != "debug":
        # It has a traceback for every client that does not speak HTTP; bugs are logged by us.
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)


def _redacted(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}[redacted]" if match[1] else "[redacted]"
