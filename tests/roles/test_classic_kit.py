"""Three lines are enough for the classic kit, and another machine needs no fourth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "host_vars.example" / "raspberrypi.yml"
ROLES = ("epd_driver", "pigpiod", "traefik")
OWNERS_LINES = {
    "traefik_host": "mac.example.com",
    "app_password_hash": "$argon2id$v=19$...",
    "traefik_letsencrypt_email": "you@example.com",
}
ASKED = {
    "bus": "{{ __epd_driver_bus }}",
    "line": "{{ __pigpiod_line }}",
    "tls": "{{ traefik_tls }}",
    "server": "{{ __traefik_ca_server }}",
}


def chosen(folder: Path, settings: dict[str, Any], *, is_one: bool) -> Any:
    """Let Ansible work out what the roles make of an owner's settings."""
    pi: dict[str, Any] = {
        "is_one": is_one,
        "model": "Raspberry Pi 4" if is_one else "",
        "remarks": [],
    }
    files = [
        f"{ROOT}/roles/{role}/{kind}/main.yml" for role in ROLES for kind in ("defaults", "vars")
    ]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "strategy": "ansible.builtin.linear",
        "vars": {"ansible_python_interpreter": sys.executable},
        "vars_files": files,
        "tasks": [
            {"ansible.builtin.set_fact": {"raspberry_pi": pi, "cacheable": True}},
            {
                "ansible.builtin.copy": {
                    "content": "{{ asked | to_json }}",
                    "dest": f"{folder}/told.json",
                    "mode": "0600",
                },
                "vars": {"asked": ASKED},
            },
        ],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    given = ("--extra-vars", json.dumps(settings))
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, folder / "play.yml", "--inventory=localhost,", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "told.json").read_text())


def test_on_a_raspberry_pi_they_are_the_real_thing(tmp_path: Path) -> None:
    assert chosen(tmp_path, OWNERS_LINES, is_one=True) == {
        "bus": "spi",
        "line": "gpiochip",
        "tls": "letsencrypt",
        "server": "https://acme-v02.api.letsencrypt.org/directory",
    }


def test_elsewhere_and_without_an_address_all_is_made_there(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"traefik_host": "raspberrypi.local"}, is_one=False)
    assert (found["bus"], found["line"], found["tls"]) == ("simulated", "simulated", "local_ca")


def test_what_an_owner_says_counts(tmp_path: Path) -> None:
    said = {
        "epd_driver_bus": "simulated",
        "pigpiod_line": "upstream",
        "traefik_tls": "local_ca",
        "traefik_letsencrypt_ca_server": "https://ca.example.com/directory",
    }
    assert chosen(tmp_path, {**OWNERS_LINES, **said}, is_one=True) == {
        "bus": "simulated",
        "line": "upstream",
        "tls": "local_ca",
        "server": "https://ca.example.com/directory",
    }


def test_the_example_asks_an_owner_for_two_values() -> None:
    assert set(yaml.safe_load(EXAMPLE.read_text())) == {"traefik_host", "app_password_hash"}
