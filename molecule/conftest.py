"""The virtual Pi of a scenario; its `verify.yml` says which that is."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import testinfra

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def instance() -> str:
    """Name what molecule made."""
    return os.environ["INKSTAND_INSTANCE"]


@pytest.fixture(scope="session")
def state() -> Path:
    """Name the folder of what belongs to it."""
    return Path(os.environ["INKSTAND_INSTANCE_STATE"])


@pytest.fixture(scope="session")
def pi(instance: str) -> Any:
    """A root shell on the Pi."""
    return testinfra.get_host(f"docker://{instance}")


@pytest.fixture(scope="session")
def apply(attempt: Callable[..., testing.Run]) -> Callable[..., testing.Run]:
    """Give a function that runs the scenario's role with settings, which must end well."""

    def run(*options: str, **settings: object) -> testing.Run:
        done = attempt(*options, **settings)
        assert done.status == 0, done.output
        return done

    return run


EMPTY_HEADER = Path(__file__).parent / "files" / "empty_header.py"
# What the kernel of a Raspberry Pi shows, and SPI that was turned on before the last boot.
IS_A_RASPBERRY_PI = """
    mount -t tmpfs none /sys/firmware
    mkdir -p /sys/firmware/devicetree/base /boot/firmware
    printf 'Raspberry Pi 4 Model B Rev 1.4\\0' >/sys/firmware/devicetree/base/model
    [ ! -e /boot/firmware/config.txt ] || mv /boot/firmware/config.txt /boot/firmware/kept.txt
    echo dtparam=spi=on >/boot/firmware/config.txt
    touch --date 2000-01-01 /boot/firmware/config.txt
    mknod -m 666 /dev/spidev0.0 c 1 3
    mknod -m 666 /dev/gpiochip0 c 1 3
    : >/run/no_console
    mount --bind /run/no_console /sys/class/tty/console/active
    echo import empty_header >/usr/lib/python3/dist-packages/empty_header.pth
"""
IS_NONE = """
    umount /sys/firmware /sys/class/tty/console/active
    rm /boot/firmware/config.txt
    [ ! -e /boot/firmware/kept.txt ] || mv /boot/firmware/kept.txt /boot/firmware/config.txt
    rm -f /dev/spidev0.0 /dev/gpiochip0 /usr/lib/python3/dist-packages/empty_header.p*
"""


@pytest.fixture(scope="module")
def raspberry_pi(instance: str, pi: Any) -> Iterator[None]:
    """Let the Pi claim to be a Raspberry Pi with nothing on its header."""
    target = f"{instance}:/usr/lib/python3/dist-packages/"
    subprocess.run(["docker", "cp", EMPTY_HEADER, target], check=True)
    pi.check_output(f"set -e; {IS_A_RASPBERRY_PI}")
    yield
    pi.check_output(f"set -e; {IS_NONE}")


@pytest.fixture(scope="session")
def patience() -> float:
    """For how many seconds `wait_for` asks when a test does not say."""
    return 20


@pytest.fixture(scope="session")
def wait_for(patience: float) -> Callable[..., Any]:
    """Give a function that asks until the answer is true, and gives that answer."""
    return partial(testing.wait_for, seconds=patience)
