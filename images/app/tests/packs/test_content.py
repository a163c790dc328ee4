"""Answers become data, and data become what a layout says."""

from __future__ import annotations

import contextlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.errors import PackError
from inkstand.packs import boxes, pack
from inkstand.packs.content import expression_problems, fill
from inkstand.packs.formats import Asked, parse
from inkstand.packs.pack import Format
from inkstand.packs.requests import Answer, resolve
from inkstand.packs.templates import MAX_TEXT, Templates

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 28, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
FEED = """<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>News</title>
<item><title>{title}</title><pubDate>Fri, 27 Nov 2026 23:30:00 GMT</pubDate></item></channel>
</rss>"""


def filled(
    layout: str, answer: bytes | None = None, kind: str = "json", more: str = ""
) -> boxes.Box:
    source = f'[sources.a]\nurl = "http://x/"\nformat = "{kind}"\n' if answer is not None else ""
    read = pack.read(f'[pack]\nname = "x"\n{source}{more}\n[layout]\n{layout}')
    return fill(read, resolve(read, {}), {"a": Answer(answer)}, NOW)


def text(template: str, answer: bytes = b"{}", kind: str = "json") -> str:
    box = filled(f"kind = 'text'\ntext = '''{template}'''", answer, kind)
    assert isinstance(box, boxes.Text)
    return box.text


def calendar(*events: str) -> bytes:
    blocks = [f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT" for n, event in enumerate(events)]
    lines = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *blocks, "END:VCALENDAR", ""])
    return lines.replace("\n", "\r\n").encode()


def titles(*events: str, days: int = 14) -> list[tuple[str, str]]:
    found = parse(Format.ICAL, calendar(*events), Asked(NOW, days))["events"]
    return [(event["title"], event["start"]) for event in found]


def test_json_csv_and_text_are_read() -> None:
    assert text("{{ a.b[1] }}", b'\xef\xbb\xbf{"b": [1, 2]}') == "2"
    assert text("{{ a[-1].watts }} {{ a | length }}", b"at,watts\n1,20\n2,30\n", "csv") == "30 2"
    assert text("{{ a[0]['kWh day'] }}", b"at;kWh day\n1;2,5\n", "csv") == "2,5"
    assert text("{{ a }}", "å".encode(), "text") == "å"


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        ("json", b'{"a": "\xff"}', "The answer of a can not be read as json: byte 8 is no UTF-8"),
        ("json", b"<html>", "can not be read as json: Expecting value: line 1 column 1"),
        ("json", b"[" * 100_000, "can not be read as json: maximum recursion depth"),
        ("json", b"9" * 5000, "can not be read as json: Exceeds the limit"),
        ("csv", b'a,b\n"' + b"x" * 200_000, "read as csv: field larger than field limit"),
        ("text", b"\xc3", "can not be read as text: byte 1 is no UTF-8"),
        ("feed", b"<html></html>", "can not be read as feed: it is neither RSS nor Atom"),
        ("ical", b"<html></html>", "it does not begin with BEGIN:VCALENDAR"),
        ("ical", calendar("DTSTART:nonsense\nRRULE:FREQ=DAILY"), "can not be read as ical"),
    ],
)
def test_an_answer_in_another_form_is_told(kind: str, data: bytes, sentence: str) -> None:
    with pytest.raises(PackError) as caught:
        text("x", data, kind)
    assert sentence in caught.value.detail
    assert caught.value.line == 3


@pytest.mark.parametrize("kind", [it for it in Format if it is not Format.PICTURE])
@given(data=st.binary(max_size=200))
def test_any_bytes_are_data_or_wrong(kind: Format, data: bytes) -> None:
    with contextlib.suppress(PackError):
        assert text("x", data, kind) == "x"


@pytest.mark.parametrize("zone", ["Europe", "Nowhere", "../../etc/passwd", "", "\0"])
def test_a_zone_that_is_none_is_told_or_left_out(zone: str) -> None:
    with contextlib.suppress(PackError):
        event = f"DTSTART;TZID={zone}:20261201T080000\nSUMMARY:x"
        assert text("x", calendar(event), "ical") == "x"


def test_a_source_that_never_answered_is_told_with_its_reason() -> None:
    read = pack.read('[pack]\nname="x"\n[sources.a]\nurl="http://x/"\n[layout]\nkind="space"')
    with pytest.raises(PackError, match="line 3: a has not answered yet: it said 503"):
        fill(read, {}, {"a": Answer(None, error="it said 503")}, NOW)


