"""A slip in the settings ends a run before it begins, with a sentence that an owner understands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ansible_collections  # type: ignore[import-untyped]
import pytest
import yaml

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
HASH = f"$argon2id$v=19$m=19456,t=2,p=1${'c2FsdHNhbHQ' * 2}${'aGFzaGhhc2g' * 3}"
# Another ansible-core finds the collections of this one.
COLLECTIONS = {"ANSIBLE_COLLECTIONS_PATH": str(Path(ansible_collections.__path__[0]).parent)}
SECONDS = {"type": "int", "description": ["How long.", "From 0 to 86400."]}
GPIOS = {"type": "list", "elements": "int", "description": ["Which.", "From 0 to 31."]}
CELSIUS = {"type": "str", "description": ["How warm.", "From -99 to 99."]}
DAYS = {"type": "str", "description": ["x", "Days such as daily, mon, sat,sun or fri-mon."]}
TIME = {"type": "str", "description": ["When.", 'A time between quotes such as "22:30".']}
MQTT_URL = {
    "description": ["x", "An address such as mqtt://inkstand@192.168.1.5, or mqtts:// for TLS."]
}
ENTRIES = {"type": "list", "elements": "dict", "options": {"from": TIME, "minutes": SECONDS}}
GOOD = {"traefik_host": "mac.example.com", "app_password_hash": HASH}


@pytest.mark.unit
def test_a_date_without_quotes_is_text(check_settings: Any) -> None:
    told = yaml.safe_load("inkstand_images_as_of: 2026-11-29")["inkstand_images_as_of"]
    assert list(check_settings.check_value("x", told, {"type": "str"})) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("value", "option", "sentence"),
    [
        ("SPI", {"type": "str", "choices": ["spi"]}, 'x is text, "SPI"; it must be one of spi.'),
        (240, {"type": "str"}, "x is a number, 240; it must be text: put it between quotes."),
        (["a"], {"type": "str"}, 'x is a list, ["a"]; it must be text.'),
        (None, {"type": "str"}, "x is empty; it must be text."),
        (True, {"type": "int"}, "x is a truth value, true; it must be a whole number."),
        ("many", {"type": "int"}, 'x is text, "many"; it must be a whole number.'),
        (1.5, {"type": "int"}, "x is a number, 1.5; it must be a whole number."),
        ("long", {"type": "float"}, 'x is text, "long"; it must be a number.'),
        ("perhaps", {"type": "bool"}, 'x is text, "perhaps"; it must be true or false.'),
        ("a", {"type": "list"}, 'x is text, "a"; it must be a list, for example  [first, second].'),
        (["a"], {"type": "dict"}, "it must be a dictionary, for example  {name: value}."),
        (90000, SECONDS, "x is a number, 90000; it must be from 0 to 86400."),
        ("-1", SECONDS, 'x is text, "-1"; it must be from 0 to 86400.'),
        ([22, 32], GPIOS, "x, entry 2, is a number, 32; it must be from 0 to 31."),
        ("hot", CELSIUS, 'x is text, "hot"; it must be empty or a whole number from -99 to 99.'),
        ("100", CELSIUS, 'x is text, "100"; it must be empty or a whole number from -99 to 99.'),
        (
            [1, "b"],
            {"type": "list", "elements": "int"},
            'x, entry 2, is text, "b"; it must be a whole number.',
        ),
        (
            [{"path": "/a"}],
            {"type": "list", "elements": "dict", "options": {"path": {}, "image": {"required": 1}}},
            "x, entry 1 lacks image.",
        ),
        (
            "monday",
            DAYS,
            'x is text, "monday"; it must be days such as daily, mon, sat,sun or fri-',
        ),
        ("mon,", DAYS, 'x is text, "mon,"; it must be days such as daily'),
        ("24:01", TIME, 'x is text, "24:01"; it must be a time between quotes such as "22:30".'),
        ("broker", MQTT_URL, 'x is text, "broker"; it must be an address such as mqtt://inkstand@'),
        ("mqtt://ada:secret@broker", MQTT_URL, "it must be an address such as mqtt://inkstand@"),
        (1350, TIME, "x is a number, 1350; it must be text: put it between quotes."),
        (
            [{"from": 1350}],
            ENTRIES,
            "from of x, entry 1 is a number, 1350; it must be text: put it between quotes.",
        ),
        (
            [{}, {"minutes": -1}],
            ENTRIES,
            "minutes of x, entry 2 is a number, -1; it must be from 0 to 86400.",
        ),
        (
            ["red", "gren"],
            {"type": "list", "elements": "str", "choices": ["red", "green"]},
            'x, entry 2, is text, "gren"; it must be one of red, green. Did you mean green?',
        ),
        (
            [{"form": "22:30"}],
            ENTRIES,
            "x, entry 1 has form, which means nothing there. Did you mean from?",
        ),
        (
            {"pth": "/a"},
            {"type": "dict", "options": {"path": {}}},
            "x has pth, which means nothing there. Did you mean path?",
        ),
    ],
)
def test_a_value_that_is_wrong_is_told_by_its_name_by_what_it_is_and_by_what_it_should_be(
    check_settings: Any, value: object, option: dict[str, Any], sentence: str
) -> None:
    (told,) = check_settings.check_value("x", value, option)
    assert sentence in told


@pytest.mark.unit
@pytest.mark.parametrize(
    ("value", "option"),
    [
        ("7", {"type": "int"}),
        ("yes", {"type": "bool"}),
        (2.7, {"type": "str", "choices": ["2.7"]}),
        (30, {"type": "float"}),
        (0, SECONDS),
        ("86400", SECONDS),
        (["0", 31], GPIOS),
        ("", CELSIUS),
        ("-99", CELSIUS),
        (20, {"type": "raw"}),
        ("daily", DAYS),
        ("Mon - wed, sat", DAYS),
        ("7:00", TIME),
        ("24:00", TIME),
        ([{"from": "22:30", "minutes": "5"}, {}], ENTRIES),
        ([], {"type": "list", "elements": "str"}),
    ],
)
def test_what_a_role_understands_is_let_through(
    check_settings: Any, value: object, option: dict[str, Any]
) -> None:
    assert list(check_settings.check_value("x", value, option)) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("app_token_secret", {"type": "str"}),
        ("traefik_dns", {"type": "str", "no_log": True}),
        ("settings of app_screens, entry 1", {"type": "str"}),
        ("url of app_webhooks, entry 1", {"type": "str"}),
    ],
)
def test_a_secret_is_never_shown(check_settings: Any, name: str, option: dict[str, Any]) -> None:
    (told,) = check_settings.check_value(name, ["hidden"], option)
    assert told == f"{name} is a list; it must be text."


@pytest.mark.unit
def test_a_number_is_no_secret_whatever_its_name(check_settings: Any) -> None:
    (told,) = check_settings.check_value("app_token_lifetime_hours", -1, SECONDS)
    assert told == "app_token_lifetime_hours is a number, -1; it must be from 0 to 86400."


@pytest.mark.unit
def test_a_name_is_a_slip_when_it_begins_like_a_setting_or_looks_like_one(
    check_settings: Any,
) -> None:
    settings = ["app_timezone", "hardening_state"]
    assert check_settings.unknown(["app_timezon", "mine"], settings, ["app_"]) == [
        "There is no setting app_timezon. Did you mean app_timezone?"
    ]
    (told,) = check_settings.unknown(["app_zzz"], settings, ["app_"])
    assert told == "There is no setting app_zzz. docs/configuration.md lists all there are."
    assert check_settings.slips(["hardning_state", "mine"], settings) == {
        "hardning_state": "hardening_state"
    }


@pytest.mark.unit
def test_a_variable_that_another_uses_is_no_stranger(check_settings: Any) -> None:
    values = {"vault_hash": "x", "app_hash": "{{ vault_hash }}", "foo": 1}
    assert check_settings.unused(["vault_hash", "foo"], values) == ["foo"]


@pytest.mark.unit
def test_a_tag_that_is_nowhere_is_told(check_settings: Any) -> None:
    play = [{"tags": "app", "tasks": [{"block": [{"tags": ["release", "always"]}]}]}]
    known = set(check_settings.tags_in(play))
    assert known == {"app", "release", "always"}
    assert check_settings.wrong_tags(["app", "untagged"], known) == []
    assert check_settings.wrong_tags(["ap"], known) == ["There is no tag ap. Did you mean app?"]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("version", "old"),
    [("2.17.14", True), ("2.18.0b1", True), ("2.19.0", False), ("2.21.2", False), ("3.0", False)],
)
def test_an_ansible_that_is_too_old_is_known(check_settings: Any, version: str, old: bool) -> None:
    assert check_settings.is_old(version) is old


@pytest.mark.unit
def test_every_variable_of_the_wiring_is_known(check_settings: Any) -> None:
    wiring = yaml.safe_load((ROOT / "inventory/group_vars/all/wiring.yml").read_text())
    specs = (yaml.safe_load(it.read_text()) for it in ROOT.glob("roles/*/meta/argument_specs.yml"))
    of_roles = {name for spec in specs for name in spec["argument_specs"]["main"]["options"]}
    ours = {name for name in wiring if name.startswith("inkstand_")}
    assert ours - set(check_settings.OF_PLAYBOOKS) - of_roles == set()


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs the playbook for a Pi that cannot be reached, with settings."""
    host = {"ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_connection": "ssh"}
    (tmp_path / "hosts.yml").write_text(json.dumps({"inkstand": {"hosts": {"pi": host}}}))
    (tmp_path / "group_vars").symlink_to(ROOT / "inventory" / "group_vars")
    (tmp_path / "host_vars").mkdir()

    ours = Path(sys.executable).with_name("ansible-playbook")

    def run(
        settings: dict[str, Any],
        *options: str,
        playbook: str = "playbook.yml",
        program: Path = ours,
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "host_vars" / "pi.yml").write_text(json.dumps(settings))
        return subprocess.run(
            [str(program), playbook, "-i", str(tmp_path / "hosts.yml"), *options],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_STRATEGY": "linear", **COLLECTIONS},
            check=False,
            capture_output=True,
            text=True,
        )

    return run


