"""What an owner filled in becomes addresses and headers, and secrets stay where they belong."""

from __future__ import annotations

import pytest

from inkstand.errors import PackError
from inkstand.packs import pack
from inkstand.packs.requests import format_of, hide, requests, resolve

pytestmark = pytest.mark.unit

SECRET = "s3cr&t/key"
TEXT = """\
[pack]
name = "any"
[settings.host]
about = "Where it is"
default = "192.0.2.7:8080"
[settings.area]
about = "Which one"
default = "a b/../c?d&e=ä"
[settings.key]
about = "The key"
type = "secret"
default = ""
[settings.count]
about = "How many"
type = "number"
default = 3
[settings.kind]
about = "Which form"
type = "choice"
choices = ["json", "csv"]
default = "json"
[settings.address]
about = "All of it"
type = "url"
default = ""
[settings.names]
about = "Some"
type = "list"
default = "x, y"
[sources.first]
url = "http://{host}/of/{area}?key={key}&n={count}&in={names}"
headers = {Authorization = "Bearer {key}", Accept = "text/plain"}
max_bytes = 2000
format = "{kind}"
[sources.second]
url = "{address}?n={count}"
[layout]
kind = "space"
"""
PACK = pack.read(TEXT)


def test_settings_are_encoded_where_they_stand_in_an_address() -> None:
    (request,) = requests(PACK, resolve(PACK, {"key": SECRET}))
    assert request.url == (
        "http://192.0.2.7:8080/of/a%20b%2F..%2Fc%3Fd%26e%3D%C3%A4?key=s3cr%26t%2Fkey&n=3&in=x%2Cy"
    )
    assert request.headers == (("Authorization", f"Bearer {SECRET}"), ("Accept", "text/plain"))
    assert (request.source, request.max_bytes) == ("first", 2000)


def test_a_source_whose_address_is_left_empty_is_not_asked() -> None:
    given = {"address": "https://example.com/x"}
    _, request = requests(PACK, resolve(PACK, given))
    assert request.url == "https://example.com/x?n=3"
    assert [it.source for it in requests(PACK, resolve(PACK, {}))] == ["first"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"hst": "x"}, "hst is no setting of any; did you mean host?"),
        ({"count": "many"}, "count has to be a number"),
        ({"count": "inf"}, "count has to be a number"),
        ({"kind": "xml"}, "kind can not be that; there is json and csv"),
        ({"host": 5}, "host has to be a text"),
        ({"area": "x" * 4001}, "area has to be a text of at most 4000 characters"),
        ({"address": "ftp://x/"}, "address has to be an address that begins with http"),
        ({"address": "http://user:pw@x/"}, "address has to be an address"),
        ({"address": "http://[::1"}, "address has to be an address"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(PackError, match="^" + sentence.replace("?", "\\?")):
        resolve(PACK, given)


@pytest.mark.parametrize("host", ["a/b", "a@b", "evil.example#", "a?b", "", "a b", "a:b"])
def test_a_host_is_a_host_and_nothing_more(host: str) -> None:
    with pytest.raises(PackError, match="host has to be the name or address of a host"):
        requests(PACK, resolve(PACK, {"host": host}))


def test_a_header_has_one_line() -> None:
    with pytest.raises(PackError, match="key can not have ends of lines") as caught:
        requests(PACK, resolve(PACK, {"key": f"{SECRET}\r\nHost: x"}))
    assert SECRET not in str(caught.value)


def test_what_is_missing_is_told_with_what_it_is() -> None:
    needed = pack.read(TEXT.replace('default = "192.0.2.7:8080"\n', ""))
    with pytest.raises(PackError, match="host is not set: Where it is"):
        resolve(needed, {})


def test_numbers_and_lists_come_from_texts_too() -> None:
    values = resolve(PACK, {"count": "2.50", "names": ["p", "q"]})
    assert (values["count"], values["names"]) == (2.5, ["p", "q"])
    assert resolve(PACK, {"count": "7"})["count"] == 7


def test_a_format_may_be_a_setting() -> None:
    assert format_of(PACK.sources["first"], resolve(PACK, {"kind": "csv"})) == "csv"


def test_secrets_are_hidden_as_they_are_and_encoded() -> None:
    values = resolve(PACK, {"key": SECRET})
    assert hide(f"GET ?key=s3cr%26t%2Fkey ({SECRET})", PACK, values) == "GET ?key=… (…)"
    (request,) = requests(PACK, values)
    assert "s3cr" not in repr(request)
