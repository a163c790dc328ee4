"""The module of the role pigpiod that finds GPIO chips, over a kernel that answers from memory."""

import errno
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.unit

SIZE_OF_STRUCT_GPIOCHIP_INFO = 68


@pytest.fixture(scope="session")
def module(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/gpiochip_info.py")


def answer(label: bytes, lines: int) -> bytes:
    info = b"gpiochip0".ljust(32, b"\0") + label.ljust(32, b"\0") + lines.to_bytes(4, "little")
    assert len(info) == SIZE_OF_STRUCT_GPIOCHIP_INFO
    return info


Ask = Callable[[Path], bytes]


def asking(answers: dict[str, bytes | OSError]) -> Ask:
    def ask(path: Path) -> bytes:
        found = answers[path.name]
        if isinstance(found, OSError):
            raise found
        return found

    return ask


def test_the_request_has_the_number_that_the_kernel_documents(module: ModuleType) -> None:
    assert module.GET_CHIP_INFO == 0x8044B401
    assert module.CHIP_INFO.size == SIZE_OF_STRUCT_GPIOCHIP_INFO


def test_chips_are_told_by_name_with_label_and_lines_and_no_link_twice(
    module: ModuleType, tmp_path: Path
) -> None:
    for name in ("gpiochip11", "gpiochip0", "gpiomem"):
        (tmp_path / name).touch()
    (tmp_path / "gpiochip4").symlink_to("gpiochip0")
    ask = asking({"gpiochip0": answer(b"pinctrl-rp1", 54), "gpiochip11": answer(b"x" * 32, 8)})
    assert module.chips(tmp_path, ask) == (
        [
            {"path": f"{tmp_path}/gpiochip0", "label": "pinctrl-rp1", "lines": 54},
            {"path": f"{tmp_path}/gpiochip11", "label": "x" * 32, "lines": 8},
        ],
        [],
    )


def test_what_cannot_be_asked_is_named_and_does_not_hide_the_others(
    module: ModuleType, tmp_path: Path
) -> None:
    for name in ("gpiochip0", "gpiochip1"):
        (tmp_path / name).touch()
    denied = PermissionError(errno.EACCES, "Permission denied")
    ask = asking({"gpiochip0": denied, "gpiochip1": answer(b"pinctrl-bcm2711", 58)})
    found, failed = module.chips(tmp_path, ask)
    assert [chip["label"] for chip in found] == ["pinctrl-bcm2711"]
    assert failed == [f"{tmp_path}/gpiochip0 could not be asked what it is: Permission denied"]


def test_a_file_that_is_no_chip_is_refused_by_the_kernel(
    module: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "gpiochip0").touch()
    found, failed = module.chips(tmp_path)
    assert found == []
    assert "Inappropriate ioctl" in failed[0]