WRONG = {
    "app_timezon": "Europe/Paris",
    "app_title": "{{ vault_titel }}",
    "epd_driver_bus": "SPI",
    "hardening_ssh_keys": "ssh-ed25519",
    "app_page_seconds": 86401,
    "app_playlist": [{"minutes": 5}, {"screen": "clock", "minuets": 5}],
    "app_quiet_hours": [{"days": "mon-fri", "from": 1350, "to": "7"}],
}
SENTENCES = (
    "There is no setting app_timezon. Did you mean app_timezone?",
    "app_title cannot be worked out: 'vault_titel' is undefined.",
    'epd_driver_bus is text, "SPI"; it must be one of',
    "hardening_ssh_keys is text; it must be a list, for example  [first, second].",
    "app_page_seconds is a number, 86401; it must be from 0 to 86400.",
    "app_playlist, entry 1 lacks screen.",
    "app_playlist, entry 2 has minuets, which means nothing there. Did you mean minutes?",
    "from of app_quiet_hours, entry 1 is a number, 1350; it must be text: put it between quotes.",
    'to of app_quiet_hours, entry 1 is text, "7"; it must be a time between quotes such as',
    "There is no tag ap. Did you mean app?",
)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("playbook", "option"), [("playbook.yml", "--tags"), ("restore.yml", "--skip-tags")]
)
def test_slips_end_the_run_before_the_pi_is_asked(
    play: Callable[..., subprocess.CompletedProcess[str]], playbook: str, option: str
) -> None:
    done = play({**GOOD, **WRONG}, option, "ap", playbook=playbook)
    assert done.returncode != 0
    assert "UNREACHABLE" not in done.stdout
    assert [sentence for sentence in SENTENCES if sentence not in done.stdout] == []
    assert "_AnsibleTagged" not in done.stdout + done.stderr


