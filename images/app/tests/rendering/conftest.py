"""Fonts for the tests: what this machine has, and what every machine has."""

from __future__ import annotations

import pytest

from inkstand.rendering import fonts
from inkstand.rendering.fonts import Family, find_family

DEJAVU = fonts.FONT_FOLDER / fonts.REGULAR[0]


@pytest.fixture(scope="session")
def built_in() -> Family:
    """The font inside Pillow, which is the same on every machine."""
    return find_family([])


@pytest.fixture(scope="session")
def dejavu() -> Family:
    """DejaVu Sans, which knows Latin, Greek, Cyrillic, Hebrew and Arabic."""
    if not DEJAVU.is_file():
        pytest.skip("Debian's package fonts-dejavu-core is not installed")
    return find_family([DEJAVU])


@pytest.fixture(scope="session", params=["built-in", "of this machine"])
def family(request: pytest.FixtureRequest) -> Family:
    return find_family([]) if request.param == "built-in" else fonts.regular()
