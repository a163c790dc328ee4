"""Settings: defaults < file < environment < secret files, checked before anything starts."""

import contextlib
import ipaddress
import json
import re
import ssl
import tomllib
import urllib.parse
import zoneinfo
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from inkstand.errors import ConfigError, FrameError, did_you_mean
from inkstand.frame import frame_length
from inkstand.language import CODES, Language, language_of
from inkstand.playlist import playlist as playlists
from inkstand.playlist import quiet
from inkstand.playlist.playlist import BUILT_IN, Playlist
from inkstand.playlist.quiet import QuietHours
from inkstand.playlist.values import Table, saying, tables
from inkstand.webhooks import targets
from inkstand.webhooks.targets import Target

DEFAULT_FILE = Path("/etc/inkstand/inkstand.toml")
PANEL_DIRECTORY = Path("/run/epd/panel")
PREFIX = "INKSTAND_"
ZONES = Path("/usr/share/zoneinfo")
# These mean the client, which may run where a server runs.
_OF_THE_CLIENT = ("INKSTAND_SERVER", "INKSTAND_TOKEN")
# Read from files as well, like SECRETS, but nobody has to set them.
MAY_HOLD_SECRETS = ("screens", "mqtt_password", "webhooks")
SECRETS = {"password_hash": "inkstand hash-password", "token_secret": "openssl rand -hex 32"}

_PASSWORD_HASH = re.compile(
    r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}"
)
_NO_PLAYLIST = Playlist()
_NEVER_QUIET = QuietHours()
_SECRET_BYTES = 32
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_OF_A_SCREEN = ("name", "pack", "settings", "private", "example")
_SECRET_VARIETY = 8

_MQTT_URL = re.compile(r"mqtts?://([^\s/@:]+@)?(\[[0-9A-Fa-f:.]+\]|[^\s/@:\[\]]+)(:\d{1,5})?/?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"must be text on one line, not {value!r}")
    return value


def _number(value: object, *, low: int, high: int) -> int:
    text = str(value)
    if (
        isinstance(value, bool)
        or not re.fullmatch(r"-?\d{1,9}", text)
        or not low <= int(text) <= high
    ):
        raise ValueError(f"must be a whole number from {low} to {high}, not {value!r}")
    return int(text)


def _path(value: object) -> Path:
    return Path(_text(value))


def _choice(value: object, *, options: tuple[str, ...]) -> str:
    if value not in options:
        raise ValueError(f"must be one of {', '.join(options)}, not {value!r}")
    return str(value)


def _number_of(value: object, *, options: tuple[int, ...]) -> int:
    return int(_choice(str(value), options=tuple(map(str, options))))


def zone_of_today(name: str, zones: Path) -> str:
    """Return what the zone `name` is called now, such as America/Los_Angeles for US/Pacific.

    Debian keeps names of before in a package of their own, which a host may have and the image has
    not; `zones` is the database that tells all of them (zic(8): "L target name"). Empty: there is
    a file of that name, or nothing is known of it.
    """
    if (zones / name).is_file() or not (zones / "tzdata.zi").is_file():
        return ""
    lines = (zones / "tzdata.zi").read_text(encoding="utf-8").splitlines()
    links = (line.split() for line in lines if line.startswith("L "))
    return next((link[1] for link in links if link[2] == name), "")


def _flag(value: object) -> bool:
    """Return the truth value; as text, which an environment variable has, it is true or false."""
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"must be true or false, not {value!r}")
    return str(value).lower() == "true"


