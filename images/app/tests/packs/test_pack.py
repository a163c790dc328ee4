"""The file of a pack is read, or what is wrong with it is told by line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.app.tests.packs.power import POWER
from inkstand.errors import PackError
from inkstand.packs import pack
from inkstand.packs.kinds import Expression, Kind
from inkstand.packs.lines import find_lines, line_of
from inkstand.packs.pack import MAX_FILE, SettingType

pytestmark = pytest.mark.unit


def test_a_pack_of_15_lines_is_read() -> None:
    read = pack.read(POWER)
    assert POWER.count("\n") == 15
    assert (read.name, read.version, read.stale_after) == ("power", "1", None)
    assert read.settings["host"].type is SettingType.TEXT
    assert read.settings["host"].default is None
    assert read.sources["meter"].every == timedelta(minutes=5)
    assert read.values == {"watts": Expression("meter.power.now")}
    assert read.layout.kind is Kind.NUMBER
    assert read.layout.options["bars"] == Expression("meter.history[-24:]")


def test_data_are_old_after_three_intervals_unless_the_pack_says_otherwise() -> None:
    assert pack.read(POWER).age_limit("meter") == timedelta(minutes=15)
    said = POWER.replace('name = "power"', 'name = "power"\nstale_after = 40')
    assert pack.read(said).age_limit("meter") == timedelta(minutes=40)


@pytest.mark.parametrize(
    ("was", "becomes", "line", "sentence"),
    [
        ("[pack]", "[pac]", 1, "pac is not known; did you mean pack?"),
        ('name = "power"', 'nme = "power"', 2, "pack.nme is not known; did you mean name?"),
        ('name = "power"', "", 1, "pack needs name, a text"),
        ('name = "power"', "name = 5", 2, "pack.name has to be a text"),
        (
            'name = "power"',
            'name = "Po wer"',
            2,
            "pack.name is no name; use a to z, 0 to 9, - and _",
        ),
        ("every = 5", "evry = 5", 8, "sources.meter.evry is not known; did you mean every?"),
        ("every = 5", "every = 0", 8, "sources.meter.every is 0; it can be from 1 to 527040"),
        ("every = 5", "every = true", 8, "sources.meter.every has to be a whole number"),
        ("every = 5", 'format = "jsn"', 8, 'format "jsn" is not known; did you mean json?'),
        ("every = 5", 'format = "gtfs-rt"', 6, "sources.meter needs stops, a text"),
        (
            "every = 5",
            'format = "{host}"',
            8,
            'format "{host}" is not known; there is json, csv, feed',
        ),
        ("every = 5", "max_bytes = 1048577", 8, "it can be from 1 to 1048576"),
        ("every = 5", 'headers = {"a b" = "x"}', 8, "headers.a b is no name of a header"),
        ("every = 5", 'headers = {A = "x\\ny"}', 8, "headers.A can not have ends of lines"),
        ("every = 5", 'headers = {A = "{hst}"}', 8, "which is no setting; did you mean host?"),
        ("{host}", "{hots}", 7, "has {hots}, which is no setting; did you mean host?"),
        ("http://{host}", "ftp://{host}", 7, "has to begin with http://, https:// or with"),
        ("http://{host}", "{host}", 7, "or with a setting whose type is url"),
        ("[sources.meter]", "[sources.now]", 6, "sources.now is a name that templates have"),
        ("[sources.meter]", "[sources.Meter]", 6, "sources.Meter is no name; use a to z"),
        ('watts = "m', 'meter = "m', 10, "values.meter is the name of something else"),
        ('watts = "meter.power.now"', "watts = 5", 10, "values.watts has to be JMESPath in quotes"),
        ('"meter.power.now"', '{setting = "hst"}', 10, "is no setting; did you mean host?"),
        ('kind = "number"', 'kind = "numbr"', 12, '"numbr" is not known; did you mean number?'),
        ('kind = "number"', "", 11, "layout needs kind, a text"),
        ('text = "{{ watts }} W"', "", 11, "layout needs text"),
        ("label = ", "lable = ", 14, "layout.lable is not known; did you mean label?"),
        ('label = "House"', "label = 3", 14, "layout.label has to be a text"),
        ('about = "Address of the meter"', "", 4, "settings.host needs about, a text"),
        ('about = "Address of the meter"', 'about = ""\ntype = "choice"', 4, "needs choices"),
        ('about = "Address of the meter"', 'about = ""\ntype = "int"', 6, '"int" is not known'),
        (
            'about = "Address of the meter"',
            'about = ""\ntype = "secret"\ndefault = "sesame"',
            7,
            "settings.host.default has to be empty: what everybody can read is no secret",
        ),
        ('"power"', '"power', 2, "this is no TOML: Illegal character"),
        ("[layout]", "[pack]", 11, "this is no TOML: Cannot declare ('pack',) twice"),
    ],
)
def test_what_is_wrong_is_told_by_line(was: str, becomes: str, line: int, sentence: str) -> None:
    assert was in POWER
    found = pack.problems(POWER.replace(was, becomes, 1))
    told = {error.line: error.detail for error in found if sentence in error.detail}
    assert list(told) == [line]
    assert f"line {line}: {told[line]}" in map(str, found)


def test_all_that_is_wrong_is_told_from_top_to_bottom() -> None:
    wrong = POWER.replace("every", "evry").replace("label", "lable").replace("about = ", "abut = ")
    lines = [error.line for error in pack.problems(wrong)]
    assert lines == sorted(lines, key=lambda line: line or 0)
    assert {3, 8, 14} <= set(lines)


def test_a_part_in_a_list_is_told_by_its_place() -> None:
    text = (
        '[pack]\nname = "x"\nabout = ""\n[layout]\nkind = "stack"\nparts = [\n  {kind = "rule"},\n'
        '  # a remark\n  {kind = "row", parts = [{kind = "text"}]},\n]\n'
    )
    (error,) = pack.problems(text)
    assert str(error) == "line 9: layout.parts.2.parts.1 needs text"


def test_a_layout_has_a_depth() -> None:
    part = '{kind = "rule"}'
    for _ in range(6):
        part = f'{{kind = "stack", parts = [{part}]}}'
    text = f'[pack]\nname = "x"\n[layout]\nkind = "stack"\nparts = [{part}]\n'
    assert "is too deep" in pack.problems(text)[0].detail


def test_too_many_of_a_kind_are_refused() -> None:
    sources = "".join(f'[sources.s{i}]\nurl = "http://x/"\n' for i in range(9))
    assert "has 10 of them" in pack.problems(POWER + sources)[0].detail


def test_a_file_that_is_no_utf_8_or_too_large_is_refused() -> None:
    with pytest.raises(PackError, match="line 2: this is no UTF-8"):
        pack.decode(b'[pack]\nname = "\xff"')
    with pytest.raises(PackError, match="a pack has at most 65536"):
        pack.decode(bytes(MAX_FILE + 1))
    assert pack.decode(b"\xef\xbb\xbf[pack]") == "[pack]"


def test_lists_in_lists_without_end_are_refused() -> None:
    assert "no TOML" in pack.problems(f"x = {'[' * 30_000}")[0].detail


def test_lines_are_found_in_tables_lists_and_long_texts() -> None:
    text = (
        '[a]\nb.c = 1\ntext = """\nb = 5\n"""\n[[a.d]]\nx = 1\n[[a.d]]\nx = 2\n[[a.d.e]]\ny = 3\n'
        "[f]\nlist = [\n  {k = 1},\n  {k = 2},\n]\n"
    )
    lines = find_lines(text)
    assert lines["a", "b", "c"] == 2
    assert ("a", "b") not in lines
    assert lines["a", "d", 0, "x"] == 7
    assert lines["a", "d", 1, "x"] == 9
    assert lines["a", "d", 1, "e", 0, "y"] == 11
    assert lines["f", "list", 1] == 15
    assert line_of(lines, ("f", "list", 1, "k")) == 15
    assert line_of(lines, ("nothing",)) is None


@given(st.text(max_size=300) | st.text("[]{}=.'\"\nab1# ", max_size=300))
def test_any_text_is_a_pack_or_wrong(text: str) -> None:
    assert pack.problems(text)
