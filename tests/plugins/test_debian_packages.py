"""apt is asked when something is missing, and what is in its way is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.unit


@pytest.fixture(scope="session")
def module(load: Callable[[str], ModuleType]) -> Any:
    return load("plugins/modules/debian_packages.py")


class AnsweredError(Exception):
    """What the module says to Ansible, which ends it."""


class FakeModule:
    """What Ansible gives to the module that is asked for docker.io."""

    check_mode = False

    def __init__(self, argument_spec: dict[str, dict[str, Any]], *, supports_check_mode: bool):
        assert supports_check_mode
        defaults = {name: option.get("default") for name, option in argument_spec.items()}
        self.params: dict[str, Any] = {**defaults, "name": ["docker.io"]}

    def exit_json(self, **told: object) -> None:
        raise AnsweredError(told)


def test_apt_is_not_asked_for_what_is_there(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To bring its lists up to date takes minutes where names cannot be resolved."""
    ran: list[str] = []

    def run(argv: list[str]) -> tuple[int, str]:
        ran.append(argv[0])
        return 0, "docker.io installed\n"

    monkeypatch.setattr(module, "AnsibleModule", FakeModule)
    monkeypatch.setattr(module, "_run", run)
    with pytest.raises(AnsweredError, match="'changed': False"):
        module.main()
    assert ran == ["dpkg-query"]


def test_what_dpkg_does_not_call_installed_is_missing(module: Any) -> None:
    told = "age installed\nfuse3 config-files\ndpkg-query: no packages found matching docker.io\n"
    assert module.missing(["age", "fuse3", "docker.io", "age=1.2"], told) == ["fuse3", "docker.io"]


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """A lock, and a /proc in which unattended-upgrades holds it."""
    lock, proc = tmp_path / "lock", tmp_path / "proc"
    lock.touch()
    (proc / "812").mkdir(parents=True)
    (proc / "812" / "cmdline").write_bytes(b"/usr/bin/python3\0/usr/bin/unattended-upgrade\0-v\0")
    number = lock.stat().st_ino
    (proc / "locks").write_text(
        f"1: FLOCK  ADVISORY  WRITE 7 fe:01:{number} 0 EOF\n"
        f"2: POSIX  ADVISORY  WRITE 812 fe:01:{number} 0 EOF\n"
    )
    return lock, proc


def test_who_holds_a_lock_is_named_by_the_script(module: Any, machine: tuple[Path, Path]) -> None:
    lock, proc = machine
    found = module.holder([lock], proc)
    assert (str(found), found.lock) == ("unattended-upgrade (process 812)", str(lock))
    (proc / "locks").write_text("")
    assert module.holder([lock, lock.with_name("none")], proc) is None


def test_a_lock_is_waited_for_as_long_as_patience_lasts(module: Any) -> None:
    now = [0.0]
    holder = module.Holder(812, "unattended-upgrade", "/lock")

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def until(end: float) -> Any:
        return lambda: holder if now[0] < end else None

    assert module.wait(until(60), 900, sleep, lambda: now[0]) == (holder, 60.0, None)
    now[0] = 0.0
    assert module.wait(until(2000), 900, sleep, lambda: now[0]) == (holder, 900.0, holder)


def test_it_waits_ten_minutes_at_least(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[FakeModule] = []
    monkeypatch.setattr(module, "AnsibleModule", FakeModule)
    monkeypatch.setattr(module, "make_present", asked.append)
    module.main()
    assert asked[0].params["patience"] >= 600


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", "--configure -a"),
        ("W: Failed to fetch http://x  Temporary failure resolving 'deb.debian.org'", "resolve"),
        ("E: Release file for http://x is not valid yet (invalid for another 3d)", "clock"),
        ("W: Failed to fetch http://x  Could not connect to x:80", "does not reach the server"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "disk"),
        ("E: Packages need to be removed but remove is disabled.", "removes nothing of yours"),
        ("E: Unable to locate package docker.io", "apt-get update"),
    ],
)
def test_what_apt_says_is_told_with_what_to_do(module: Any, output: str, words: str) -> None:
    told = module.reason(output)
    assert words in told.partition("apt says:")[0]
    assert output in told


def test_to_install_something_apt_removes_nothing(module: Any) -> None:
    assert "--no-remove" in module.INSTALL


def test_who_needs_what_is_to_be_removed_is_found(module: Any) -> None:
    said = (
        "Remv fail2ban [1.1.0-8]\nRemv nftables [1.1.3-1]\nPurg systemd-zram-generator [1.2.1-2]\n"
    )
    ours = ["nftables", "systemd-zram-generator"]
    assert module.also_gone(ours, said) == ["fail2ban"]
    assert module.also_gone([*ours, "fail2ban"], said) == []


def test_what_is_not_known_is_told_as_apt_says_it(module: Any) -> None:
    assert module.reason("line\nE: Broken packages") == (
        "apt could not install it. It says:\n  E: Broken packages"
    )
