"""Names and modes of the mounted directory."""

import stat

import pytest

from epdfuse.fuse import tree
from epdfuse.panel.bits import View

pytestmark = pytest.mark.unit

FRAMES = {
    "current": 0o444,
    "current_inverse": 0o444,
    "display": 0o666,
    "display_inverse": 0o666,
}
ROOT = FRAMES | {
    "BE": 0o555,
    "LE": 0o555,
    "version": 0o444,
    "panel": 0o444,
    "error": 0o444,
    "command": 0o222,
    "temperature": 0o666,
    "pu_stagetime": 0o666,
}


def modes(parent: int) -> dict[str, int]:
    return {node.name: stat.S_IMODE(node.mode) for node in tree.children(parent)}


def inode(name: str) -> int:
    node = tree.find(tree.ROOT, name)
    assert node is not None
    return node.inode


def test_the_root_holds_the_files_of_the_contract() -> None:
    assert modes(tree.ROOT) == ROOT


@pytest.mark.parametrize("name", ["BE", "LE"])
def test_the_subdirectories_hold_the_four_frames(name: str) -> None:
    assert modes(inode(name)) == FRAMES


@pytest.mark.parametrize(
    ("directory", "name", "view"),
    [
        (".", "current", View.BE),
        (".", "display_inverse", View.BE_INVERSE),
        ("BE", "display", View.BE),
        ("LE", "current", View.LE),
        ("LE", "display_inverse", View.LE_INVERSE),
    ],
)
def test_a_path_says_the_coding(directory: str, name: str, view: View) -> None:
    node = tree.find(inode(directory), name)
    assert node is not None
    assert node.view is view


def test_dots_lead_where_they_do_everywhere() -> None:
    assert inode(".") == tree.ROOT
    up = tree.find(inode("LE"), "..")
    assert up is not None
    assert up.inode == tree.ROOT


def test_other_names_are_not_there() -> None:
    assert tree.find(tree.ROOT, "BE/current") is None
    assert tree.find(inode("BE"), "command") is None


def test_a_directory_counts_its_subdirectories_as_links() -> None:
    assert tree.links(tree.NODES[tree.ROOT]) == 4
    assert tree.links(tree.NODES[inode("BE")]) == 2
    assert tree.links(tree.NODES[inode("version")]) == 1
