"""The clock of the whole Pi is wrong: people are served, in order, and well when it is right."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tools.common.commands import attempt
from virtual_pi.machine import actions, ssh
from virtual_pi.machine.settings import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from virtual_pi.machine.settings import Machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

DAY = 86_400
TEN_YEARS = 3653 * DAY
# The kernel takes no time that is before its own start.
WRONG: dict[str, Callable[[], float]] = {
    "1970": lambda: DAY,
    "a day back": lambda: time.time() - DAY,
    "two years ahead": lambda: time.time() + 730 * DAY,
    "ten years ahead": lambda: time.time() + TEN_YEARS,
}
# The machine has nobody who keeps its clock right, and its app is told to believe it. That of a Pi
# is told to wait for a file, which is made by the unit inkstand-time.
SETTINGS, TOLD = "/etc/inkstand/app/inkstand.toml", "/run/inkstand/time/synchronized"
BELIEVE = "sudo sed -i 's/^time_source = .*/time_source = \"{}\"/' {} && sudo docker restart {}"
# The clock that runs while a Pi is off; RTC_SET_TIME of rtc(4).
SET_RTC = """
import fcntl, struct, sys, time
at = time.gmtime(float(sys.argv[1]))
fields = (at.tm_sec, at.tm_min, at.tm_hour, at.tm_mday, at.tm_mon - 1, at.tm_year - 1900, 0, 0, 0)
with open("/dev/rtc0", "wb") as clock:
    fcntl.ioctl(clock, 0x4024700A, struct.pack("9i", *fields))
