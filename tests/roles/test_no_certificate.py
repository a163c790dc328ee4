"""A run that gets no certificate of Let's Encrypt says what may be in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtual_pi import testing

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("challenge", "is_named"), [("dns-01", True), ("http-01", False)])
def test_the_setting_for_resolvers_is_named_where_dns_is_asked(
    tmp_path: Path, play_here: Callable[..., testing.Run], challenge: str, is_named: bool
) -> None:
    """A split zone answers here otherwise than to the internet."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho ERR time limit exceeded\n")
    docker.chmod(0o755)
    role = {"name": "traefik", "tasks_from": "verify_letsencrypt"}
    done = play_here(
        [{"name": "Verify", "ansible.builtin.import_role": role}],
        traefik_host="mac.example.com",
        traefik_tls="letsencrypt",
        traefik_letsencrypt_challenge=challenge,
        traefik_letsencrypt_wait_seconds=1,
    )
    assert done.status != 0
    assert "Traefik says: ERR time limit exceeded" in done.closing, done.output
    assert ("traefik_letsencrypt_dns_resolvers" in done.closing) is is_named
