"""A fresh Pi becomes the one that was backed up; what should not be restored is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def token(one: Any) -> str:
    """A token that was given before the backup."""
    status, body = one.api.ask("POST", "/login", json=one.login)
    assert status == 200
    return str(body["token"])


@pytest.fixture(scope="module")
def archive(play: Callable[..., Any], one: Any, token: str, place: Path) -> Path:
    """A backup of the first."""
    assert one.api.ask("POST", "/messages", token, json={"message": "Remember me"})[0] == 201
    run = play("backup.yml", "--limit", one.name)
    assert run.status == 0, run.output[-3000:]
    found: Path = max((place / "backups" / one.name).glob("*.tar.gz.age"))
    return found


@pytest.fixture
def damaged(archive: Path, tmp_path: Path) -> Path:
    """The archive with a few bytes changed."""
    content = bytearray(archive.read_bytes())
    content[-200] ^= 1
    path = tmp_path / "damaged.tar.gz.age"
    path.write_bytes(content)
    return path


def test_several_pis_are_not_restored_by_accident(play: Callable[..., Any], archive: Path) -> None:
    run = play("restore.yml", "-e", f"backup_archive={archive}")
    assert run.status != 0
    assert "--limit NAME" in run.words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"backup_archive": "/nowhere/x.tar.gz.age"}, "There is no file /nowhere/x.tar.gz.age"),
        ({"backup_identity_file": "/nowhere/key"}, "There is no key /nowhere/key"),
        ({"backup_identity_file": "{place}/stranger.key"}, "was made for another key"),
        ({"backup_archive": "{damaged}"}, "The archive is damaged"),
        ({}, "run ansible-playbook restore.yml -e restore_inkstand=true"),
    ],
    ids=["no archive", "no key", "wrong key", "damaged", "no clear word"],
)
def test_what_should_not_be_restored_is_refused_before_any_change(  # noqa: PLR0913, PLR0917
    play: Callable[..., Any],
    two: Any,
    archive: Path,
    damaged: Path,
    place: Path,
    change: dict[str, str],
    words: str,
) -> None:
    settings = {"backup_archive": str(archive), **change}
    given = [
        f"-e{key}={value.format(place=place, damaged=damaged)}" for key, value in settings.items()
    ]
    before = two.shell.check_output(
        "find /etc/inkstand /var/lib/inkstand -printf '%p %i %s\\n' | sort"
    )
    run = play("restore.yml", "--limit", two.name, *given)
    assert run.status != 0
    assert words in run.words
    after = two.shell.check_output(
        "find /etc/inkstand /var/lib/inkstand -printf '%p %i %s\\n' | sort"
    )
    assert [line.split()[:2] for line in after.splitlines()] == [
        line.split()[:2] for line in before.splitlines()
    ]
    assert two.api.ask("GET", "/healthz")[1]["status"] == "ok"


def test_a_fresh_pi_has_the_same_history_accounts_and_certificate(  # noqa: PLR0913, PLR0917
    play: Callable[..., Any],
    one: Any,
    broken: Any,
    archive: Path,
    token: str,
    settings_of_one: None,
) -> None:
    broken.shell.check_output("systemctl unmask docker.service docker.socket")
    run = play("restore.yml", "--limit", broken.name, "-e", f"backup_archive={archive}")
    assert run.status == 0, run.output[-4000:]
    assert f"{broken.name} has what {one.name} (x86_64) had at" in run.words
    old, new = one.api, broken.api
    assert new.certificate() == old.certificate()
    history = "/api/v1/messages?limit=200"
    texts = [
        [message["text"] for message in api.ask("GET", history, token)[1]["messages"]]
        for api in (old, new)
    ]
    assert texts[0] == texts[1]
    assert "Remember me" in texts[1]
    assert new.ask("POST", "/login", json=one.login)[0] == 200
    left = "find /var/tmp /run /etc/inkstand /var/lib/inkstand -maxdepth 1 -name '*inkstand-re*'"
    assert broken.shell.check_output(left) == ""


def test_the_playbook_has_nothing_to_do_afterwards(
    play: Callable[..., Any], broken: Any, settings_of_one: None
) -> None:
    run = play("playbook.yml", "--limit", broken.name)
    assert run.status == 0, run.output[-3000:]
    assert run.about(broken.name).startswith(f"{broken.name} unchanged")


def test_what_is_there_is_replaced_when_that_is_meant(
    play: Callable[..., Any],
    broken: Any,
    archive: Path,
    token: str,
    settings_of_one: None,
) -> None:
    sent = broken.api.ask("POST", "/messages", token, json={"message": "Forget me"})
    assert sent[0] == 201
    options = ["-e", f"backup_archive={archive}", "-e", "restore_inkstand=true"]
    run = play("restore.yml", "--limit", broken.name, *options)
    assert run.status == 0, run.output[-4000:]
    found = broken.api.ask("GET", "/api/v1/messages?limit=200", token)[1]["messages"]
    texts = [message["text"] for message in found]
    assert "Remember me" in texts
    assert "Forget me" not in texts