"""


@dataclass
class PiClock:
    """The clock of the Pi, which nobody else sets."""

    pi: Callable[[str], str]

    def set(self, moment: float) -> None:
        """Let it be then: seconds since 1970."""
        self.pi(f"sudo date --utc --set=@{moment:.0f}")

    def set_that_of_the_board(self, moment: float) -> None:
        """Let the next start be then."""
        self.pi(f"sudo python3 -c '{SET_RTC}' {moment:.0f}")

    def is_off_by(self) -> float:
        """Tell by how many seconds it is ahead."""
        return float(self.pi("date +%s")) - time.time()


@pytest.fixture(scope="module")
def doubted(pi: Callable[[str], str], owner: Any) -> Iterator[None]:
    """The app waits for the right time, as that of a Pi does."""
    pi(BELIEVE.format("timesyncd", SETTINGS, "inkstand-app"))
    owner.wait_served()
    yield
    pi(BELIEVE.format("none", SETTINGS, "inkstand-app"))
    owner.wait_served()


@pytest.fixture
def pi_clock(pi: Callable[[str], str], doubted: None) -> Iterator[PiClock]:
    """The clock of the Pi; it is right again afterwards."""
    made = PiClock(pi)
    yield made
    made.set_that_of_the_board(time.time())
    made.set(time.time())


@dataclass
class People:
    """The owner, at a device that stays logged in and at others, and who presses the button."""

    owner: Any
    machine: Machine
    press: Callable[[], None]
    wait_for: Callable[..., Any]

    def knock(self) -> Any:
        """Be at another device, and nobody yet: by a clock that is ahead a session has ended."""
        port, ca = self.machine.https_port, str(self.machine.ca_file)
        return type(self.owner)(ADDRESS, ca, port=port, seconds=30)

    def visit(self) -> Any:
        """Log in there."""
        found = self.knock()
        found.log_in(json.loads((self.machine.state / "login.json").read_text()))
        return found

    def send_first(self) -> int:
        """Send a message and wait until it is on the glass."""
        number: int = self.owner.send("By the right clock")
        self.wait_for("the first on the glass", lambda: is_shown(self.owner, number))
        return number

    def send_by_a_wrong_clock(self, visitor: Any, first: int) -> int:
        """Send while the first message is on the glass, and read that by a press."""
        key = {"Idempotency-Key": f"wrong-{time.time_ns()}"}
        asked = {"json": {"text": "By a wrong clock"}, "headers": key}
        status, body = visitor.ask("POST", "/api/v1/messages", **asked)
        assert status == 201
        again, same = visitor.ask("POST", "/api/v1/messages", **asked)
        assert (again, same["id"]) == (201, body["id"])
        assert is_shown(visitor, first)
        self.press()
        self.wait_for("the second on the glass", lambda: is_shown(visitor, body["id"]))
        return int(body["id"])

    def send_by_the_right_clock_again(self, second: int) -> None:
        """Send with the session of before; what came by a wrong clock comes first."""
        self.owner.renew()
        third = self.owner.send("By the right clock again")
        assert is_shown(self.owner, second)
        assert queue(self.owner) == [second, third]
        for number, then in ((second, lambda: is_shown(self.owner, third)), (third, self.is_over)):
            status, _ = self.owner.ask("POST", f"/api/v1/messages/{number}/acknowledge")
            assert status == 200
            self.wait_for("what comes next", then)

    def is_over(self) -> bool:
        """Tell whether there is no message any more."""
        return bool(self.owner.screen() == "clock")


@pytest.fixture
def people(
    owner: Any, machine: Machine, press: Callable[[], None], wait_for: Callable[..., Any]
) -> People:
    """Who meets the appliance."""
    return People(owner, machine, press, wait_for)


def is_shown(owner: Any, number: int) -> bool:
    return bool(owner.ask("GET", f"/api/v1/messages/{number}")[1]["state"] == "shown")


def queue(owner: Any) -> list[int]:
    status, body = owner.ask("GET", "/api/v1/messages?state=waiting,shown")
    assert status == 200
    return sorted(message["id"] for message in body["messages"])


def no_unit_failed(pi: Callable[[str], str]) -> bool:
    return not pi("systemctl --failed --no-legend --plain")


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("when", WRONG)
def test_people_are_served_in_order_while_the_clock_is_wrong(
    when: str,
    pi_clock: PiClock,
    people: People,
    current: Callable[[], bytes],
    wait_for: Callable[..., Any],
) -> None:
    first = people.send_first()
    glass = wait_for("a panel", current)
    pi_clock.set(WRONG[when]())
    began = time.monotonic()
    visitor = people.visit()
    print(f"{when}: logged in after {time.monotonic() - began:.1f} s")
    second = people.send_by_a_wrong_clock(visitor, first)
    print(f"{when}: served after {time.monotonic() - began:.1f} s")
    assert current() not in (b"", glass)
    # What looks each day whether the certificate ends soon.
    pi_clock.pi("sudo systemctl start inkstand-certificate@renew.service || true")
    assert people.visit().is_served()
    pi_clock.set(time.time())
    began = time.monotonic()
    people.send_by_the_right_clock_again(second)
    print(f"{when}: served by the right clock after {time.monotonic() - began:.1f} s")
    wait_for("no failed unit", lambda: no_unit_failed(pi_clock.pi))
    assert people.visit().is_served()


@pytest.mark.usefixtures("clock")
def test_a_message_leaves_in_its_time_although_the_clock_is_set_back(
    pi_clock: PiClock, people: People, wait_for: Callable[..., Any]
) -> None:
    asked = {"json": {"text": "For a moment", "show_for": 20}}
    status, body = people.owner.ask("POST", "/api/v1/messages", **asked)
    assert status == 201
    wait_for("it on the glass", lambda: is_shown(people.owner, body["id"]))
    pi_clock.set(time.time() - DAY)
    wait_for("the clock", people.is_over)


@pytest.mark.usefixtures("clock", "pi_clock")
def test_the_time_is_shown_once_it_is_synchronised(
    owner: Any,
    pi: Callable[[str], str],
    current: Callable[[], bytes],
    wait_for: Callable[..., Any],
) -> None:
    def is_synchronised() -> bool:
        return bool(owner.ask("GET", "/api/v1/status")[1]["time"]["synchronised"])

    assert not is_synchronised()
    without = wait_for("a panel", current)
    pi(f"sudo touch {TOLD}")
    try:
        wait_for("the right time", is_synchronised)
        wait_for("the time on the glass", lambda: current() not in (b"", without))
    finally:
        pi(f"sudo rm {TOLD}")
    wait_for("no time again", lambda: not is_synchronised())


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("when", ["1970", "ten years ahead"])
def test_people_are_served_after_a_start_with_a_wrong_clock(
    when: str, machine: Machine, pi_clock: PiClock, people: People, wait_for: Callable[..., Any]
) -> None:
    first, started = people.send_first(), actions.boot_id(machine)
    pi_clock.set_that_of_the_board(WRONG[when]())
    # The connection may be cut before the program ends.
    attempt(ssh.command(machine, "sudo", "systemctl", "--no-block", "reboot"))
    wait_for("another start", lambda: actions.boot_id(machine) not in ("", started), seconds=1200)
    people.knock().wait_served()
    # systemd lets no clock be older than itself.
    print(f"{when}: off by {pi_clock.is_off_by() / DAY:.0f} days")
    assert abs(pi_clock.is_off_by()) > DAY / 2
    visitor = people.visit()
    wait_for("what was there before on the glass", lambda: is_shown(visitor, first))
    second = people.send_by_a_wrong_clock(visitor, first)
    pi_clock.set(time.time())
    people.send_by_the_right_clock_again(second)
    wait_for("no failed unit", lambda: no_unit_failed(pi_clock.pi))
    assert set(people.owner.taken) <= set(people.owner.history())
