"""`inkstand discover` and what is announced to it, on loopback and by the real library."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zeroconf

from inkstand.client.discovering import TYPE, Appliance, read
from inkstand.client.errors import MisusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from subprocess import Popen

LOOPBACK = "127.0.0.1"
PATIENCE = 60.0
OWN = {"name": "kitchen.local", "path": "/", "api": "1", "ca": "http://kitchen.local/ca.pem"}
PUBLIC = {"name": "mac.example.com:8443", "path": "/", "api": "1"}
# Where zeroconf and what it needs are; the client of these tests has no package of its own.
PACKAGES = str(Path(zeroconf.__file__).parents[1])
NONE = (
    "inkstand: no appliance was found; is `traefik_mdns: true` in its settings, and is this"
    " computer in the same network (not a guest network), with a firewall that lets"
    " UDP port 5353 in?"
)


def said(text: Mapping[str, str], port: int = 443, name: str = "Inkstand on kitchen") -> Appliance:
    encoded = {key.encode(): value.encode() for key, value in text.items()}
    return read(f"{name}.{TYPE}", port, encoded, ["192.0.2.7"])


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "port", "url", "ca"),
    [
        (OWN, 443, "https://kitchen.local", "http://kitchen.local/ca.pem"),
        (OWN, 8443, "https://kitchen.local:8443", "http://kitchen.local/ca.pem"),
        # The port of a name that leads through a router is that router's.
        (PUBLIC, 443, "https://mac.example.com:8443", None),
        (PUBLIC, 9443, "https://mac.example.com:8443", None),
        ({**PUBLIC, "name": "192.0.2.7"}, 443, "https://192.0.2.7", None),
        ({**PUBLIC, "name": "[2001:db8::7]"}, 8443, "https://[2001:db8::7]:8443", None),
    ],
)
def test_an_announcement_is_an_address_and_who_vouches_for_it(
    text: dict[str, str], port: int, url: str, ca: str | None
) -> None:
    assert said(text, port) == Appliance("Inkstand on kitchen", url, ca, ("192.0.2.7",))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "its name is ''"),
        ({"name": "evil.example/login?"}, "its name is 'evil.example/login?', which is none"),
        ({"name": "you@evil.example"}, "its name is 'you@evil.example', which is none"),
        ({"name": "kitchen.local\x1b[2J"}, "its name is 'kitchen.local�[2J', which is none"),
        ({"name": "kitchen.local:0x1"}, "which is none"),
        ({"name": "kitchen.local:99999"}, "Port out of range"),
        ({"name": "[::::]"}, "announces itself wrongly"),
        ({"api": "2"}, "speaks version '2' of the API, and this client 1"),
        ({"api": ""}, "speaks version '' of the API"),
        ({"ca": "http://evil.example/ca.pem"}, "authority is at http://evil.example/ca.pem, anoth"),
        ({"ca": "file:///etc/passwd"}, "authority is at file:///etc/passwd, another place"),
    ],
)
def test_what_makes_no_sense_is_told(changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(MisusedError, match="Inkstand on kitchen") as error:
        said({**OWN, **changed})
    assert sentence in str(error.value)


@pytest.mark.unit
def test_bytes_that_are_no_text_and_names_that_a_terminal_would_obey_are_harmless() -> None:
    with pytest.raises(MisusedError, match="Ink�\\[31m says that its name is '��', which is none"):
        read(f"Ink\x1b[31m.{TYPE}", 443, {b"name": b"\xff\xfe", b"path": None}, [])


@pytest.fixture
def alone() -> Iterator[None]:
    """Wait until no other test on this machine announces something: there is one loopback."""
    place = Path(tempfile.gettempdir()) / f"inkstand-test-mdns-{os.getuid()}"
    with place.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def announce(alone: None) -> Iterator[Callable[..., None]]:
    """Give a function that announces something on loopback, as Avahi would on the network."""
    del alone
    network = zeroconf.Zeroconf(interfaces=[LOOPBACK])

    def register(name: str, text: dict[str, str] | bytes) -> None:
        info = zeroconf.ServiceInfo(
            *(TYPE, f"{name}.{TYPE}", 443, 0, 0, text, "kitchen.local."),
            parsed_addresses=["192.0.2.7"],
        )
        network.register_service(info, cooperating_responders=True)

    yield register
    loop = network.loop
    network.close()
    # It leaves its own loop to Python's collector, which would tell whatever test comes then.
    assert loop is not None
    loop.close()


@pytest.fixture
def discover(inkstand: Any, alone: None) -> Iterator[Callable[..., Popen[str]]]:
    """Give a function that starts the command on loopback, with the library."""
    del alone
    inkstand.environment["PYTHONPATH"] += f":{PACKAGES}"
    begun: list[Popen[str]] = []

    def start(*arguments: str) -> Popen[str]:
        begun.append(inkstand.start("discover", "--interface", LOOPBACK, *arguments))
        return begun[-1]

    yield start
    for each in begun:
        each.kill()
        each.communicate()


@pytest.mark.integration
def test_each_is_printed_as_it_answers(
    discover: Callable[..., Any], announce: Callable[..., None]
) -> None:
    announce("Inkstand on kitchen", OWN)
    announce("Inkstand on mac", PUBLIC)
    process = discover("--timeout", "60")
    trust = "by its own authority, http://kitchen.local/ca.pem"
    assert {process.stdout.readline() for _ in range(2)} == {
        f"Inkstand on kitchen  https://kitchen.local  trusted {trust}\n",
        "Inkstand on mac  https://mac.example.com:8443  trusted like any site\n",
    }
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == -signal.SIGINT


@pytest.mark.integration
def test_programs_get_json(discover: Callable[..., Any], announce: Callable[..., None]) -> None:
    announce("Inkstand on kitchen", OWN)
    assert json.loads(discover("--json", "--timeout", "60").stdout.readline()) == {
        "name": "Inkstand on kitchen",
        "url": "https://kitchen.local",
        "ca": "http://kitchen.local/ca.pem",
        "addresses": ["192.0.2.7"],
    }


@pytest.mark.integration
def test_who_lies_is_named_and_hides_nobody(
    discover: Callable[..., Any], announce: Callable[..., None]
) -> None:
    """Not even with a record that breaks off, or has nothing to say."""
    announce("Liar", {**OWN, "name": "kitchen.local/\x1b[2J"})
    announce("Torn", b"\x0dname=kitchen.l\xffo\xff")
    announce("Mute", b"")
    announce("Inkstand on kitchen", OWN)
    process = discover("--timeout", "60")
    assert process.stdout.readline().startswith("Inkstand on kitchen  https://kitchen.local  ")
    complaints = sorted(process.stderr.readline() for _ in range(3))
    assert [line.split(" says")[0] for line in complaints] == [
        "inkstand: Liar",
        "inkstand: Mute",
        "inkstand: Torn",
    ]
    assert "\x1b" not in "".join(complaints)


@pytest.mark.integration
def test_when_nothing_is_found_it_says_what_to_look_at(discover: Callable[..., Any]) -> None:
    process = discover("--timeout", "1")
    output, complaints = process.communicate()
    assert (process.returncode, output, complaints.strip()) == (4, "", NONE)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (("--timeout", "0"), 2, "'0' is not a time such as 90, 5m, 2h or 1d"),
        (("--interface", "eth0"), 2, "'eth0' is no address of this computer, such as 192.168.1.10"),
        (("--interface", "192.0.2.1"), 1, "cannot ask the network: "),
    ],
)
def test_what_cannot_be_asked_is_said(
    discover: Callable[..., Any], arguments: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    process = discover(*arguments)
    output, complaints = process.communicate()
    assert (process.returncode, output) == (exit_code, "")
    assert sentence in complaints.splitlines()[-1]
    assert "Traceback" not in complaints


@pytest.mark.integration
def test_without_the_library_it_says_how_to_get_it(inkstand: Any) -> None:
    result = inkstand("discover")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "inkstand: this needs zeroconf; run in the repository: pipx install --force"
        " './images/app[discover]' (or on Debian: apt install python3-zeroconf)\n"
    )
