"""Messages, pictures and the status, whatever they hold."""
# ruff: noqa: RUF001 - letters of many scripts

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from inkstand.rendering import Framing, blank, to_frame
from inkstand.rendering.fonts import REGULAR
from inkstand.rendering.picture import draw_line
from inkstand.screens import ClockScreen, ImageScreen, MessageScreen, Screen, StatusScreen

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SIZES = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
ANY_TEXT = st.text(st.characters(categories=None))
NASTY = {
    "nothing": "",
    "spaces": "   \n\t ",
    "controls": "\x00\x01\x1b[31m\x7f",
    "a surrogate": "\ud83d",
    "one long word": "W" * 5000,
    "only marks": "\u0301" * 500,
    "right to left": "\u202e\u05d0\u05d1\u05d2 (abc) \u0661\u0662%",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1f8\U0001f1ea \u2764\ufe0f",
    "100 kB": "all work and no play " * 5000,
    "no characters": "\ufffe\uffff\U0010ffff\ue000",
    "one huge letter": "\ufdfd",
}


def black_pixels(image: Image.Image) -> int:
    return image.convert("L").histogram()[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_message_leaves_the_panel_empty(text: str, size: tuple[int, int]) -> None:
    image = MessageScreen(text, author=text).render(size, NOW)
    assert to_frame(image, size).size == size
    assert black_pixels(image) > 0


@given(ANY_TEXT, st.none() | ANY_TEXT, st.sampled_from(SIZES))
@settings(deadline=None)
def test_any_message_by_anybody_can_be_drawn(
    text: str, author: str | None, size: tuple[int, int]
) -> None:
    image = MessageScreen(text, author).render(size, NOW)
    assert (image.mode, image.size) == ("1", size)


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=8), st.sampled_from(SIZES))
@settings(deadline=None)
def test_any_status_can_be_drawn(
    title: str, entries: list[tuple[str, str]], size: tuple[int, int]
) -> None:
    image = StatusScreen(title, tuple(entries)).render(size, NOW)
    assert (image.mode, image.size) == ("1", size)


@pytest.mark.usefixtures("other_fonts")
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_message_needs_none_of_our_fonts(text: str) -> None:
    assert black_pixels(MessageScreen(text).render((128, 96), NOW)) > 0


STATUS = StatusScreen(
    "Inkstand",
    (
        ("", "https://mac.example.com"),
        ("Certificate", "until 2027-02-03"),
        ("Button", "pigpiod at pigpiod:8888: it does not answer"),
        ("20 Nov 09:31", "panel: the panel failed: Panel broken"),
    ),
    "https://mac.example.com",
)
LETTER = "It was the best of times, it was the worst of times, it was the age of wisdom, " * 6
LOOKED_AT: dict[str, Screen] = {
    "message_short": MessageScreen("Hello World!"),
    "message_signed": MessageScreen("Lunch is ready. Come down before it gets cold!", "Ada"),
    "message_latin": MessageScreen(
        "Žluťoučký kůň úpěl. Smörgåsbord, façade, Łódź, Ærø, straße, İstanbul, Đặng Việt",
        "Zoë at 09:30",
    ),
    "message_greek": MessageScreen(
        "Καλημέρα κόσμε! Η συνάντηση είναι στις 15:30, μην αργήσεις.", "Νίκος at 09:30"
    ),
    "message_cyrillic": MessageScreen(
        "Съешь же ещё этих мягких французских булок. Їжак, ґанок, Љубав.", "Юля at 09:30"
    ),
    "message_japanese": MessageScreen(
        "会議は15時30分から（2階）。直ちに骨格と角度を、今。", "山田 at 09:30"
    ),
    "message_chinese": MessageScreen("下午三点半开会，请准时。直角和骨头，今天。", "王伟 at 09:30"),
    "message_korean": MessageScreen("회의는 세 시 반입니다. 늦지 마세요!", "민준 at 09:30"),
    "message_devanagari": MessageScreen(
        "नमस्ते! बैठक १५:३० बजे, कमरा ४२। श्रीमती शर्मा का क्षेत्र, हिन्दी।", "रवि at 09:30"
    ),
    "message_bengali": MessageScreen("স্বাগতম! সভা ১৫:৩০ টায়, শ্রদ্ধেয় কর্তৃপক্ষ আসবেন।", "অমিত at 09:30"),
    "message_tamil": MessageScreen("வணக்கம்! கூட்டம் 15:30 மணிக்கு, தாமதிக்க வேண்டாம்.", "கவிதா at 09:30"),
    "message_thai": MessageScreen("บางทีอาจจะอยู่ในกระเป๋าเสื้อโค้ตตัวเก่าของผม", "นก at 09:30"),
    "message_burmese": MessageScreen("မြန်မာနိုင်ငံမှ ကြိုဆိုပါတယ်။ အစည်းအဝေး ၁၅:၃၀ မှာ။", "အောင် at 09:30"),
    "message_hebrew": MessageScreen(
        "שעה 19:30 בחדר 42 (קומה 3) - phone +972-3-1234567", "דוד at 09:30"
    ),
    "message_arabic": MessageScreen(
        "مرحبا بالعالم، الاجتماع (الطابق 2) في الساعة 15:30 اليوم.", "ليلى at 09:30"
    ),
    "message_emoji": MessageScreen(
        "Party 🎉 at 8 😀👍🏽 ❤️ ☀️ → 🍕 + 🍺, 🚲 or 🚌? 👩‍👩‍👧 🇩🇪🇸🇪 ✅ 1️⃣2️⃣3️⃣", "Ada 🐱 at 09:30"
    ),
    "message_page_2": MessageScreen(LETTER, "Charles at 09:30", 2),
    "status": STATUS,
    "clock_not_synchronised": ClockScreen(synchronised=False),
}


