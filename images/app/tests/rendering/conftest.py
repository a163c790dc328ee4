"""The fonts that the tests of text are about."""

from __future__ import annotations

import pytest

from inkstand.rendering import fonts


@pytest.fixture(scope="session")
def family() -> fonts.Family:
    """DejaVu Sans, and for what it lacks whatever of our fonts is installed."""
    if not all((fonts.FONT_FOLDER / name).is_file() for name in fonts.FILES):
        pytest.skip("Debian's package fonts-dejavu-core is not installed")
    return fonts.REGULAR


@pytest.fixture(scope="session")
def all_fonts() -> fonts.Family:
    """Every font that the image has."""
    missing = [it for it in fonts.FALLBACKS.values() if not (fonts.FONT_FOLDER / it).is_file()]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return fonts.REGULAR
