"""The table of panels."""

import pytest

from epdfuse.panel.spec import (
    FILMS,
    BusyTimeoutError,
    PanelError,
    UnknownPanelError,
    UnsupportedCogError,
    panel_spec,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("size", "film", "line", "length"),
    [
        ("1.44", 231, "EPD 1.44 128x96 COG 2 FILM 231", 1536),
        ("1.9", 231, "EPD 1.9 144x128 COG 2 FILM 231", 2304),
        ("2.0", 230, "EPD 2.0 200x96 COG 2 FILM 230", 2400),
        ("2.6", 231, "EPD 2.6 232x128 COG 2 FILM 231", 3712),
        ("2.7", 231, "EPD 2.7 264x176 COG 2 FILM 231", 5808),
        ("2.7", 110, "EPD 2.7 264x176 COG 1 FILM 110", 5808),
    ],
)
def test_a_panel_has_its_line_and_frame_length(
    size: str, film: int, line: str, length: int
) -> None:
    spec = panel_spec(size, film)
    assert (spec.description, spec.frame_bytes) == (line, length)


def test_the_short_line_leaves_out_the_film() -> None:
    assert panel_spec("2.7").short_description == "EPD 2.7 264x176 COG 2"


@pytest.mark.parametrize(("size", "film"), [("1.9", 230), ("2.6", 110), ("3.5", 231)])
def test_a_panel_that_does_not_exist_is_refused_with_those_that_do(size: str, film: int) -> None:
    with pytest.raises(UnknownPanelError, match=r"1\.44"):
        panel_spec(size, film)


def test_a_film_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UnknownPanelError, match="110, 230, 231"):
        panel_spec("2.7", 232)


def test_only_film_230_has_no_partial_update() -> None:
    assert {number for number, film in FILMS.items() if not film.partial} == {230}


def test_errors_carry_the_text_of_the_file_error() -> None:
    assert UnsupportedCogError("x").error_text == "Unsupported COG"
    assert BusyTimeoutError("x").error_text == "Panel broken"
    assert PanelError("x").error_text == "Undefined"
