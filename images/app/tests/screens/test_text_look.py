"""How a text looks on the glass when its sender has chosen that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from inkstand.rendering import fonts
from inkstand.rendering.fonts import Family
from inkstand.rendering.pango import FontMap
from inkstand.rendering.text import AS_IT_COMES, TextAlign, TextLook, TextSize
from inkstand.screens import MessageScreen
from inkstand.screens.message import label

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PANELS = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
LARGE = TextLook(align=TextAlign.CENTER, size=TextSize.LARGE)
TABLE = """Filesystem      Size  Used Avail Use% Mounted on
/dev/mmcblk0p2   29G  6.2G   21G  23% /
tmpfs           227M     0  227M   0% /dev/shm
/dev/mmcblk0p1  510M   75M  436M  15% /boot"""
MONOSPACE, QR = TextLook(monospace=True), TextLook(qr=True)
WIFI = "WIFI:T:WPA;S:Guests;P:correct horse;;"
LOOKS = st.builds(
    TextLook,
    align=st.sampled_from(TextAlign),
    size=st.sampled_from(TextSize),
    bold=st.booleans(),
    monospace=st.booleans(),
    qr=st.booleans(),
)
# Letters that DejaVu Sans Mono has, spaces more often.
CELLS = st.sampled_from("  .:iW0%/_éЖα─│→")
LOOKED_AT = {
    "look_large": MessageScreen("Please ring the bell twice", "Ada at 09:30", look=LARGE),
    "look_bold": MessageScreen(
        "Bins go out tonight: paper and glass", "Ada at 09:30", look=TextLook(bold=True)
    ),
    "look_right": MessageScreen(
        "Milk\nBread\nTwelve eggs", "Ada at 09:30", look=TextLook(align=TextAlign.RIGHT)
    ),
    "look_table": MessageScreen(TABLE, "root at 09:30", look=MONOSPACE),
    "look_qr": MessageScreen("https://mac.example.com", "Ada at 09:30", look=QR),
    "look_wifi": MessageScreen(WIFI, "Ada at 09:30", look=QR),
    "look_columns": MessageScreen("A  12\nB   7\nC 104", "Ada at 09:30", look=MONOSPACE),
}


@pytest.fixture(autouse=True, scope="module")
def our_fonts() -> None:
    """Nothing of this is true of whatever fonts a machine has."""
    if not all((fonts.FONT_FOLDER / name).is_file() for name in fonts.FILES):
        pytest.skip("Debian's package fonts-dejavu-core is not installed")


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box around all black pixels."""
    box = ImageChops.invert(image.convert("L")).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("size", [(264, 176), (200, 96)])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_texts_look_as_when_they_were_looked_at(
    name: str, size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"{name}_{size[0]}x{size[1]}", LOOKED_AT[name].render(size, NOW))


@pytest.mark.parametrize("size", PANELS)
@pytest.mark.parametrize("text", ["Hi", "שלום"])
def test_a_text_stands_where_it_was_asked_to_in_any_direction(
    text: str, size: tuple[int, int]
) -> None:
    gaps = {}
    for align in (TextAlign.LEFT, TextAlign.CENTER, TextAlign.RIGHT):
        look = TextLook(align=align, size=TextSize.SMALL)
        left, _, right, _ = ink(MessageScreen(text, look=look).render(size, NOW))
        gaps[align] = (left, size[0] - right)
    assert gaps[TextAlign.LEFT][0] <= 6 < gaps[TextAlign.LEFT][1]
    assert gaps[TextAlign.RIGHT][1] <= 6 < gaps[TextAlign.RIGHT][0]
    assert abs(gaps[TextAlign.CENTER][0] - gaps[TextAlign.CENTER][1]) <= 4


@pytest.mark.parametrize("size", PANELS)
def test_sizes_are_steps_on_any_panel(size: tuple[int, int]) -> None:
    heights = []
    for step in (TextSize.SMALL, TextSize.MEDIUM, TextSize.LARGE):
        screen = MessageScreen("H", look=TextLook(size=step))
        _, top, _, bottom = ink(screen.render(size, NOW))
        heights.append(bottom - top)
    small, medium, large = heights
    assert small * 1.3 < medium
    assert medium * 1.3 < large


