"""Settings and where they come from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from inkstand import config
from inkstand.config import Settings, load, zone_of_today
from inkstand.playlist.hours import EVERY_DAY, Hours
from inkstand.playlist.playlist import Entry, Playlist
from inkstand.playlist.quiet import QuietHours

if TYPE_CHECKING:
    from pathlib import Path

from inkstand.errors import ConfigError

pytestmark = pytest.mark.unit
SECRET = "0123456789abcdef" * 2


@pytest.fixture
def environment(password_hash: str) -> dict[str, str]:
    """What is needed at least."""
    return {"INKSTAND_PASSWORD_HASH": password_hash, "INKSTAND_TOKEN_SECRET": SECRET, "HOME": "/"}


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "inkstand.toml"


def test_only_the_secrets_have_no_default(environment: dict[str, str]) -> None:
    settings = load(None, environment)
    assert settings == Settings(
        password_hash=environment["INKSTAND_PASSWORD_HASH"], token_secret=SECRET
    )
    assert (settings.listen_host, settings.listen_port) == ("127.0.0.1", 8080)


def test_the_file_beats_the_default_and_the_environment_the_file(
    environment: dict[str, str], toml: Path
) -> None:
    toml.write_text('app_title = "One # two"\nlisten_port = 81\nbutton_gpio = 4\n')
    settings = load(toml, {**environment, "INKSTAND_LISTEN_PORT": "82"})
    assert (settings.app_title, settings.listen_port, settings.button_gpio) == ("One # two", 82, 4)


def test_a_secret_file_beats_the_environment(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("another secret of thirty-two bytes\n")
    settings = load(None, {**environment, "INKSTAND_TOKEN_SECRET_FILE": str(path)})
    assert settings.token_secret == "another secret of thirty-two bytes"


def test_every_setting_can_come_from_the_environment(environment: dict[str, str]) -> None:
    values = {
        "panel_size": "200x96",
        "panel_directory": "/dev/epd",
        "trusted_proxies": "10.0.0.0/8, ::1/128",
        "timezone": "Europe/Stockholm",
        "log_level": "debug",
        "button": "none",
        "panel": "memory",
    }
    upper = {f"INKSTAND_{key.upper()}": value for key, value in values.items()}
    settings = load(None, {**environment, **upper})
    assert settings.panel_size == (200, 96)
    assert str(settings.panel_directory) == "/dev/epd"
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.timezone.key == "Europe/Stockholm"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("panel_temperature", "", None),
        ("panel_temperature", "-5", -5),
        ("public_url", "", ""),
        ("public_url", "https://mac.example.com/", "https://mac.example.com/"),
        ("certificate_address", "", None),
        ("certificate_address", "traefik:8443", ("traefik", 8443)),
        ("certificate_address", "[::1]:443", ("::1", 443)),
        ("authority_url", "", ""),
        (
            "authority_url",
            "http://traefik:8080/ca.pem",
            "http://traefik:8080/ca.pem",
        ),
    ],
)
def test_what_may_be_empty_is_nothing_then(
    environment: dict[str, str], name: str, text: str, value: object
) -> None:
    settings = load(None, {**environment, f"INKSTAND_{name.upper()}": text})
    assert getattr(settings, name) == value


NIGHT = {"from": "22:30", "to": "07:00"}


def test_a_list_of_tables_is_one_in_the_file_and_json_in_the_environment(
    environment: dict[str, str], toml: Path
) -> None:
    toml.write_text(
        'quiet_hours = [{from = "22:30", to = "07:00"}]\n'
        '[[playlist]]\nscreen = "clock"\nminutes = 5\ndays = "sat,sun"\n'
    )
    of_file = load(toml, environment)
    as_json = {
        "INKSTAND_QUIET_HOURS": json.dumps([NIGHT]),
        "INKSTAND_PLAYLIST": '[{"screen": "clock", "minutes": 5, "days": "sat,sun"}]',
    }
    assert load(None, {**environment, **as_json}) == of_file
    assert of_file.playlist == Playlist((Entry("clock", 5, Hours(frozenset({5, 6}))),))
    assert of_file.quiet_hours == QuietHours((Hours(EVERY_DAY, 1350, 420),))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "QUIET_HOURS",
            "22:30-07:00",
            "quiet_hours in .* must be a list; as text it is JSON",
        ),
        (
            "QUIET_HOURS",
            "[" * 100_000,
            "quiet_hours in .* must be a list; as text it is JSON",
        ),
        (
            "QUIET_HOURS",
            '[{"from": "22:30"}]',
            "quiet_hours in .* at entry 1: from is there with",
        ),
        ("QUIET_SCREEN", "off", "quiet_screen in .* must be one of until, last, blank, not 'off'"),
        ("PLAYLIST", "7", "playlist in .* must be a list of entries of screen, minutes, days"),
        (
            "PLAYLIST",
            '[{"screen": "clok"}]',
            "playlist at entry 1: there is no screen clok; did",
        ),
        (
            "PLAYLIST",
            '[{"screen": "x", "minutes": 0}]',
            "playlist in .* at entry 1: minutes must",
        ),
    ],
)
def test_a_wrong_list_is_told_by_its_entry(
    environment: dict[str, str], name: str, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load(None, {**environment, f"INKSTAND_{name}": text})


def test_the_secrets_are_not_shown(environment: dict[str, str]) -> None:
    shown = repr(load(None, environment))
    assert SECRET not in shown
    assert "argon2id" not in shown


@pytest.mark.parametrize(
    ("missing", "command"),
    [("PASSWORD_HASH", "inkstand hash-password"), ("TOKEN_SECRET", "openssl rand -hex 32")],
)
def test_a_missing_secret_is_named_with_the_command_that_makes_one(
    environment: dict[str, str], missing: str, command: str
) -> None:
    del environment[f"INKSTAND_{missing}"]
    with pytest.raises(ConfigError, match=f"{missing.lower()} is not set.*{command}"):
        load(None, environment)


@pytest.mark.parametrize(
    "weak",
    [
        "secret",
        "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
        "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hvZjE2Ynl0ZXM",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
    ],
)
def test_a_password_or_another_hash_is_refused_and_not_repeated(
    environment: dict[str, str], weak: str
) -> None:
    with pytest.raises(ConfigError, match=r"not an argon2id hash.*hash-password") as caught:
        load(None, {**environment, "INKSTAND_PASSWORD_HASH": weak})
    assert weak not in str(caught.value)


STRONG = "0123456789abcdef" * 2


def test_a_token_secret_may_hold_several_keys_one_a_line(environment: dict[str, str]) -> None:
    keys = f"\n {STRONG} \r\n\n{STRONG[::-1]}\n"
    settings = load(None, {**environment, "INKSTAND_TOKEN_SECRET": keys})
    assert settings.token_secret == f"{STRONG}\n{STRONG[::-1]}"


@pytest.mark.parametrize(
    "weak",
    ["short", "", "\n", "a" * 64, "ab" * 32, f"{STRONG}\nshort", f"{STRONG}\n{'a' * 64}"],
)
def test_a_weak_token_secret_is_refused(environment: dict[str, str], weak: str) -> None:
    with pytest.raises(ConfigError, match="openssl rand -hex 32") as caught:
        load(None, {**environment, "INKSTAND_TOKEN_SECRET": weak})
    assert STRONG not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("listen_port", "http", "whole number from 0 to 65535, not 'http'"),
        ("listen_port", "70000", "whole number"),
        ("button_gpio", "32", "whole number"),
        ("panel_temperature", "warm", "whole number from -99 to 99"),
        ("public_url", "mac.example.com", "URL such as https://mac.example.com"),
        (
            "certificate_address",
            "traefik",
            "HOST:PORT such as traefik:8443, not 'traefik'",
        ),
        ("certificate_address", "traefik:0", "whole number from 1 to 65535"),
        (
            "authority_url",
            "https://traefik/ca.pem",
            "URL such as http://traefik:8080/ca.pem",
        ),
        ("time_source", "moon", "one of none, timesyncd"),
        ("timezone", "Mars/Olympus", "time zone such as Europe/Stockholm, not 'Mars/Olympus'"),
        ("timezone", "../../etc/passwd", "time zone"),
        ("panel", "eink", "one of epd, memory, not 'eink'"),
        ("panel_size", "264", "WIDTHxHEIGHT"),
        ("panel_size", "265x176", "width must be"),
        ("app_title", " ", "text on one line"),
        ("username", "a\nb", "text on one line"),
        ("trusted_proxies", "traefik", "traefik"),
        ("message_max_length", "0", "whole number"),
    ],
)
def test_a_wrong_value_is_named_with_its_source(
    environment: dict[str, str], name: str, value: str, words: str
) -> None:
    variable = f"INKSTAND_{name.upper()}"
    with pytest.raises(ConfigError, match=f"{name} in {variable} .*{words}"):
        load(None, {**environment, variable: value})


@pytest.mark.parametrize("text", ["listen_port = true", "app_title = 7", "timezone = []"])
def test_a_value_of_another_type_is_refused(
    environment: dict[str, str], toml: Path, text: str
) -> None:
    toml.write_text(text)
    with pytest.raises(ConfigError, match=f"{text.split(maxsplit=1)[0]} in .*toml must be"):
        load(toml, environment)


def test_an_unknown_setting_names_the_nearest(environment: dict[str, str], toml: Path) -> None:
    toml.write_text("listen_prot = 80")
    with pytest.raises(ConfigError, match=r"listen_prot .* did you mean listen_port"):
        load(toml, environment)
    with pytest.raises(ConfigError, match="did you mean panel_directory"):
        load(None, {**environment, "INKSTAND_PANEL_DIR": "/dev/epd"})


@pytest.mark.parametrize("content", [b"listen_port = ", b"\xff"])
def test_a_file_that_is_no_toml_is_named(
    environment: dict[str, str], toml: Path, content: bytes
) -> None:
    toml.write_bytes(content)
    with pytest.raises(ConfigError, match=r"inkstand.toml is not TOML"):
        load(toml, environment)


def test_a_file_that_is_not_there_is_named(environment: dict[str, str], toml: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*inkstand.toml: No such file"):
        load(toml, environment)
    with pytest.raises(ConfigError, match=r"INKSTAND_TOKEN_SECRET_FILE.*No such file"):
        load(None, {**environment, "INKSTAND_TOKEN_SECRET_FILE": str(toml)})


def test_a_zone_that_was_renamed_is_known_by_its_name_of_before(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Stockholm").write_bytes(b"TZif")
    database = (
        "# version 2026b\nL America/Los_Angeles US/Pacific\nL Europe/Berlin Europe/Stockholm\n"
    )
    (tmp_path / "tzdata.zi").write_text(database)
    assert zone_of_today("US/Pacific", tmp_path) == "America/Los_Angeles"
    assert zone_of_today("Europe/Stockholm", tmp_path) == ""
    assert zone_of_today("Europe/Atlantis", tmp_path) == ""
    assert zone_of_today("US/Pacific", tmp_path / "Europe") == ""
    (tmp_path / "tzdata.zi").write_text("L Europe/Berlin Of/Before\n")
    monkeypatch.setattr(config, "ZONES", tmp_path)
    settings = load(None, {**environment, "INKSTAND_TIMEZONE": "Of/Before"})
    assert str(settings.timezone) == "Europe/Berlin"


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK = {"name": "home", "url": "https://home.example/hook?key=53cr3t", "secret": SECRET}


def test_webhooks_are_read_with_what_they_leave_out(environment: dict[str, str]) -> None:
    tables = [WEBHOOK, {**WEBHOOK, "name": "garden", "events": ["read", "read"], "private": True}]
    settings = load(None, {**environment, "INKSTAND_WEBHOOKS": json.dumps(tables)})
    home, garden = settings.webhooks
    assert (home.name, home.host, home.private, home.ca) == ("home", "home.example", False, "")
    assert home.events == ("shown", "read", "expired", "button", "panel")
    assert (garden.events, garden.private, len(garden.secret)) == (("read",), True, 24)
    assert "53cr3t" not in repr(settings)
    assert "MfKQ9" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": "http://home.example/53cr3t"}, "entry 2: url must be an address such as https:"),
        ({"url": "https://john:53cr3t@home.example/"}, "url cannot be used: a URL must not have"),
        ({"secret": "whsec_53cr3t"}, "secret must be whsec_ and 24 to 64 random bytes in base64"),
        ({"secret": f"whsec_{'AAAA' * 8}"}, "make one with: echo"),
        ({"name": "home"}, "there is a webhook home above; give each another name"),
        ({"name": "Home"}, "name must be small letters"),
        ({"events": ["53cr3t"]}, "events must be a list of some of shown, read, expired, button"),
        ({"events": []}, "events must be a list"),
        ({"events": "read"}, "events must be a list"),
        ({"private": 1}, "private must be true or false"),
        ({"ca": "53cr3t"}, "ca must be certificates in PEM"),
        ({"colour": "53cr3t"}, "colour means nothing there"),
    ],
)
def test_a_webhook_that_is_wrong_is_refused_and_nothing_secret_told(
    environment: dict[str, str], change: dict[str, object], sentence: str
) -> None:
    tables = [WEBHOOK, {**WEBHOOK, "name": "garden", **change}]
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        load(None, {**environment, "INKSTAND_WEBHOOKS": json.dumps(tables)})
    assert "53cr3t" not in str(caught.value)


def test_there_are_at_most_ten_webhooks(environment: dict[str, str]) -> None:
    tables = [{**WEBHOOK, "name": f"home-{number}"} for number in range(11)]
    load(None, {**environment, "INKSTAND_WEBHOOKS": json.dumps(tables[:10])})
    with pytest.raises(ConfigError, match="at most 10 webhooks, not 11"):
        load(None, {**environment, "INKSTAND_WEBHOOKS": json.dumps(tables)})


@pytest.mark.parametrize(
    "text",
    [
        "53cr3t",
        '"53cr3t"',
        '["53cr3t"]',
        '[{"name": "power", "pack": 1, "settings": "53cr3t"}]',
        '[{"name": "power", "pack": "power.toml", "settings": "53cr3t"}]',
    ],
)
def test_nothing_of_a_screen_that_is_wrong_is_told(
    environment: dict[str, str], tmp_path: Path, text: str
) -> None:
    """What is filled in may be secret, and what is told ends up in a log."""
    (tmp_path / "screens").write_text(text)
    given = {**environment, "INKSTAND_SCREENS_FILE": str(tmp_path / "screens")}
    with pytest.raises(ConfigError) as caught:
        load(None, given)
    assert "53cr3t" not in str(caught.value)
