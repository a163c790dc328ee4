"""A run that gets no certificate of Let's Encrypt says what may be in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("challenge", "is_named"), [("dns-01", True), ("http-01", False)])
def test_the_setting_for_resolvers_is_named_where_dns_is_asked(
    tmp_path: Path, challenge: str, is_named: bool
) -> None:
    """A split zone answers here otherwise than to the internet."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho ERR time limit exceeded\n")
    docker.chmod(0o755)
    role = {"name": "traefik", "tasks_from": "verify_letsencrypt"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "environment": {"PATH": f"{tmp_path}:/usr/bin:/bin"},
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"name": "Verify", "ansible.builtin.import_role": role}],
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([play]))
    given = {
        "traefik_host": "mac.example.com",
        "traefik_tls": "letsencrypt",
        "traefik_letsencrypt_challenge": challenge,
        "traefik_letsencrypt_wait_seconds": 1,
    }
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local"]
    done = subprocess.run(
        [*argv, "-e", json.dumps(given), str(playbook)],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_STRATEGY": "linear", "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    told = " ".join(done.stdout.partition("What became of each host")[2].split())
    assert "Traefik says: ERR time limit exceeded" in told, done.stdout
    assert ("traefik_letsencrypt_dns_resolvers" in told) is is_named
