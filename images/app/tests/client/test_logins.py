"""Logins are kept where XDG says, for nobody else to read, and found by a few letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkstand.client.errors import ClientError, MisusedError, NotLoggedInError
from inkstand.client.logins import Login, Logins, choose, config_file, origin

pytestmark = pytest.mark.unit
MAC = Login("https://mac.example.com", "john", "secret-of-mac")
ATTIC = Login("https://attic.example.com:8443", "john", "secret-of-attic", "PEM")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mac.example.com", "https://mac.example.com"),
        ("https://mac.example.com/", "https://mac.example.com"),
        ("https://Mac.Example.com/#history", "https://mac.example.com"),
        ("mac.example.com:8443", "https://mac.example.com:8443"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("[fd00::1]", "https://[fd00::1]"),
    ],
)
def test_a_server_is_named_as_people_copy_it(text: str, expected: str) -> None:
    assert origin(text) == expected


@pytest.mark.parametrize(
    "text", ["", "https://", "ftp://mac", "https://john:pw@mac", "https://mac:port", "https://[::1"]
)
def test_what_names_no_server_is_refused(text: str) -> None:
    with pytest.raises(MisusedError):
        origin(text)


def test_a_password_does_not_travel_in_the_clear() -> None:
    with pytest.raises(MisusedError, match=r"use https://mac\.example\.com$"):
        origin("http://mac.example.com")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "/home/john/.config/inkstand/logins.json"),
        ({"XDG_CONFIG_HOME": "/x"}, "/x/inkstand/logins.json"),
        ({"XDG_CONFIG_HOME": ""}, "/home/john/.config/inkstand/logins.json"),
        ({"XDG_CONFIG_HOME": "relative"}, "/home/john/.config/inkstand/logins.json"),
    ],
)
def test_the_file_is_where_xdg_says(environment: dict[str, str], expected: str) -> None:
    assert config_file(environment, Path("/home/john")) == Path(expected)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, MAC),
        ("https://attic.example.com:8443", ATTIC),
        ("attic.example.com:8443", ATTIC),
        ("attic", ATTIC),
        ("mac", MAC),
    ],
)
def test_a_login_is_found_by_its_url_or_the_beginning_of_its_name(
    wanted: str | None, expected: Login
) -> None:
    assert choose([MAC, ATTIC], wanted) == expected


def test_a_name_that_is_whole_is_not_taken_for_the_beginning_of_another() -> None:
    longer = Login("https://mac.example.com.au", "john", "t")
    assert choose([longer, MAC], "mac.example.com") == MAC
    with pytest.raises(MisusedError, match="may be any of https://mac"):
        choose([longer, MAC], "mac")


def test_who_is_not_logged_in_is_told_how() -> None:
    with pytest.raises(NotLoggedInError, match=r"run: inkstand login URL$"):
        choose([], None)
    with pytest.raises(NotLoggedInError, match=r"only at https://mac.*run: inkstand login attic$"):
        choose([MAC], "attic")


def test_the_latest_login_comes_first_and_replaces_an_older_one(tmp_path: Path) -> None:
    logins = Logins(tmp_path / "a" / "inkstand" / "logins.json")
    assert logins.all() == ()
    newer = Login(MAC.url, "john", "newer")
    for login in (MAC, ATTIC, newer):
        logins.save(login)
    assert logins.all() == (newer, ATTIC)
    logins.remove(MAC.url)
    assert logins.all() == (ATTIC,)


def test_nobody_else_can_read_the_file_or_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "inkstand" / "logins.json"
    path.parent.mkdir(mode=0o755)
    Logins(path).save(MAC)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "logins.json"
    Logins(path).save(MAC)
    path.chmod(0o640)
    with pytest.raises(ClientError, match=r"others can read .*; run: chmod 600 .*logins\.json"):
        Logins(path).all()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"logins": [{"url": 1}]}', '{"logins": [7]}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "logins.json"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(ClientError, match=r"logins\.json is damaged"):
        Logins(path).all()


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClientError, match=r"cannot read .*logins.json: Not a directory"):
        Logins(tmp_path / "file" / "logins.json").save(MAC)


def test_a_token_is_not_part_of_what_is_logged() -> None:
    assert "secret-of-attic" not in repr(ATTIC)
    assert "PEM" not in repr(ATTIC)