@pytest.mark.parametrize("size", PANELS)
def test_a_text_that_is_too_long_for_its_size_comes_on_more_pages(size: tuple[int, int]) -> None:
    text = "all work and no play " * 4
    pages = [MessageScreen(text, look=TextLook(size=step)).pages(size) for step in TextSize]
    auto, small, medium, large = pages
    assert auto == small
    assert small <= medium < large


def test_bold_letters_have_more_ink() -> None:
    plain, bold = (
        MessageScreen("Hello", look=TextLook(size=TextSize.SMALL, bold=bold)).render((200, 96), NOW)
        for bold in (False, True)
    )
    assert bold.convert("L").histogram()[0] > plain.convert("L").histogram()[0] * 1.2


@pytest.mark.parametrize("look", [AS_IT_COMES, LARGE, TextLook(bold=True), MONOSPACE, QR])
def test_a_look_is_what_its_words_say(look: TextLook) -> None:
    assert TextLook.of(look.words) == look


def test_words_of_a_later_release_or_a_damaged_file_count_for_nothing() -> None:
    assert TextLook.of("blinking larg\ufffd") == AS_IT_COMES
    assert TextLook.of("blinking large") == TextLook(size=TextSize.LARGE)


def right_edges(image: Image.Image) -> set[int]:
    """Return where the ink of each row of pixels ends, of those that have some."""
    rows = (image.crop((0, y, image.width, y + 1)) for y in range(image.height))
    boxes = (ImageChops.invert(row.convert("L")).getbbox() for row in rows)
    return {box[2] for box in boxes if box}


@settings(deadline=None)
@given(
    st.integers(0, 23).flatmap(
        lambda length: st.lists(
            st.text(CELLS, min_size=length, max_size=length), min_size=1, max_size=3
        )
    ),
    st.sampled_from(PANELS),
    st.builds(TextLook, align=st.sampled_from(TextAlign), bold=st.booleans()),
)
def test_the_letter_of_a_column_is_at_the_same_place_in_each_line(
    lines: list[str], size: tuple[int, int], look: TextLook
) -> None:
    """A full block at the end of each fills its cell, from the line above to the line below."""
    text = "\n".join(f"{line}█" for line in lines)
    screen = MessageScreen(text, look=replace(look, monospace=True))
    assert len(right_edges(screen.render(size, NOW))) == 1


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("font_size", [9, 10, 12, 13, 14, 20, 34])
def test_all_letters_are_as_wide_as_each_other(bold: bool, font_size: int) -> None:
    family = Family(bold=bold, monospace=True)
    widths = {family.line(letter * 7, font_size).width for letter in "iW %é│"}
    assert len(widths) == 1


@pytest.mark.parametrize("size", PANELS)
def test_a_table_is_as_large_as_its_lines_are_whole(size: tuple[int, int]) -> None:
    rows = "\n".join(f"{number:2}  {number**3:6} kB" for number in range(8))
    layouts = MessageScreen(rows, look=MONOSPACE)._layouts(size)
    shown = [line.text for layout in layouts for line in layout.lines]
    assert shown == rows.split("\n")


@settings(deadline=None)
@given(st.text(CELLS, min_size=30, max_size=300), st.sampled_from(PANELS))
def test_a_line_too_long_for_the_smallest_letters_goes_on_below(
    text: str, size: tuple[int, int]
) -> None:
    layouts = MessageScreen(f"|{text}|", look=MONOSPACE)._layouts(size)
    lines = [line for layout in layouts for line in layout.lines]
    assert "".join(line.text for line in lines) == f"|{text}|"
    # A space may hang over the edge, where nobody sees it.
    assert all(line.width <= size[0] or line.text.endswith(" ") for line in lines)


def test_tabs_lead_to_columns() -> None:
    screen = MessageScreen("a\t1\nbcd\t2", look=MONOSPACE)
    assert [line.text for line in screen._layouts((264, 176))[0].lines] == [
        "a       1",
        "bcd     2",
    ]


