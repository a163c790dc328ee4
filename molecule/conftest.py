"""The virtual Pi of a scenario; its `verify.yml` says which that is."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import testinfra

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.fixture(scope="session")
def patience() -> float:
    """For how many seconds `wait_for` asks when a test does not say."""
    return 20


@pytest.fixture(scope="session")
def wait_for(patience: float) -> Callable[..., Any]:
    """Give a function that asks until the answer is true, and gives that answer."""
    return partial(testing.wait_for, seconds=patience)