@pytest.mark.parametrize(
    ("layout", "more", "sentence"),
    [
        ('kind = "space"', '[values]\nw = "a.b.c"', "line 7: values.w: a.b.c finds nothing"),
        ('kind = "bars"\nbars = "a.b"', "", "line 9: layout.bars: a.b finds nothing in what came"),
        ('kind = "bars"\nbars = "a.n"', "", "line 9: layout.bars finds no list of numbers"),
        ('kind = "list"\ntitle = ""\nitems = "a.n"', "", "line 10: layout.items finds no list"),
        ('kind = "bars"\nbars = "a["', "", "line 9: layout.bars: "),
        ('kind = "bars"\nbars = "length(a.n)"', "", "line 9: layout.bars: In function length()"),
        ('kind = "text"\ntext = "{{ a.x }}"', "", "line 9: layout.text: 'dict object' has no attr"),
        ('kind = "text"\ntext = "{{ b }}"', "", "line 9: layout.text: 'b' is undefined"),
        ('kind = "text"\ntext = "{{ 1 / 0 }}"', "", "line 9: layout.text: division by zero"),
        ('kind = "text"\ntext = "{{ a | number }}"', "", "is no number"),
        ('kind = "picture"\nsource = "a"', "", "line 9: layout.source: a is no source of pictures"),
    ],
)
def test_what_picks_nothing_or_fails_is_told(layout: str, more: str, sentence: str) -> None:
    with pytest.raises(PackError) as caught:
        filled(layout, b'{"n": 5}', more=more)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ a.__class__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ 'x'.format.__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ ''|attr('__class__') }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum() }}",
        "{{ a.update({'b': 1}) }}",
        "{{ [].append(1) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ range(100001) }}",
    ],
)
def test_there_is_no_way_out_of_the_sandbox(template: str) -> None:
    with pytest.raises(PackError, match=r"layout\.text"):
        text(template)


def test_what_is_wrong_with_expressions_and_templates_is_told_by_line() -> None:
    read = pack.read(
        '[pack]\nname = "x"\n[values]\na = "b["\nc = "d"\n[layout]\nkind = "stack"\nparts = [\n'
        '  {kind = "text", text = "{{ a"},\n  {kind = "text", text = "{{ a | nope }}"},\n'
        '  {kind = "bars", bars = "a b"},\n  {kind = "text", text = "{{ a | number }}"},\n'
        '  {kind = "table", items = "c", columns = [{text = "{% if %}"}]},\n]'
    )
    found = expression_problems(read, NOW)
    assert [error.line for error in found] == [4, 9, 10, 11, 13]
    assert "No filter named 'nope'" in found[2].detail


def test_an_owner_may_pick_a_value_and_leave_bars_out() -> None:
    settings = (
        '[settings.pick]\nabout = ""\ndefault = "a.n"\n[settings.bars]\nabout = ""\ndefault = ""'
    )
    layout = 'kind = "number"\ntext = "{{ v }}"\nbars = {setting = "bars"}'
    values = '[values]\nv = {setting = "pick"}'
    box = filled(layout, b'{"n": 5}', more=f"{settings}\n{values}")
    assert box == boxes.Number("5")


def test_bars_are_numbers_or_gaps() -> None:
    box = filled('kind = "bars"\nbars = "a"', b'[1, "2.5", "x", null, NaN, 1e999]')
    assert box == boxes.Bars((1.0, 2.5, None, None, None, None))


def test_lists_and_tables_are_filled_for_each_item() -> None:
    data = b'[{"n": "x", "values": 1}, {"n": "y", "values": 2}]'
    rows = filled('kind="list"\nitems="a"\ntitle="{{ item.n }}"\ndetail="{{ index }}"', data)
    assert rows == boxes.Rows((("x", "0"), ("y", "1")), "Nothing")
    grid = filled(
        'kind="table"\nitems="a"\ncolumns=[{head="N",text="{{item.n}}"},{text="{{item.values}}"}]',
        data,
    )
    assert grid == boxes.Grid((("x", "1"), ("y", "2")), (None, None), ("N", ""), "Nothing")


def test_no_text_and_no_list_is_longer_than_a_panel_could_show() -> None:
    assert len(text("{% for i in range(9999) %}xxx{% endfor %}")) == MAX_TEXT
    rows = filled('kind="list"\nitems="a"\ntitle="x"', b"[" + b"1," * 999 + b"1]")
    assert isinstance(rows, boxes.Rows)
    assert len(rows.rows) == 40


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 1234.56 | number }}", "1235"),
        ("{{ '12345.6' | number(1) }}", "12\u202f345.6"),
        ("{{ -3.2 | number }}", "\u22123"),
        ("{{ '2026-11-28T12:30:00Z' | time }}", "13:30"),
        ("{{ '2026-11-28T12:30:00' | time }}", "12:30"),
        ("{{ 1795874400 | time }}", "15:00"),
        ("{{ '2026-12-01' | date }}", "Tue 1 Dec"),
        ("{{ '2026-12-01' | weekday }}", "Tue"),
        ("{{ now | date }}", "Sat 28 Nov"),
        ("{{ '2026-12-24' | days_until }}", "26"),
        ("{{ '2026-11-28T23:30:00Z' | days_until }}", "1"),
        ("{{ now | strftime('%V') }}", "48"),
        ("{{ 'abcdefgh' | truncate(5, true, '…', 0) }}", "abcd…"),
        ("{{ 'a;b' | escape_wifi }}", "a\\;b"),
        ("{{ 61 | weather_text }}", "Rain"),
        ("{{ 95 | weather_symbol }}", "⚡"),
        ("{{ '<&>' }}", "<&>"),
    ],
)
def test_filters(template: str, said: str) -> None:
    assert text(template) == said