@pytest.mark.integration
def test_good_settings_go_on_to_the_pi_and_a_stranger_is_named(
    play: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    vault = {"app_password_hash": "{{ vault_hash }}", "vault_hash": HASH, "foo_bar": 1}
    done = play({**GOOD, **vault}, "-e", "inkstand_serial=1", "--tags", "app,release")
    assert "UNREACHABLE" in done.stdout, done.stdout
    assert "No part of Inkstand knows foo_bar, set for pi." in " ".join(done.stderr.split())


@pytest.mark.integration
def test_a_setting_of_an_earlier_version_is_named_and_the_run_goes_on(
    play: Callable[..., subprocess.CompletedProcess[str]], check_settings: Any
) -> None:
    done = play({**GOOD, **dict.fromkeys(check_settings.FORMER, "whatever")})
    assert "UNREACHABLE" in done.stdout, done.stdout
    told = " ".join(done.stderr.split())
    gone = f"{{}}: {check_settings.GONE}"
    assert [name for name in check_settings.FORMER if gone.format(name) not in told] == []


@pytest.mark.unit
def test_a_setting_that_is_gone_is_nowhere(check_settings: Any) -> None:
    left = [
        f"{file.relative_to(ROOT)}: {name}"
        for folder in ("roles", "inventory", "host_vars.example", "molecule")
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in {".yml", ".j2", ".py", ".md"}
        for name in check_settings.FORMER
        if re.search(rf"\b{name}\b", file.read_text(encoding="utf-8"))
    ]
    assert left == []


@pytest.mark.integration
def test_a_role_alone_refuses_a_number_out_of_its_range(tmp_path: Path) -> None:
    role = {"name": "app", "tasks_from": "preflight"}
    tasks = [{"ansible.builtin.import_role": role}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    file = tmp_path / "play.yml"
    file.write_text(json.dumps([{**play, "vars": {**GOOD, "app_history_max": -1}}]))
    done = testing.play(file, ANSIBLE_STRATEGY="linear")
    assert done.status != 0
    assert "app_history_max is a number, -1; it must be from 0 to 1000000." in done.output


@pytest.mark.unit
def test_every_role_that_has_numbers_checks_them_itself(check_settings: Any) -> None:
    mute = []
    for file in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        options = yaml.safe_load(file.read_text())["argument_specs"]["main"]["options"]
        phase = file.parents[1] / "tasks" / "preflight.yml"
        if phase.exists() and any(map(check_settings.bounds, options.values())):
            tasks = yaml.safe_load(phase.read_text())
            if {"role": "{{ role_path }}"} not in [task.get("check_settings") for task in tasks]:
                mute.append(phase)
    assert mute == []


def other_ansible(version: str, oldest_python: tuple[int, int]) -> Path:
    program, why_not = testing.other_ansible(version, oldest_python)
    return program or pytest.skip(why_not)


@pytest.mark.integration
def test_an_ansible_that_is_too_old_is_refused_in_one_sentence(
    play: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = play(GOOD, program=other_ansible("2.17.14", (3, 10)))
    assert done.returncode != 0
    assert "Inkstand needs ansible-core 2.19 or newer, and this is 2.17.14." in done.stderr
    assert "PLAY" not in done.stdout


@pytest.mark.integration
@pytest.mark.parametrize("version", ["2.20.10", "2.21.5"])
def test_a_newer_ansible_says_the_same(
    play: Callable[..., subprocess.CompletedProcess[str]], version: str
) -> None:
    program = other_ansible(version, (3, 12))
    wrong = play({**GOOD, **WRONG}, "--tags", "ap", program=program)
    assert [sentence for sentence in SENTENCES if sentence not in wrong.stdout] == []
    good = play(GOOD, program=program)
    assert "UNREACHABLE" in good.stdout, good.stdout + good.stderr
