"""Our lines beside those of Pango's own program, and beside ours on a machine set up otherwise."""
# ruff: noqa: RUF001 - letters of many scripts

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from inkstand.rendering import fonts

if TYPE_CHECKING:
    from inkstand.rendering.fonts import Family
    from inkstand.rendering.pango import Line

pytestmark = pytest.mark.integration

SIZE, WIDTH = 16, 150
CORPUS = (
    "Hello World!",
    "The quick brown fox jumps over the lazy dog",
    "well-known state-of-the-art and/or either/or",
    "https://example.com/a/b?c=d&e=f#fragment",
    "minus -1234 and 5-6, 50% off",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Donau\u200bdampf\u200bschiff\u200bfahrts\u200bgesellschaft",
    "about 100\u00a0km to go, 12\u202fh left",
    "Žluťoučký kůň úpěl. Smörgåsbord, façade",
    "e\u0323\u0301 o\u0308\u0304 combining, Đặng Việt",
    "fi ffi fl difficult office",
    "Καλημέρα κόσμε! Η συνάντηση είναι στις 15:30",
    "Съешь же ещё этих мягких французских булок",
    "“quoted” — dashed – and … dots",
    "first line\nsecond line, which is longer\n\nfourth",
    "שלום עולם! הפגישה (15:30) בחדר B12, אל תאחרו.",
    "שעה 19:30 בחדר 42 (קומה 3) - phone +972-3-1234567",
    "car is המכונית in Hebrew (עברית), 50%",
    "שָׁלוֹם וּבְרָכָה",
    "abc אבג 123 דהו def [זחט]",
    "אבג\nabc אבג\nאבג abc",
    "-5 מעלות, 10% לחות",
    "\u200fabc \u200eאבג",
    "مرحبا بالعالم، الاجتماع (الطابق 2) في الساعة 15:30",
    "السعر ١٢٣٫٤٥ ريال (خصم ٢٠٪)",
    "لا إله لله محمد",
    "اردو میں خوش آمدید 2026",
    "call +1-555-0100 الآن or بعد 5 PM",
    "می\u200cخواهم نمی\u200cدانم",
    "नमस्ते दुनिया! क्षत्रिय श्रीमती हिन्दी",
    "कार्यक्रम १५:३० बजे, कमरा ४२।",
    "र्क्त्य्र ङ्क्ष्म द्ध्य",
    "বাংলা ভাষায় স্বাগতম শ্রদ্ধা",
    "কর্তৃপক্ষ ১৫:৩০ মিনিটে আসবেন।",
    "வணக்கம் உலகம் கொடுக்க போகிறேன்",
    "தமிழ்நாடு 15:30 மணிக்கு",
    "บางทีอาจจะอยู่ในกระเป๋าเสื้อโค้ตตัวเก่าของผม",
    "ประชุมเวลา 15:30 น. ห้อง 42 ครับ",
    "ที่นี่มีน้ำดื่มฟรี",
    "မြန်မာနိုင်ငံ ကြိုဆိုပါတယ်",
    "အစည်းအဝေး ၁၅:၃၀ မှာ",
    "会議は15時30分から（2階）。",
    "直骨角今、日本語の文字です。",
    "「括弧」で始まり、終わる。ーっゃ",
    "カタカナと半角ｶﾅ",
    "下午三点半开会，请准时。",
    "直骨角今（中文）",
    "회의는 세 시 반입니다. 늦지 마세요",
    "mixed 漢字 and かな and 한글 words",
    "😀👍 ❤️ ☀️ → 🍕 + 🍺",
    "👨\u200d👩\u200d👧👨\u200d👩\u200d👧👨\u200d👩\u200d👧👨\u200d👩\u200d👧",
    "🇩🇪🇸🇪🇫🇷🇮🇹🇪🇸🇵🇱🇳🇱🇧🇪",
    "①②③ ⓪ ½ ¼ €100",
    "ሰላም ልዑል",
    "გამარჯობა მსოფლიო",
    "Բարեւ աշխարհ",
    "ສະບາຍດີຊາວໂລກ",
    "x² + y² = z², ∑ ∞ √2 ≤ 3",
    "a    b     c      d       e",
    "tab\u00adbed soft-hyphen",
)


def test_the_corpus_is_what_was_asked_for() -> None:
    assert len(set(CORPUS)) == 60


