"""How much room is missing for images is known before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

pytestmark = pytest.mark.integration

IMAGES = ["inkstand/app:2", "inkstand/pigpiod:1", "inkstand/traefik:1"]


@pytest.fixture(scope="module")
def module(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/image_room_info.py")


@pytest.fixture
def look(module: Any) -> Callable[..., Any]:
    """Give a function that looks, on a host whose engine has two of the images."""

    def run(argv: Sequence[str]) -> str:
        if argv[1] == "info":
            return "/mnt/ssd/docker\n"
        return "inkstand/app:1\ninkstand/pigpiod:1\ninkstand/traefik:1\n"

    def look(
        images: Sequence[str], free: int, *, client: str | None = "docker", **more: bool
    ) -> Any:
        engine = more.get("engine", False)
        return module.look(images, engine, run, client, free=lambda _: free * 1_000_000)

    return look


def test_where_nothing_is_lacking_a_full_disk_is_in_nobodys_way(look: Callable[..., Any]) -> None:
    room = look(IMAGES[1:], 0)
    assert (room.is_enough, str(room)) == (True, "")


def test_an_update_needs_room_for_what_is_new(look: Callable[..., Any]) -> None:
    assert look(IMAGES, 300).is_enough
    room = look(IMAGES, 299)
    assert not room.is_enough
    said = "1 image needs about 300 MB, and there are 299 MB free on /mnt/ssd/docker: free 1 MB"
    assert str(room).startswith(said)
    assert "docker image prune" in str(room)


def test_a_first_run_needs_room_for_all_and_the_engine(look: Callable[..., Any]) -> None:
    room = look(IMAGES, 1000, client=None, engine=True)
    assert not room.is_enough
    assert "3 images need about 1050 MB" in str(room)


def test_it_is_the_disk_on_which_the_engine_keeps_its_data(module: Any, tmp_path: Path) -> None:
    settings = tmp_path / "daemon.json"

    def silent(_: object) -> str:
        return ""

    assert module.data_root(silent, None, settings) == Path("/var/lib/docker")
    settings.write_text(json.dumps({"data-root": "/mnt/card"}))
    assert module.data_root(silent, "docker", settings) == Path("/mnt/card")
    assert module.data_root(lambda _: "/mnt/ssd\n", "docker", settings) == Path("/mnt/ssd")


def test_what_is_free_is_asked_of_the_directory_above_one_that_is_not_there(
    module: Any, tmp_path: Path
) -> None:
    assert module.existing(tmp_path) == tmp_path
    assert module.existing(tmp_path / "docker" / "data") == tmp_path
