"""Requests made up from the OpenAPI document, right and wrong: every answer is a documented one.

More of them: INKSTAND_EXAMPLES=500.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies
from PIL import Image
from schemathesis.checks import CHECKS

from inkstand.api.app import make_document

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
SOURCE = Path(__file__).parents[2] / "src"
EXAMPLES = int(os.environ.get("INKSTAND_EXAMPLES", "12"))
# A text that is too long is refused with 413, which is not in the usual list.
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429"]
CHOICES = {"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}}
SCHEMA = schemathesis.openapi.from_dict(
    make_document("Inkstand", 2000), config=schemathesis.Config.from_dict(CHOICES)
)

# A time in the past, a blank text, bytes that are no picture: the schema cannot say that, 422 does.
TOO_STRICT = [CHECKS.get_one("positive_data_acceptance")]


def png(size: tuple[int, int], grey: int) -> bytes:
    output = io.BytesIO()
    Image.new("L", size, grey).save(output, "PNG")
    return output.getvalue()


SIDES = strategies.integers(1, 300)
schemathesis.openapi.media_type(
    "image/png",
    strategies.builds(png, strategies.tuples(SIDES, SIDES), strategies.integers(0, 255))
    | strategies.binary(),
)
# Of the other kinds it knows no way to send them: as they are.
for kind in ("image/bmp", "image/heic", "image/tiff"):
    schemathesis.serializer.alias(kind, "application/octet-stream")


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, dict[str, str]]]:
    """A demonstration in a process of its own: its URL, and headers with a good token."""
    command = [sys.executable, "-m", "inkstand", "demo"]
    added = {"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        env={**os.environ, **added},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            words = "".join(iter(process.stdout.readline, "Ctrl-C stops it.\n"))
            yield log_in(*re.findall(r"(?:Open|User|Password) +(\S+)", words))
        finally:
            process.terminate()


def log_in(url: str, user: str, password: str) -> tuple[str, dict[str, str]]:
    credentials = {"username": user, "password": password}
    answer = requests.post(f"{url}api/v1/session", json=credentials, timeout=60)
    return f"{url}api/v1", {"Authorization": f"Bearer {answer.json()['token']}"}


# Streams do not end, and who logs out cannot go on.
@SCHEMA.exclude(path="/events").exclude(path="/session", method="DELETE").parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_every_answer_is_a_documented_one(case: Any, site: tuple[str, dict[str, str]]) -> None:
    url, headers = site
    case.call_and_validate(base_url=url, headers=headers, excluded_checks=TOO_STRICT)