@pytest.fixture(scope="module")
def environment(all_fonts: Family, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if shutil.which("pango-view") is None:
        pytest.skip("Debian's package pango1.0-tools is not installed")
    files = [fonts.FONT_FOLDER / name for name in (*fonts.FILES, *fonts.FALLBACKS.values())]
    path = tmp_path_factory.mktemp("fontconfig") / "fonts.conf"
    path.write_text(fonts.configuration(files))
    return {**os.environ, "FONTCONFIG_FILE": str(path)}


@pytest.mark.parametrize("text", CORPUS)
def test_glyphs_and_breaks_are_those_of_pango(
    text: str, environment: dict[str, str], all_fonts: Family, tmp_path: Path
) -> None:
    """Pango's own program is given the text, the fonts and the width, and nothing of ours."""
    theirs = by_pango_view(text, environment, tmp_path)
    lines = all_fonts.lines(text, SIZE, WIDTH, break_words=True)
    assert serialized(lines) == theirs
    assert [line.text for line in lines] == texts_of(theirs, text)


def by_pango_view(text: str, environment: dict[str, str], folder: Path) -> Any:
    families = ["DejaVu Sans", *fonts.FALLBACKS]
    language = "en"
    if any("HIRAGANA" in name or "KATAKANA" in name for name in names(text)):
        language = "ja"
        families.remove("IPAexGothic")
        families.insert(families.index("WenQuanYi Micro Hei"), "IPAexGothic")
    command = [
        *("pango-view", "--no-display", "--backend=ft2", "--dpi=72", f"--width={WIDTH}"),
        *("--wrap=word-char", "--markup", f"--language={language}"),
        f"--font={','.join(families)} {SIZE}px",
        f"--text=<span insert_hyphens='false'>{escape(text)}</span>",
        f"--serialize-to={folder / 'layout.json'}",
    ]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return facts(json.loads((folder / "layout.json").read_text()))


def names(text: str) -> list[str]:
    return [unicodedata.name(character, "") for character in text]


def serialized(lines: list[Line]) -> Any:
    """Return what Pango tells of a layout of ours."""
    library = ctypes.CDLL("libpango-1.0.so.0")
    library.pango_layout_serialize.restype = ctypes.c_void_p
    library.pango_layout_serialize.argtypes = [ctypes.c_void_p, ctypes.c_int]
    glib = ctypes.CDLL("libglib-2.0.so.0")
    glib.g_bytes_get_data.restype = ctypes.c_char_p
    glib.g_bytes_get_data.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    glib.g_bytes_unref.argtypes = [ctypes.c_void_p]
    held = library.pango_layout_serialize(lines[0].owner.pointer, 2)
    try:
        return facts(json.loads(glib.g_bytes_get_data(held, None)))
    finally:
        glib.g_bytes_unref(held)


def facts(layout: Any) -> list[Any]:
    """Return of each line where it begins and how long it is, and its glyphs from the left."""
    return [
        (line.get("start-index", 0), line.get("length", 0), [run_facts(it) for it in line["runs"]])
        for line in layout["output"]["lines"]
    ]


def run_facts(run: Any) -> Any:
    """Return the text of a run, its level, its font, and its glyphs with where they are."""
    keys = ("glyph", "width", "x-offset", "y-offset")
    glyphs = [tuple(glyph.get(key, 0) for key in keys) for glyph in run["glyphs"]]
    return run["text"], run["bidi-level"], run["font"]["description"], glyphs


def texts_of(lines: list[Any], text: str) -> list[str]:
    data = text.encode()
    return [data[start : start + length].decode() for start, length, _ in lines]


SHOW = """
from inkstand.rendering.picture import blank, draw_line
from inkstand.rendering.fonts import REGULAR
image = blank((300, 40))
draw_line(image, (4, 30), REGULAR.line("Hello שלום 漢字 नमस्ते", 20))
print(image.tobytes().hex())
"""


def test_the_configuration_of_the_machine_changes_nothing(family: Family, tmp_path: Path) -> None:
    """Its user may have another order of fonts, another language, and letters in grey."""
    (tmp_path / "fonts.conf").write_text(
        '<?xml version="1.0"?><fontconfig><dir>/usr/share/fonts</dir><match target="font">'
        '<edit name="hintstyle" mode="assign"><const>hintnone</const></edit></match></fontconfig>'
    )
    other = {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "LC_ALL": "C", "LANGUAGE": "ja"}
    assert shown({}) == shown(other)


def shown(environment: dict[str, str]) -> str:
    source = str(Path(fonts.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": source, **environment}
    command = [sys.executable, "-c", SHOW]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout
