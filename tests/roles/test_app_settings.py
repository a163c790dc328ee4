"""What the role says of a setting of the app, and what the app says of it, are the same."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inkstand import config
from inkstand.config import Settings, load
from inkstand.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from virtual_pi import testing

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "app"
PLACES = ("defaults", "vars")
SECRETS = {
    "INKSTAND_PASSWORD_HASH": f"$argon2id$v=19$m=19456,t=2,p=1${'c2FsdHNhbHQ' * 2}${'aGFz' * 8}",
    "INKSTAND_TOKEN_SECRET": "0123456789abcdef" * 2,
}
# Where the app finds pigpiod in containers, and without.
OTHER_DEFAULT = {"pigpiod_host"}


def certificate() -> str:
    """Return a certificate in PEM, which has several lines."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    signed = (
        builder.not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode()


CERTIFICATE = certificate()
# What breaks careless templates.
TEXT = "Küche #2: \"Mac\" $HOME 'x' \\"
OTHER_VALUES = {
    "app_authority_url": "http://other/ca.pem",
    "app_certificate_address": "other:443",
    "app_mqtt_ca": CERTIFICATE,
    "app_mqtt_discovery": "ha",
    "app_mqtt_groups": ["kitchens", "everywhere"],
    "app_mqtt_name": "kitchen",
    "app_mqtt_url": "mqtts://ada@[fd00::1]:8884",
    "app_panel_directory": "/run/glass/e-paper/panel",
    "app_panel_temperature": "-5",
    "app_playlist": [
        {"screen": "clock", "minutes": "5", "days": None},
        {"screen": "clock", "minutes": 1440, "days": "sat,sun", "from": "22:30", "to": "07:00"},
    ],
    "app_public_url": "https://mac.example.org/",
    "app_quiet_hours": [{"days": "mon-fri"}, {"from": "22:30", "to": "24:00"}],
    "app_state_directory": "/srv/messages",
    "app_time_source": "none",
    "app_timezone": "Asia/Kathmandu",
    "app_webhooks": [],
}


def read(file: str) -> Any:
    return yaml.safe_load((ROLE / file).read_text(encoding="utf-8"))


OPTIONS: dict[str, dict[str, Any]] = read("meta/argument_specs.yml")["argument_specs"]["main"][
    "options"
]
SETTINGS = sorted(set(OPTIONS) - set(read("vars/main.yml")["__app_apart"]))


@pytest.fixture(scope="module")
def plugin(load: Any) -> ModuleType:
    module: ModuleType = load("plugins/action/check_settings.py")
    return module


def understood(name: str, value: object) -> object:
    """Return what the app makes of the value of a variable of the role."""
    key = name.removeprefix("app_")
    text = json.dumps(value) if isinstance(value, list) else str(value)
    return getattr(load(None, {**SECRETS, f"INKSTAND_{key.upper()}": text}), key)


@pytest.mark.unit
def test_every_variable_of_the_role_is_a_setting_of_the_app_or_stands_apart() -> None:
    assert {name.removeprefix("app_") for name in SETTINGS} - set(config.names()) == set()
    assert set(read("vars/main.yml")["__app_apart"]) - set(OPTIONS) == set()


@pytest.mark.unit
def test_a_setting_that_is_no_variable_of_the_role_stands_in_the_readme_of_the_app() -> None:
    readme = (ROOT / "images" / "app" / "README.md").read_text(encoding="utf-8")
    there = {name for name in config.names() if f"| `{name}` |" in readme}
    same = {name.removeprefix("app_") for name in SETTINGS} - OTHER_DEFAULT
    assert there == set(config.names()) - same


@pytest.mark.unit
@pytest.mark.parametrize("name", SETTINGS)
def test_the_defaults_are_the_same(name: str) -> None:
    key = name.removeprefix("app_")
    (field,) = (field for field in dataclasses.fields(Settings) if field.name == key)
    assert (understood(name, OPTIONS[name]["default"]) == field.default) is not (
        key in OTHER_DEFAULT
    )


@pytest.mark.unit
@pytest.mark.parametrize("name", SETTINGS)
def test_the_types_and_ranges_are_the_same(plugin: ModuleType, name: str) -> None:
    key, option = name.removeprefix("app_"), OPTIONS[name]
    limits = plugin.bounds(option)
    declared = Settings.__annotations__[key].__origin__
    assert (declared is int) == (option["type"] == "int")
    is_counted = declared in (int, int | None) and "choices" not in option
    assert is_counted == (limits is not None)
    for choice in option.get("choices", limits or []):
        assert understood(name, choice) == choice
    for beyond in (limits[0] - 1, limits[1] + 1) if limits else ["\n"]:
        with pytest.raises(ConfigError, match=key):
            understood(name, beyond)


