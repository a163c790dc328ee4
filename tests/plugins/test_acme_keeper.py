"""Which certificates are copied, which are put back, and when Traefik is restarted."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()


@pytest.fixture(scope="module")
def keeper(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("roles/traefik/files/acme_keeper.py")


def section(account: str = "me", certificates: int = 1) -> dict[str, Any]:
    found = [{"certificate": PEM, "key": PEM, "Store": "default"}] * certificates
    return {"Account": {"Email": account}, "Certificates": found or None}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for both files."""
    return tmp_path


def keep(keeper: Any, place: Path) -> bool:
    return bool(keeper.keep(place / "acme.json", place / "backup.json", os.geteuid()))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def write(path: Path, sections: object) -> None:
    path.write_text(json.dumps(sections))


def written(place: Path) -> dict[str, tuple[int, int, bytes]]:
    """Tell which files there are, when each was written, and with what; reading changes nothing."""
    found = {path.name: (path.stat(), path.read_bytes()) for path in place.iterdir()}
    return {name: (it.st_ino, it.st_mtime_ns, content) for name, (it, content) in found.items()}


@pytest.mark.unit
@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"Certificates": None},
        {"Certificates": {}},
        {"Certificates": [None]},
        {"Certificates": [{"certificate": PEM}]},
        {"Certificates": [{"certificate": PEM, "key": "not base64"}]},
        {"Certificates": [{"certificate": PEM, "key": "aGVsbG8="}]},
    ],
)
def test_this_is_no_certificate(keeper: Any, content: object) -> None:
    assert not keeper.has_certificate(content)


@pytest.mark.unit
def test_this_is_one(keeper: Any) -> None:
    assert keeper.has_certificate(section())


@pytest.mark.integration
def test_a_new_certificate_is_copied_for_root_only(keeper: Any, place: Path) -> None:
    write(place / "acme.json", {"a": section()})
    assert not keep(keeper, place)
    assert read(place / "backup.json") == {"a": section()}
    assert (place / "backup.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.integration
def test_nothing_is_written_when_nothing_has_changed(keeper: Any, place: Path) -> None:
    write(place / "acme.json", {"a": section()})
    keep(keeper, place)
    before = written(place)
    assert not keep(keeper, place)
    assert written(place) == before


@pytest.mark.integration
@pytest.mark.parametrize(
    "content",
    ["", "{", '{"a": {"Acc', "null", "[]", "\x00" * 100, json.dumps({"a": section("me", 0)})],
)
def test_what_is_lost_is_put_back(keeper: Any, place: Path, content: str) -> None:
    write(place / "backup.json", {"a": section()})
    (place / "acme.json").write_text(content)
    assert keep(keeper, place)
    assert read(place / "acme.json") == {"a": section()}
    assert read(place / "backup.json") == {"a": section()}
    assert (place / "acme.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.integration
def test_a_file_that_is_gone_is_put_back(keeper: Any, place: Path) -> None:
    write(place / "backup.json", {"a": section()})
    assert keep(keeper, place)
    assert read(place / "acme.json") == {"a": section()}


@pytest.mark.integration
def test_what_is_new_stays_beside_what_is_put_back(keeper: Any, place: Path) -> None:
    write(place / "backup.json", {"a": section("old"), "b": section("old")})
    write(place / "acme.json", {"a": section("new")})
    assert keep(keeper, place)
    whole = {"a": section("new"), "b": section("old")}
    assert read(place / "acme.json") == read(place / "backup.json") == whole


@pytest.mark.integration
def test_a_broken_file_without_a_copy_is_emptied_so_that_traefik_starts(
    keeper: Any, place: Path
) -> None:
    (place / "acme.json").write_text('{"a": {"Acc')
    assert keep(keeper, place)
    assert read(place / "acme.json") == {}


@pytest.mark.integration
def test_there_is_nothing_to_do_before_traefik_has_run(keeper: Any, place: Path) -> None:
    assert not keep(keeper, place)
    assert list(place.iterdir()) == []


@pytest.mark.integration
def test_what_is_written_while_it_copies_is_copied_too(
    keeper: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traefik writes twice within a moment, and systemd starts nothing that is being started."""
    later = [section("second")]
    copy = keeper.keep

    def meanwhile(file: Path, backup: Path, owner: int) -> bool:
        done = bool(copy(file, backup, owner))
        if later:
            write(file, {"one": later.pop()})
        return done

    monkeypatch.setattr(keeper, "keep", meanwhile)
    write(place / "acme.json", {"one": section("first")})
    files = place / "acme.json", place / "backup.json"
    assert not keeper.keep_all(*files, os.geteuid(), lambda: None)
    assert read(place / "backup.json") == {"one": section("second")}
    assert not later


@pytest.mark.integration
def test_what_is_written_a_moment_after_it_was_copied_is_copied_too(
    keeper: Any, place: Path
) -> None:
    """While the program ends nobody looks, and that takes a busy Pi a while."""
    later = [section("second")]

    def wait() -> None:
        if later:
            write(place / "acme.json", {"one": later.pop()})

    write(place / "acme.json", {"one": section("first")})
    files = place / "acme.json", place / "backup.json"
    assert not keeper.keep_all(*files, os.geteuid(), wait)
    assert read(place / "backup.json") == {"one": section("second")}


@pytest.mark.integration
def test_a_link_out_of_the_containers_folder_is_replaced_and_not_followed(
    keeper: Any, place: Path
) -> None:
    write(place / "elsewhere.json", {"a": section("other")})
    (place / "acme.json").symlink_to(place / "elsewhere.json")
    write(place / "backup.json", {"a": section()})
    assert keep(keeper, place)
    assert not (place / "acme.json").is_symlink()
    assert read(place / "acme.json") == {"a": section()}
    assert read(place / "elsewhere.json") == {"a": section("other")}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("job", "certificates", "restarted"),
    [("keep", 1, 0), ("keep", 0, 0), ("boot", 0, 0), ("retry", 0, 1), ("retry", 1, 0)],
)
def test_traefik_is_restarted_for_the_first_certificate_by_the_timer_only(  # noqa: PLR0913, PLR0917  (fixtures)
    keeper: Any,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: str,
    certificates: int,
    restarted: int,
) -> None:
    restarts: list[str] = []
    monkeypatch.setattr(keeper, "_restart", lambda container, _: restarts.append(container))
    write(place / "acme.json", {"a": section("me", certificates)})
    paths = ["--file", str(place / "acme.json"), "--backup", str(place / "backup.json")]
    owner = ["--owner", str(os.geteuid()), "--resolver", "a"]
    assert keeper.main([job, *paths, *owner]) == 0
    assert restarts == ["inkstand-traefik"] * restarted
