"""What somebody changed by hand is named, and stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

SETTINGS = "/etc/inkstand/app/inkstand.toml"
HASH = "/etc/inkstand/app/secrets/password_hash"


@pytest.fixture
def edited(one: Any, two: Any) -> Iterator[None]:
    """On the first a file and a secret are edited, on the second a container and a unit stopped."""
    files = f"{SETTINGS} {HASH}"
    one.shell.check_output(f"for f in {files}; do cp -a $f /root/; done")
    one.shell.check_output(f"echo '# by hand' >> {SETTINGS}; echo oops-a-secret > {HASH}")
    two.shell.check_output("docker stop inkstand-traefik; systemctl disable --now epd-fuse")
    yield
    one.shell.check_output(
        f"cp -a /root/inkstand.toml {SETTINGS}; cp -a /root/password_hash {HASH}"
    )
    two.shell.check_output("systemctl enable --now epd-fuse; docker start inkstand-traefik")


def test_each_change_is_named_and_no_secret(
    compare: Callable[..., Any], one: Any, two: Any, edited: None
) -> None:
    run = compare("--limit", f"{one.name},{two.name}")
    assert run.status == 1, run.output
    assert f"file {SETTINGS}" in run.about(one.name)
    assert "secret app : configure | Write the secrets" in run.about(one.name)
    assert "container inkstand-traefik" in run.about(two.name)
    assert "unit epd-fuse.service" in run.about(two.name)
    assert SETTINGS not in run.about(two.name)
    assert "argon2id" not in run.output
    assert "oops-a-secret" not in run.output
    assert one.shell.file(SETTINGS).contains("by hand")


def test_nothing_is_named_where_nothing_changed(
    compare: Callable[..., Any], one: Any, two: Any
) -> None:
    run = compare("--limit", f"{one.name},{two.name}")
    assert run.status == 0, run.output
    assert run.about(one.name).startswith(f"{one.name} as it should be")
    assert "Nothing drifted." in run.output