@pytest.mark.integration
def test_every_variable_reaches_the_app_by_its_file(
    plugin: ModuleType, play_here: Callable[..., testing.Run], tmp_path: Path
) -> None:
    values = {name: other_value(plugin, name) for name in OPTIONS}
    told = {"src": str(ROLE / "templates" / "inkstand.toml.j2"), "mode": "0600"}
    tasks: list[dict[str, Any]] = [
        *({"ansible.builtin.include_vars": str(ROLE / place / "main.yml")} for place in PLACES),
        {"ansible.builtin.template": {**told, "dest": str(tmp_path / "inkstand.toml")}},
    ]
    done = play_here(tasks, **values, role_path=str(ROLE))
    assert done.status == 0, done.output
    settings = load(tmp_path / "inkstand.toml", SECRETS)
    arrived = {name: getattr(settings, name.removeprefix("app_")) for name in SETTINGS}
    assert arrived == {name: understood(name, values[name]) for name in SETTINGS}
    assert (settings.app_title, settings.mqtt_name) == (TEXT, "kitchen")
    assert (str(settings.timezone), settings.time_source) == ("Asia/Kathmandu", "none")
    assert (settings.listen_host, settings.panel) == ("0.0.0.0", "epd")
    assert str(settings.state_directory) == "/var/lib/inkstand"


def other_value(plugin: ModuleType, name: str) -> object:
    """Return a good value that is not the default, as text where -e would give text."""
    option = OPTIONS[name]
    if name in OTHER_VALUES:
        return OTHER_VALUES[name]
    if limits := plugin.bounds(option):
        return str(limits[1])
    if option["type"] == "bool":
        return not option["default"]
    return next((c for c in option.get("choices", [TEXT]) if c != option.get("default")), TEXT)


@pytest.mark.unit
@pytest.mark.parametrize("name", ["app_playlist", "app_quiet_hours"])
def test_days_and_times_have_the_form_that_the_app_takes(plugin: ModuleType, name: str) -> None:
    others = {"screen": "clock"} if name == "app_playlist" else {}
    for days in ("daily", "mon", "Fri - mon", "sat,sun", "monday", "mon-", "mon,", "", "-"):
        told = list(plugin.check_value(name, [value := {**others, "days": days}], OPTIONS[name]))
        assert bool(told) is refused(name, [value]), days
    for to in ("00:00", "7:05", "24:00", "23:59", "24:01", "7", "12:60", "07:00:00", ""):
        value = {**others, "from": "12:00", "to": to}
        told = list(plugin.check_value(name, [value], OPTIONS[name]))
        assert bool(told) is refused(name, [value]), to


RANDOM = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK = {"name": "home", "url": "https://home.example/hook", "secret": f"whsec_{RANDOM}"}


@pytest.mark.unit
@pytest.mark.parametrize(
    "change",
    [
        *({"url": url} for url in ("http://home.example/", "home.example", "https://a@b/", 5)),
        {"url": "https://home.example:8443/hook?key=x"},
        *({"secret": text} for text in ("", "whsec_", f"whsec_{RANDOM[4:]}", RANDOM)),
        *({"secret": f"whsec_{RANDOM * 3}"[:length]} for length in (90, 94, 91)),
        *({"secret": f"whsec_{RANDOM}{end}"} for end in ("ab3=", "ab==", "a===", "ab*=")),
        *({"name": name} for name in ("Home", "a" * 33, "a-1")),
        *({"events": events} for events in (["read", "panel"], ["seen"], "read")),
        {"private": "perhaps"},
        {"private": True},
        {"colour": 1},
        *({key: None} for key in ("name", "url", "secret", "events", "private", "ca")),
    ],
    ids=str,
)
def test_a_webhook_is_refused_before_the_pi_is_asked_as_the_app_refuses_it(
    plugin: ModuleType, change: dict[str, Any]
) -> None:
    value = [{**WEBHOOK, **change}]
    told = list(plugin.check_value("app_webhooks", value, OPTIONS["app_webhooks"]))
    assert bool(told) is refused("app_webhooks", value)
    assert RANDOM not in str(told)


def refused(name: str, value: object) -> bool:
    try:
        understood(name, value)
    except ConfigError:
        return True
    return False
