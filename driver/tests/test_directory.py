"""What reading and writing each file means."""

from collections.abc import Callable
from pathlib import Path

import pytest

from epdfuse.fuse import tree
from epdfuse.fuse.directory import Directory
from epdfuse.fuse.display import FrameTooLongError, IncompleteFrameError
from epdfuse.fuse.tree import Node
from epdfuse.panel.commands import Command, Operator
from epdfuse.panel.glass import GlassStore
from epdfuse.panel.spec import PanelSpec
from epdfuse.simulator.memory import MemoryPanel

pytestmark = pytest.mark.unit


@pytest.fixture
def operator(spec: PanelSpec, tmp_path: Path) -> Operator:
    return Operator(MemoryPanel(spec), GlassStore(tmp_path, tmp_path, spec.description))


@pytest.fixture
def directory(operator: Operator, spec: PanelSpec) -> Directory:
    return Directory(operator, spec.description)


@pytest.fixture
def give(operator: Operator, directory: Directory) -> Callable[[bytes], None]:
    def command(written: bytes) -> None:
        order = directory.order(written)
        assert order is not None
        operator.run(order)

    return command


def node(path: str) -> Node:
    found = tree.NODES[tree.ROOT]
    for name in path.split("/"):
        child = tree.find(found.inode, name)
        assert child is not None
        found = child
    return found


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("version", b"4\n"),
        ("panel", b"EPD 2.7 264x176 COG 2 FILM 231\n"),
        ("temperature", b" 25\n"),
        ("pu_stagetime", b" 500\n"),
        ("error", b"Undefined\n"),
        ("command", b""),
        ("current", bytes(5808)),
        ("display", bytes(5808)),
        ("LE/display_inverse", b"\xff" * 5808),
        ("BE/current_inverse", b"\xff" * 5808),
    ],
)
def test_a_fresh_directory_has_these_contents(
    directory: Directory, path: str, content: bytes
) -> None:
    assert directory.content(node(path)) == content


def test_what_is_assembled_is_not_on_the_glass_before_a_command(
    directory: Directory, give: Callable[[bytes], None], new: bytes
) -> None:
    directory.write(node("display"), 0, new)
    assert directory.content(node("current")) == bytes(5808)
    give(b"U")
    assert directory.content(node("current")) == new
    assert directory.content(node("error")) == b"OK\n"


def test_clear_makes_current_white_and_keeps_display(
    directory: Directory, give: Callable[[bytes], None], new: bytes
) -> None:
    directory.write(node("display"), 0, new)
    give(b"U")
    give(b"C")
    assert directory.content(node("current")) == bytes(5808)
    assert directory.content(node("display")) == new


def test_clear_needs_no_frame(directory: Directory) -> None:
    directory.truncate(node("display"), 0)
    assert directory.order(b"C")


def test_an_order_is_not_touched_by_later_writes(directory: Directory, new: bytes) -> None:
    directory.write(node("display"), 0, new)
    order = directory.order(b"U")
    directory.write(node("display"), 0, b"torn")
    assert order is not None
    assert order.frame == new


@pytest.mark.parametrize("command", [b"U", b"P", b"F"])
def test_a_short_frame_is_no_order(directory: Directory, command: bytes) -> None:
    directory.truncate(node("display"), 0)
    directory.write(node("display"), 0, b"short")
    with pytest.raises(IncompleteFrameError):
        directory.order(command)


def test_other_commands_are_ignored_whatever_the_frame(directory: Directory) -> None:
    directory.truncate(node("display"), 0)
    assert directory.order(b"x") is None


def test_the_stage_time_counts_for_f_only(directory: Directory) -> None:
    directory.write(node("pu_stagetime"), 0, b"300\n")
    directory.write(node("temperature"), 0, b"-3\n")
    timed, partial = directory.order(b"F"), directory.order(b"P")
    assert timed is not None
    assert partial is not None
    assert (timed.command, timed.stage_time_ms, timed.celsius) == (Command.PARTIAL_TIMED, 300, -3)
    assert partial.stage_time_ms is None


def test_numbers_that_are_none_keep_the_former_value(directory: Directory) -> None:
    directory.write(node("temperature"), 0, b"hot\n")
    directory.write(node("pu_stagetime"), 0, b"9999\n")
    assert directory.content(node("temperature")) == b" 25\n"
    assert directory.content(node("pu_stagetime")) == b" 500\n"


def test_text_files_keep_their_value_when_truncated(directory: Directory) -> None:
    directory.truncate(node("temperature"), 0)
    assert directory.content(node("temperature")) == b" 25\n"


def test_appending_to_a_whole_frame_is_too_long(directory: Directory) -> None:
    with pytest.raises(FrameTooLongError):
        directory.append(node("display"), b"x")


def test_appending_a_temperature_sets_it(directory: Directory) -> None:
    directory.append(node("temperature"), b"7\n")
    assert directory.content(node("temperature")) == b"  7\n"


def test_only_current_has_the_time_of_drawing(
    directory: Directory, give: Callable[[bytes], None]
) -> None:
    assert directory.drawn_ns(node("current")) == 0
    give(b"U")
    assert directory.drawn_ns(node("LE/current_inverse")) > 0
    assert directory.drawn_ns(node("display")) == 0
