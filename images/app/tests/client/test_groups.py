"""`inkstand send --group` and `inkstand neighbours`, with a stand-in for the broker."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from inkstand import bootstrap
from inkstand.api.neighbours import Neighbour
from inkstand.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkstand.config import Settings
    from inkstand.messages import Draft

pytestmark = pytest.mark.integration
HALL = Neighbour(
    name="hall", online=True, screen="clock", message=None, waiting=2, panel="ok", button="ok"
)
CELLAR = replace(HALL, name="cellar", online=False)
ATTIC = replace(HALL, name="attic", message="Keys?\x1b[2J", panel="it does not answer")


class Broker:
    """Takes what is sent, unless it says `broken`."""

    def __init__(self) -> None:
        self.neighbours = [ATTIC, CELLAR, HALL]
        self.sent: list[tuple[str, str, str | None]] = []

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def send(self, group: str, draft: Draft) -> str:
        if draft.text == "broken":
            raise BrokerError("Connection refused")
        self.sent.append((group, draft.text, draft.idempotency_key))
        return "1"


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def make_settings(
    make_settings: Callable[..., Settings], broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Settings]:
    """Settings of an app that is in the group home of the broker, which it is built with."""
    build: Any = bootstrap.build
    monkeypatch.setattr(bootstrap, "build", lambda settings: replace(build(settings), mqtt=broker))
    return lambda **given: make_settings(mqtt_groups=("home",), **given)


def test_a_text_is_sent_to_a_group(at_home: Any, app: Any, broker: Broker) -> None:
    result = at_home("send", "--group", "home", "--key", "7", "Bins", "out")
    assert (result.returncode, result.stdout) == (0, "sent to all of home\n")
    assert json.loads(at_home("send", "--group", "home", "--json", "Now").stdout) == {"id": "1"}
    assert [sent[:2] for sent in broker.sent] == [("home", "Bins out"), ("home", "Now")]
    assert broker.sent[0][2] == "7"
    # It comes back by the broker, to this one as to the others.
    assert app.texts() == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--image", "cat.jpg"], 2, "a group takes texts alone"),
        (["--wait", "shown", "Hello"], 2, "nobody waits for all of a group"),
        (["broken"], 1, "The broker has not taken it, try again later: Connection refused"),
    ],
)
def test_what_a_group_does_not_take_is_refused_with_a_sentence(
    at_home: Any, broker: Broker, arguments: list[str], code: int, said: str
) -> None:
    result = at_home("send", "--group", "home", *arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert broker.sent == []


def test_another_group_is_none_of_this_one(at_home: Any) -> None:
    result = at_home("send", "--group", "hom/../e", "Hello")
    assert result.returncode == 1
    assert "is in no group hom/../e; did you mean home?" in result.stderr


def test_the_others_are_listed(at_home: Any, broker: Broker) -> None:
    lines = [line.split() for line in at_home("neighbours").stdout.splitlines()]
    assert lines == [
        ["NAME", "ON", "IT", "WAITING"],
        ["attic", "Keys?\N{REPLACEMENT CHARACTER}[2J", "2", "it", "does", "not", "answer"],
        ["cellar", "away", "-"],
        ["hall", "clock", "2"],
    ]
    told = json.loads(at_home("neighbours", "--json").stdout)
    assert told["groups"] == ["home"]
    assert [each["online"] for each in told["neighbours"]] == [True, False, True]
    broker.neighbours = []
    assert "there are no other appliances" in at_home("neighbours").stderr
