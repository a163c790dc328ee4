"""What a real panel would show: the deployed driver's bus, by the vendor's order of dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi.shown import Appliance

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

PANELS = [("2.7", 231), ("1.44", 110)]
"""One of each controller; `make glass-table` looks at all eleven."""
ENOUGH = 100
"""Black pixels that a clock, a text and a picture have at least."""


@pytest.fixture(scope="module", autouse=True)
def the_panel_of_before(
    instance: str, current: Callable[[], bytes], wait_for: Callable[..., Any]
) -> Any:
    """Other tests find the panel that was deployed."""
    yield
    wait_for("the panel of before", lambda: len(current()) == 264 * 176 // 8)


@pytest.mark.parametrize(("size", "film"), PANELS)
def test_glass_shows_what_the_page_shows(api: Any, instance: str, size: str, film: int) -> None:
    with Appliance(instance, api).panel(size, film) as looks:
        seen = looks()
    assert [(look.what, look.wrong) for look in seen] == [
        ("text", 0), ("picture", 0), ("clock", 0),
    ]  # fmt: skip
    assert all(look.black > ENOUGH for look in seen)
