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
# What moves a terminal's cursor, and what some readers take for the end of a line.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class RedactingFormatter(logging.Formatter):
    """Writes UTC times, and takes credentials out of lines and tracebacks.

    aiohttp quotes the head of a request that it cannot read, token and all. Only what begins an
    entry stands at the beginning of a line, so that nobody can write one by what they send.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`, and its traceback below it, further to the right."""
        text = _SECRETS.sub(_redacted, super().format(record))
        return _CONTROLS.sub(_escaped, text).replace("\n", "\n  ")


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


def _escaped(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]


def _redacted(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}[redacted]" if match[1] else "[redacted]"