@pytest.mark.parametrize("size", [(264, 176), (200, 96)])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_screens_look_as_when_they_were_looked_at(
    name: str, size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"{name}_{size[0]}x{size[1]}", LOOKED_AT[name].render(size, NOW))


LONG = " ".join(f"word{number}" for number in range(150))


@pytest.mark.parametrize("size", SIZES)
def test_a_long_text_goes_onto_pages_that_differ(size: tuple[int, int]) -> None:
    pages = MessageScreen(LONG).pages(size)
    assert 1 < pages < 40
    drawn = [MessageScreen(LONG, page=page + 1).render(size, NOW) for page in range(pages)]
    assert len({image.tobytes() for image in drawn}) == pages
    beyond = MessageScreen(LONG, page=pages + 1).render(size, NOW)
    assert beyond.tobytes() == drawn[-1].tobytes()


def test_a_text_that_fits_well_is_on_one_page_without_a_number() -> None:
    assert MessageScreen("Hello").pages((264, 176)) == 1
    assert (
        MessageScreen("Hello", page=7).render((264, 176), NOW).tobytes()
        == MessageScreen("Hello").render((264, 176), NOW).tobytes()
    )


def test_which_page_it_is_stands_below_to_the_left() -> None:
    one, two = (MessageScreen(LONG, "Ada", page).render((264, 176), NOW) for page in (1, 2))
    corner, name = (0, 155, 40, 176), (200, 155, 264, 176)
    assert one.crop(corner).tobytes() != two.crop(corner).tobytes()
    assert one.crop(name).tobytes() == two.crop(name).tobytes()


def test_an_endless_text_ends_somewhere() -> None:
    assert MessageScreen("all work and no play " * 5000).pages((128, 96)) == 99


def first_columns(image: Image.Image, lines: int) -> list[int]:
    """Return where the ink of each of so many lines of equal height begins."""
    ink = ImageChops.invert(image.convert("L")).getbbox()
    assert ink is not None
    height = (ink[3] - ink[1]) / lines
    bands = [
        (0, int(ink[1] + n * height), 264, int(ink[1] + (n + 1) * height)) for n in range(lines)
    ]
    boxes = [ImageChops.invert(image.crop(band).convert("L")).getbbox() for band in bands]
    return [box[0] for box in boxes if box]


def test_several_lines_begin_below_each_other_and_one_is_a_sign() -> None:
    lines = first_columns(MessageScreen("HH\nHHHHHH\nHHH").render((264, 176), NOW), 3)
    assert max(lines) - min(lines) <= 1
    sign = first_columns(MessageScreen("HHHHHH HH").render((264, 176), NOW), 2)
    assert sign[1] - sign[0] > 20


@pytest.mark.parametrize(("size", "least"), [(10, 4), (11, 4), (12, 4), (13, 4), (14, 3), (16, 3)])
def test_words_stand_apart_in_the_smallest_letters(size: int, least: int) -> None:
    """In the smallest is more white than the three pixels that some letters leave within a word."""
    for length, before, after in itertools.product(range(5), "gkprtdy", "abdstw"):
        image, text = blank((120, 30)), f"{'a' * length}{before} {after}"
        draw_line(image, (3, 20), REGULAR.line(text, size))
        inked = [black_pixels(image.crop((x, 0, x + 1, 30))) > 0 for x in range(120)]
        white = [len(list(run)) for ink, run in itertools.groupby(inked) if not ink]
        assert white[-2] >= least, text


def test_the_author_stands_below_the_text() -> None:
    unsigned, signed = (MessageScreen("Hi", author).render((264, 176), NOW) for author in ("", "A"))
    changed = ImageChops.logical_xor(unsigned, signed).crop((200, 150, 264, 176))
    assert black_pixels(signed.crop((200, 150, 264, 176))) > 0
    assert black_pixels(unsigned.crop((200, 150, 264, 176))) == 0
    assert changed.getbbox() is not None


def test_a_long_author_is_cut_to_one_line() -> None:
    image = MessageScreen("Hi", "A very long name " * 40).render((264, 176), NOW)
    assert black_pixels(image.crop((0, 130, 264, 150))) == 0


def test_a_picture_is_shown_in_the_middle() -> None:
    screen = ImageScreen(Image.new("L", (10, 10), 0), Framing.FIT)
    image = screen.render((128, 96), NOW)
    assert ImageChops.invert(image.convert("L")).getbbox() == (16, 0, 112, 96)


@pytest.mark.parametrize(
    "screen", [MessageScreen("Hi"), StatusScreen("Inkstand"), ImageScreen(Image.new("1", (8, 8)))]
)
def test_what_has_no_time_in_it_never_changes(screen: Screen) -> None:
    assert screen.next_change(NOW) is None


def test_equal_screens_are_one_screen() -> None:
    assert ClockScreen() == ClockScreen()
    assert MessageScreen("a", "b") == MessageScreen("a", "b")
    assert MessageScreen("a") != MessageScreen("b")