@pytest.mark.parametrize(
    "template", ["{{ 'x' | time }}", "{{ [] | date }}", "{{ 1e30 | time }}", "{{ 1e17 | time }}"]
)
def test_what_is_no_time_is_told(template: str) -> None:
    with pytest.raises(ValueError, match=r"no time|range|large"):
        Templates(NOW, {}).fill(template)


def test_markup_and_entities_of_a_feed_become_text() -> None:
    title = (
        "&lt;p&gt;Caf&amp;eacute; &lt;b&gt;&amp;amp;&lt;/b&gt; bar&lt;script&gt;x&lt;/script&gt;"
    )
    found = parse(Format.FEED, FEED.format(head="", title=title).encode(), Asked(NOW))
    assert found["title"] == "News"
    assert found["entries"][0]["title"] == "Café & bar"
    assert found["entries"][0]["updated"] == "2026-11-28T00:30:00+01:00"


def test_what_comes_before_nonsense_in_markup_is_kept() -> None:
    title = "Open &lt;![open day] until ten"
    found = parse(Format.FEED, FEED.format(head="", title=title).encode(), Asked(NOW))
    assert found["entries"][0]["title"].startswith("Open")


def test_atom_is_a_feed_too() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><title>B</title>
    <link href="https://example.com/b"/><updated>2026-11-28T10:00:00Z</updated></entry></feed>"""
    (entry,) = parse(Format.FEED, atom, Asked(NOW))["entries"]
    assert (entry["title"], entry["link"]) == ("B", "https://example.com/b")


def test_entities_in_entities_are_refused() -> None:
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    head = f'<!DOCTYPE rss [<!ENTITY e0 "x">{levels}]>'
    with pytest.raises(PackError, match="it declares entities of its own"):
        text("x", FEED.format(head=head, title="&e12;").encode(), "feed")


def test_repeats_are_told_in_the_owners_zone_across_the_change_of_clocks() -> None:
    weekly = "DTSTART;TZID=America/New_York:20261029T180000\nRRULE:FREQ=WEEKLY\nSUMMARY:call"
    now = datetime(2026, 10, 24, 12, tzinfo=NOW.tzinfo)
    found = parse(Format.ICAL, calendar(weekly), Asked(now, 21))["events"]
    # Europe leaves summer time a week before America does.
    assert [event["start"] for event in found] == [
        "2026-10-29T23:00:00+01:00",
        "2026-11-06T00:00:00+01:00",
        "2026-11-13T00:00:00+01:00",
    ]


def test_cancelled_ones_are_gone_and_moved_ones_are_where_they_were_moved() -> None:
    daily = "DTSTART:20261129T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:s"
    data = calendar(daily).replace(
        b"END:VCALENDAR",
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20261130T100000Z\r\nDTSTART:20261130T100000Z\r\n"
        b"STATUS:CANCELLED\r\nSUMMARY:s\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20261201T100000Z\r\nDTSTART:20261202T120000Z\r\n"
        b"SUMMARY:later\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    found = parse(Format.ICAL, data, Asked(NOW))["events"]
    assert [(event["title"], event["start"]) for event in found] == [
        ("s", "2026-11-29T11:00:00+01:00"),
        ("later", "2026-12-02T13:00:00+01:00"),
    ]


def test_days_are_days_and_what_goes_on_is_there() -> None:
    found = parse(
        Format.ICAL,
        calendar(
            "DTSTART;VALUE=DATE:20261127\nDTEND;VALUE=DATE:20261130\nSUMMARY:fair",
            "DTSTART:20261128T120000Z\nDTEND:20261128T140000Z\nSUMMARY:now",
            "DTSTART:20261128T080000Z\nDTEND:20261128T090000Z\nSUMMARY:over",
            "DTSTART:20261201T080000\nSUMMARY:no zone",
        ),
        Asked(NOW),
    )["events"]
    assert [(it["title"], it["start"], it["all_day"]) for it in found] == [
        ("fair", "2026-11-27", True),
        ("now", "2026-11-28T13:00:00+01:00", False),
        ("no zone", "2026-12-01T08:00:00+01:00", False),
    ]
    assert found[0]["end"] == "2026-11-29"


def test_of_10_000_events_those_of_these_days_are_there() -> None:
    events = [f"DTSTART:20{n % 50 + 10}1201T100000Z\nSUMMARY:e{n}" for n in range(10_000)]
    assert len(titles(*events)) == 200
    with pytest.raises(ValueError, match="it has 2001 events, more than 2000"):
        titles(*["DTSTART:20261201T100000Z"] * 2001)


@pytest.mark.parametrize(
    ("frequency", "many"), [("SECONDLY", 0), ("MINUTELY", 0), ("HOURLY", 24), ("DAILY", 1)]
)
def test_a_rule_without_an_end_ends_with_the_days_that_are_asked(frequency: str, many: int) -> None:
    rule = f"DTSTART:20200101T000000Z\nRRULE:BYMONTH=1,11,12;FREQ={frequency}\nSUMMARY:x"
    assert len(titles(rule, days=1)) == many