def _timezone(value: object) -> zoneinfo.ZoneInfo:
    try:
        name = _text(value)
        return zoneinfo.ZoneInfo(zone_of_today(name, ZONES) or name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        message = f"must be a time zone such as Europe/Stockholm, not {value!r}"
        raise ValueError(message) from None


def _networks(value: object) -> tuple[Network, ...]:
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(items, list):
        raise TypeError(f"must be a list of networks such as 172.18.0.0/16, not {value!r}")
    return tuple(ipaddress.ip_network(str(item)) for item in items)


def _list(value: object, such: str = '[{"days": "daily"}]') -> object:
    """Return a list as it is; an environment variable has it as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        # Nothing is quoted: screens may hold secrets.
        raise ValueError(f"must be a list; as text it is JSON, such as {such}") from None


def _screens(value: object) -> Mapping[str, Mapping[str, object]]:
    """Return the packs that the playlist may name, by what it calls them; settings are secret."""
    screens: dict[str, Mapping[str, object]] = {}
    for number, table in enumerate(tables(_list(value), _OF_A_SCREEN), 1):
        with saying(f"at entry {number}:"):
            name = _screen_name(table.get("name"), screens)
            screens[name] = _screen(table)
    return screens


def _screen_name(value: object, known: Collection[str]) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value) or value in BUILT_IN:
        raise ValueError(
            f"name must be small letters, digits, - and _, such as weather, not {value!r}"
        )
    if value in known:
        raise ValueError(f"there is a screen {value} above; give each another name")
    return value


def _screen(table: Table) -> Mapping[str, object]:
    if not isinstance(table.get("pack"), str):
        raise TypeError("pack must be the name of one, such as weather, or of a file.toml")
    for key in ("private", "example"):
        if not isinstance(table.get(key, False), bool):
            raise TypeError(f"{key} must be true or false")
    if not isinstance(table.get("settings", {}), Mapping):
        raise TypeError("settings must be a table, such as latitude and longitude of the weather")
    return table


def _playlist(value: object) -> Playlist:
    # Which screens there are is another setting: load() looks at their names.
    return playlists.from_values(_list(value))


def _quiet_hours(value: object) -> QuietHours:
    return quiet.from_values(_list(value))


def _password_hash(value: object) -> str:
    # The value is not quoted: it would end up in the log.
    if not isinstance(value, str) or not _PASSWORD_HASH.fullmatch(value):
        raise ValueError(f"is not an argon2id hash; make one with: {SECRETS['password_hash']}")
    return value


def _token_secret(value: object) -> str:
    """Return the keys, one a line, when each of them is good: the first signs, all verify."""
    lines = value.splitlines() if isinstance(value, str) else []
    keys = [line.strip() for line in lines if line.strip()] or [""]
    for key in keys:
        _check_key(key)
    return "\n".join(keys)


def _check_key(key: str) -> None:
    # Nothing is quoted: it would end up in the log.
    if len(key.encode()) < _SECRET_BYTES:
        raise ValueError(
            f"needs {_SECRET_BYTES} bytes or more on each line; "
            f"make one with: {SECRETS['token_secret']}"
        )
    if len(set(key)) < _SECRET_VARIETY:
        raise ValueError(f"is too easy to guess; make one with: {SECRETS['token_secret']}")


def parse_size(value: object) -> tuple[int, int]:
    """Return width and height in pixels of a text such as "264x176".

    Raises:
        ValueError: it is not of that form, or no panel can have that size.
    """
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", str(value))
    if match is None:
        raise ValueError(f"must be WIDTHxHEIGHT such as 264x176, not {value!r}")
    size = (int(match[1]), int(match[2]))
    try:
        frame_length(*size)
    except FrameError as error:
        raise ValueError(f"cannot be {value}: {error}") from error
    return size


def _number_or_none(value: object, *, low: int, high: int) -> int | None:
    return None if value == "" else _number(value, low=low, high=high)


def _url(value: object) -> str:
    if value == "":
        return ""
    text = _text(value)
    if not re.fullmatch(r"https?://[^\s/?#]+(/\S*)?", text):
        raise ValueError(f"must be a URL such as https://mac.example.com, not {value!r}")
    return text


def _plain_url(value: object) -> str:
    text = _url(value)
    if text and not text.startswith("http://"):
        raise ValueError(f"must be a URL such as http://traefik:8080/ca.pem, not {value!r}")
    return text


def _address(value: object) -> tuple[str, int] | None:
    if value == "":
        return None
    match = re.fullmatch(r"\[?([^\s\[\]/]+)\]?:(\d{1,5})", str(value))
    if match is None:
        raise ValueError(f"must be HOST:PORT such as traefik:8443, not {value!r}")
    return match[1], _number(match[2], low=1, high=65535)


def _mqtt_url(value: object) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or not _MQTT_URL.fullmatch(value):
        # It is not quoted: people put passwords into such addresses.
        raise ValueError(
            "must be mqtt://USER@HOST:PORT, or mqtts:// for TLS; a password is a setting of its own"
        )
    if (port := urllib.parse.urlsplit(value).port) is not None:
        _number(port, low=1, high=65535)
    return value


def _short_name(value: object) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(
            f"must be small letters, digits, - and _, at most 32, such as kitchen, not {value!r}"
        )
    return value


def _mqtt_names(value: object) -> tuple[str, ...]:
    items = _list(value, '["kitchens"]')
    if not isinstance(items, list):
        raise TypeError(f"must be a list of names such as kitchens, not {value!r}")
    return tuple(map(_short_name, items))


def _mqtt_topic(value: object) -> str:
    if value == "":
        return ""
    text = _text(value)
    if re.search(r"[+#\s]|^/|/$", text):
        raise ValueError(f"must be a topic such as homeassistant, or nothing, not {value!r}")
    return text


def _password(value: object) -> str:
    # Nothing is quoted: it would end up in the log.
    if not isinstance(value, str) or not (value.isprintable() or not value):
        raise ValueError("must be text on one line")
    return value


def _certificates(value: object) -> str:
    """Return certificates in PEM, "" for none."""
    if value == "":
        return ""
    try:
        ssl.create_default_context(cadata=str(value))
    except (ssl.SSLError, ValueError):
        raise ValueError("must be certificates in PEM: -----BEGIN CERTIFICATE----- …") from None
    return str(value)


def _webhooks(value: object) -> tuple[Target, ...]:
    """Return who is told what happens; secrets and addresses are in no error."""
    such = '[{"name": "home", "url": "https://home.example/hook", "secret": "whsec_..."}]'
    found: dict[str, Target] = {}
    for number, table in enumerate(tables(_list(value, such), targets.KEYS), 1):
        with saying(f"at entry {number}:"):
            with saying("name"):
                name = _short_name(table.get("name"))
            if name in found:
                raise ValueError(f"there is a webhook {name} above; give each another name")
            with saying("ca"):
                ca = _certificates(table.get("ca", ""))
            found[name] = targets.read(name, table, ca)
    if len(found) > targets.MOST:
        raise ValueError(f"must be at most {targets.MOST} webhooks, not {len(found)}")
    return tuple(found.values())


# The annotations are read below, so this file has none of those that stay text.
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the owner may choose. Made by load(), which checks.

    Each is declared here and nowhere else in the app: its type, what reads it from text, TOML or an
    environment variable and says what is wrong with it, and its default.
    """

    app_title: Annotated[str, _text] = "Inkstand"
    listen_host: Annotated[str, _text] = "127.0.0.1"
    listen_port: Annotated[int, partial(_number, low=0, high=65535)] = 8080
    trusted_proxies: Annotated[tuple[Network, ...], _networks] = (
        ipaddress.ip_network("127.0.0.0/8"),
        ipaddress.ip_network("::1/128"),
    )
    metrics_networks: Annotated[tuple[Network, ...], _networks] = tuple(
        ipaddress.ip_network(network)
        for network in (
            *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
            *("::1/128", "fc00::/7", "fe80::/10"),
        )
    )
    timezone: Annotated[zoneinfo.ZoneInfo, _timezone] = field(
        default_factory=lambda: zoneinfo.ZoneInfo("UTC")
    )
    username: Annotated[str, _text] = "owner"
    password_hash: Annotated[str, _password_hash] = field(repr=False)
    token_secret: Annotated[str, _token_secret] = field(repr=False)
    token_lifetime_hours: Annotated[int, partial(_number, low=1, high=87_600)] = 720
    panel: Annotated[str, partial(_choice, options=("epd", "memory"))] = "epd"
    panel_directory: Annotated[Path, _path] = PANEL_DIRECTORY
    panel_size: Annotated[tuple[int, int], parse_size] = (264, 176)
    panel_temperature: Annotated[int | None, partial(_number_or_none, low=-99, high=99)] = None
    full_refresh_minutes: Annotated[int, partial(_number, low=1, high=1440)] = 30
    page_seconds: Annotated[int, partial(_number, low=0, high=86_400)] = 20
    playlist: Annotated[Playlist, _playlist] = _NO_PLAYLIST
    quiet_hours: Annotated[QuietHours, _quiet_hours] = _NEVER_QUIET
    quiet_screen: Annotated[str, partial(_choice, options=("until", "last", "blank"))] = "until"
    screens: Annotated[Mapping[str, Mapping[str, object]], _screens] = field(
        default_factory=dict, repr=False
    )
    packs_directory: Annotated[Path, _path] = Path("/etc/inkstand/packs")
    screens_internet: Annotated[bool, _flag] = True
    button: Annotated[str, partial(_choice, options=("pigpio", "memory", "none"))] = "pigpio"
    pigpiod_host: Annotated[str, _text] = "127.0.0.1"
    pigpiod_port: Annotated[int, partial(_number, low=1, high=65535)] = 8888
    button_gpio: Annotated[int, partial(_number, low=0, high=31)] = 22
    button_pressed_level: Annotated[str, partial(_choice, options=("low", "high"))] = "low"
    button_glitch_filter_us: Annotated[int, partial(_number, low=0, high=300_000)] = 10_000
    button_long_ms: Annotated[int, partial(_number, low=0, high=60_000)] = 800
    button_double_ms: Annotated[int, partial(_number, low=0, high=5_000)] = 300
    time_source: Annotated[str, partial(_choice, options=("none", "timesyncd"))] = "none"
    time_synchronised_file: Annotated[Path, _path] = Path("/run/host-time/synchronized")
    image: Annotated[str, _text] = "none"
    updates_file: Annotated[Path, _path] = Path("/run/host/updates.json")
    public_url: Annotated[str, _url] = ""
    certificate_address: Annotated[tuple[str, int] | None, _address] = None
    authority_url: Annotated[str, _plain_url] = ""
    message_max_length: Annotated[int, partial(_number, low=1, high=100_000)] = 2000
    state_directory: Annotated[Path, _path] = Path("/var/lib/inkstand")
    waiting_max: Annotated[int, partial(_number, low=10, high=1_000_000)] = 1000
    history_days: Annotated[int, partial(_number, low=1, high=36_500)] = 90
    history_max: Annotated[int, partial(_number, low=0, high=1_000_000)] = 10_000
    mqtt_url: Annotated[str, _mqtt_url] = ""
    mqtt_password: Annotated[str, _password] = field(default="", repr=False)
    mqtt_ca: Annotated[str, _certificates] = ""
    mqtt_name: Annotated[str, _short_name] = "inkstand"
    mqtt_groups: Annotated[tuple[str, ...], _mqtt_names] = ()
    mqtt_discovery: Annotated[str, _mqtt_topic] = "homeassistant"
    webhooks: Annotated[tuple[Target, ...], _webhooks] = field(default=(), repr=False)
    log_level: Annotated[str, partial(_choice, options=("debug", "info", "warning", "error"))] = (
        "info"
    )
    language: Annotated[str, partial(_choice, options=CODES)] = "en"
    hour_cycle: Annotated[int, partial(_number_of, options=(24, 12))] = 24
    rotation: Annotated[int, partial(_number_of, options=(0, 90, 180, 270))] = 0
    clock: Annotated[str, partial(_choice, options=("time", "date"))] = "time"

    @property
    def language_of_glass(self) -> Language:
        """The language that is shown, and how it tells the time."""
        return language_of(self.language, self.hour_cycle)


_PARSERS: Mapping[str, Callable[[object], Any]] = {
    name: declared.__metadata__[0] for name, declared in Settings.__annotations__.items()
}


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of the file at `path` (None: the default one, if any) and `environment`.

    Raises:
        ConfigError: a setting is missing, unknown, weak or of the wrong form; the text names it.
    """
    values = {**_from_file(path), **_from_environment(environment)}
    _require_secrets(values)
    _require_screens(values)
    return Settings(**values)


def parse(name: str, value: object) -> Any:
    """Return what load() makes of `value` for the setting `name`.

    Raises:
        ValueError, TypeError: it is wrong; the sentence goes on after the name.
    """
    return _PARSERS[name](value)


def default(name: str) -> Any:
    """Return the default of the setting `name`, which has one."""
    (declared,) = (each for each in fields(Settings) if each.name == name)
    if declared.default_factory is MISSING:
        return declared.default
    return declared.default_factory()


def panel_directory(path: Path | None, environment: Mapping[str, str]) -> Path:
    """Return the directory of the panel, as far as the settings can be read that far."""
    name, value = "panel_directory", ""
    with contextlib.suppress(ConfigError):
        value = str(_read_toml(path or DEFAULT_FILE).get(name, ""))
    value = environment.get(f"{PREFIX}{name.upper()}", value)
    return Path(value) if value else PANEL_DIRECTORY


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None and not DEFAULT_FILE.exists():
        return {}
    path = path or DEFAULT_FILE
    return {key: _parse(key, value, str(path)) for key, value in _read_toml(path).items()}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    ours = {
        key: value
        for key, value in environment.items()
        if key.startswith(PREFIX) and key not in _OF_THE_CLIENT
    }
    files = {f"{PREFIX}{name.upper()}_FILE": name for name in (*SECRETS, *MAY_HOLD_SECRETS)}
    plain = {key: value for key, value in ours.items() if key not in files}
    values = {_name_of(key): _parse(_name_of(key), value, key) for key, value in plain.items()}
    secrets = {
        name: _parse(name, _read_secret(key, ours[key]), ours[key])
        for key, name in files.items()
        if key in ours
    }
    return {**values, **secrets}


def _name_of(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"cannot read {path} ({variable}): {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} ({variable}) is not text in UTF-8") from error


def _parse(name: str, value: object, source: str) -> object:
    parser = _PARSERS.get(name)
    if parser is None:
        raise ConfigError(f"unknown setting {name} in {source}{did_you_mean(name, _PARSERS)}")
    try:
        return parser(value)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{name} in {source} {error}") from error


def _require_secrets(values: Mapping[str, object]) -> None:
    for name, command in SECRETS.items():
        if name not in values:
            raise ConfigError(f"{name} is not set and has no default; make one with: {command}")


def _require_screens(values: Mapping[str, Any]) -> None:
    playlist, screens = values.get("playlist", _NO_PLAYLIST), values.get("screens", ())
    for sentence in playlists.unknown_screens(playlist, screens):
        raise ConfigError(f"playlist {sentence}")


def names() -> tuple[str, ...]:
    """Return the names of all settings, in the order of their declaration."""
    return tuple(_PARSERS)