def test_a_table_is_one_block_wherever_it_stands() -> None:
    for align in TextAlign:
        look = TextLook(align=align, size=TextSize.MEDIUM, monospace=True)
        image = MessageScreen("█\n████", look=look).render((264, 176), NOW)
        assert len(right_edges(ImageOps.mirror(image))) == 1


@pytest.mark.parametrize("author", [None, "Ada at 09:30"])
@pytest.mark.parametrize("text", ["https://mac.example.com/a?b=c", "Grüße, 你好"])
@pytest.mark.parametrize("size", PANELS)
def test_a_code_says_what_was_sent(text: str, size: tuple[int, int], author: str | None) -> None:
    screen = MessageScreen(text, author, look=QR)
    rows = segno.make_qr(text, error="l", boost_error=True).matrix
    image = screen.render(size, NOW)
    # Above it there is white for four dots, and in its first row are two of its marks.
    top = ink(image)[1]
    left, dot = ink(image.crop((0, 0, size[0], top + 1)))[0], top // 4
    seen = [
        [image.getpixel((left + x * dot, (4 + y) * dot)) == 0 for x in range(len(rows))]
        for y in range(len(rows))
    ]
    assert (screen.pages(size), dot >= 2) == (1, True)
    assert seen == [[bool(module) for module in row] for row in rows]


@pytest.mark.parametrize("size", PANELS)
def test_a_code_too_fine_to_be_read_is_shown_as_its_text(size: tuple[int, int]) -> None:
    text = "https://example.com/" + "a" * 600
    screen = MessageScreen(text, look=QR)
    assert not screen.is_code(size)
    assert screen.render(size, NOW).tobytes() == MessageScreen(text).render(size, NOW).tobytes()


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("https://mac.example.com", "https://mac.example.com"),
        (WIFI, "Guests"),
        (r"WIFI:T:WPA;P:se\;S:cret\;;S:At \"home\"\;;;", 'At "home";'),
        ("wifi:S:Guests;;", "Guests"),
        ("WIFI:T:WPA;P:secret", "Wi-Fi"),
    ],
)
def test_below_a_code_stands_its_text_but_no_password(text: str, below: str) -> None:
    assert label(text) == below


def test_fonts_of_a_label_that_few_texts_need_are_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cleared: list[bool] = []
    monkeypatch.setattr(FontMap, "clear", lambda _: cleared.append(True))
    MessageScreen("你好", look=QR).render((264, 176), NOW)
    assert cleared


def test_a_password_is_on_no_page_of_a_panel_that_is_too_small_for_the_code() -> None:
    screen = MessageScreen(WIFI.replace("horse", "horse" * 25), look=QR)
    assert not screen.is_code((128, 96))
    shown = [line.text for layout in screen._layouts((128, 96)) for line in layout.lines]
    assert shown == ["Guests"]


@settings(deadline=None)
@given(st.text(st.characters(categories=None)), LOOKS, st.sampled_from(PANELS))
def test_any_text_can_have_any_look(text: str, look: TextLook, size: tuple[int, int]) -> None:
    image = MessageScreen(text, "Ada", look=look).render(size, NOW)
    assert (image.mode, image.size) == ("1", size)


@pytest.mark.timeout(60)
def test_a_table_of_one_endless_line_takes_no_longer_than_a_text() -> None:
    screen = MessageScreen("漢 x" * 30_000, look=MONOSPACE)
    assert screen.pages((128, 96)) == 99


@pytest.mark.parametrize(("size", "most"), [((200, 96), 78), ((264, 176), 425)])
def test_so_many_letters_are_a_code(size: tuple[int, int], most: int) -> None:
    assert MessageScreen("a" * most, "ada", look=TextLook(qr=True)).is_code(size)
    assert not MessageScreen("a" * (most + 1), "ada", look=TextLook(qr=True)).is_code(size)


@pytest.mark.parametrize(("size", "most"), [((200, 96), 38), ((264, 176), 51)])
def test_so_many_columns_are_one_line(size: tuple[int, int], most: int) -> None:
    def height(letters: int) -> int:
        screen = MessageScreen("a" * letters, None, look=TextLook(monospace=True))
        return screen._layouts(size)[0].height

    assert height(most) < height(most + 1)
