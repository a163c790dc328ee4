"""`inkstand demo`, as somebody meets it who tries Inkstand for the first time."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PIL import Image

from images.app.tests.e2e.conftest import Demo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_message_comes_onto_the_glass_and_enter_brings_the_clock_back(demo: Demo) -> None:
    clock = demo.glass_after(b"")
    answer = demo.send("Hello World!")
    assert (answer.status_code, answer.json()) == (201, {"message": "Hello World!"})
    message = demo.glass_after(clock)
    assert Image.open(io.BytesIO(message)).size == (264, 176)
    demo.command.press_enter()
    assert demo.glass_after(message) != message


def test_the_button_can_be_pressed_by_a_request(demo: Demo) -> None:
    clock = demo.glass_after(b"")
    demo.send("Hello World!")
    message = demo.glass_after(clock)
    assert requests.post(demo.url + "demo/press", timeout=60).status_code == 200
    assert demo.glass_after(message) != message


def test_a_long_and_a_double_press_can_be_asked_for(demo: Demo) -> None:
    clock = demo.glass_after(b"")
    press = demo.url + "demo/press"
    assert requests.post(press, params={"gesture": "long"}, timeout=60).status_code == 200
    status = demo.glass_after(clock)
    demo.send("Hello World!")
    message = demo.glass_after(status)
    requests.post(press, timeout=60)
    clock = demo.glass_after(message)
    assert requests.post(press, params={"gesture": "double"}, timeout=60).status_code == 200
    assert demo.glass_after(clock) == message
    assert requests.post(press, params={"gesture": "wink"}, timeout=60).status_code == 400


def test_packs_take_turns_and_enter_brings_the_next(
    start: Callable[..., Any], inkstand: Callable[..., Any], tmp_path: Path
) -> None:
    demo = Demo(start("demo", "--packs", "--port", "0"))
    before = demo.screen()
    assert before["screen"] == "pack"
    # The turn of one that a press brought lasts for some minutes; that of the first may end now.
    shown = None
    while shown != "wifi":
        demo.command.press_enter()
        demo.wait_until(partial(another, demo, before))
        before = demo.screen()
        shown = before["name"]
    preview = tmp_path / "wifi.png"
    arguments = ("packs", "preview", "wifi", "--size", "264x176", "--output", str(preview))
    assert inkstand(*arguments).returncode == 0
    expected = pixels(preview.read_bytes())
    # Until it was drawn it is the clock.
    demo.wait_until(lambda: pixels(demo.glass()) == expected)


def another(demo: Demo, before: dict[str, Any]) -> bool:
    return demo.screen() != before


def pixels(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as picture:
        found: bytes = picture.convert("1").tobytes()
    return found


def test_no_page_of_another_site_can_press_the_button(demo: Demo) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = requests.post(demo.url + "demo/press", headers=headers, timeout=60)
    assert answer.status_code == 403


def test_the_client_of_2017_gets_what_it_expects(demo: Demo) -> None:
    """Its first token is stale, so it logs in and sends again, with the bare token."""
    stale = {"Authorization": "stale"}
    body = {"message": "from 2017"}
    answer = requests.post(demo.url + "messages", json=body, headers=stale, timeout=60)
    with pytest.raises(requests.HTTPError):
        answer.raise_for_status()
    fresh = {"Authorization": demo.log_in()}
    answer = requests.post(demo.url + "messages", json=body, headers=fresh, timeout=60)
    answer.raise_for_status()
    assert answer.json() == body


def test_where_the_usual_port_is_in_use_a_demo_takes_the_next_and_says_so(
    start: Callable[..., Any],
) -> None:
    """Either somebody else holds it, or the first of two demos does."""
    demo, port = start("demo"), r"Open +http://\S+:([0-9]+)/"
    taken = demo.wait_for(port)[1]
    if taken == "8000":
        demo = start("demo")
        taken = demo.wait_for(port)[1]
    assert f"Port 8000 is in use; taking {taken} instead.\n" in demo.lines


def test_a_port_that_was_asked_for_and_is_in_use_is_an_error(
    demo: Demo, inkstand: Callable[..., Any]
) -> None:
    port = demo.url.rstrip("/").rpartition(":")[2]
    result = inkstand("demo", "--port", port)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in result.stderr


def test_ctrl_c_stops_it_cleanly(demo: Demo) -> None:
    demo.send("Hello")
    assert demo.command.interrupt() == 0
    assert demo.command.lines[-1] == "Stopped.\n"
    assert "Traceback" not in "".join(demo.command.lines)
