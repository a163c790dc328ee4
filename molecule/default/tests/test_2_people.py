"""Several people on one appliance, and what they choose while it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e
ANNA = {"name": "Anna", "password": "four words and more"}
OTHER = "another four words and more"


@pytest.fixture
def somebody(anonymous: Client) -> Iterator[Client]:
    """Somebody with a browser of their own."""
    client = Client(anonymous.address, anonymous.ca)
    yield client
    client.pool.close()


def test_who_is_invited_comes_in_sends_and_is_out_when_removed(api: Any, somebody: Client) -> None:
    status, made = api.ask("POST", "/api/v1/invitations", json={"role": "sender"})
    assert status == 201, made
    place, _, secret = made["url"].rpartition("#")
    assert place == "https://localhost/invite"
    sent = {"secret": secret, **ANNA}
    assert somebody.ask("POST", "/api/v1/invitation/accept", json=sent)[0] == 201
    assert somebody.ask("POST", "/api/v1/invitation/accept", json=sent)[0] == 404
    somebody.log_in({"username": ANNA["name"], "password": ANNA["password"]})
    status, message = somebody.ask("POST", "/api/v1/messages", json={"text": "Tea is ready"})
    assert (status, message["author"]) == (201, "Anna")
    assert somebody.ask("GET", "/api/v1/people")[0] == 403
    assert api.ask("DELETE", "/api/v1/people/Anna") == (204, None)
    assert somebody.ask("GET", "/api/v1/panel")[0] == 401


def test_an_owner_who_forgot_the_password_has_that_of_host_vars_again(
    api: Any, somebody: Client, pi: Any, login: dict[str, str], wait_for: Callable[..., Any]
) -> None:
    somebody.log_in(login)
    sent = {"old": login["password"], "new": OTHER}
    assert somebody.ask("PUT", "/api/v1/me/password", json=sent) == (204, None)
    somebody.token = ""
    assert somebody.ask("POST", "/api/v1/session", json=login)[0] == 401
    somebody.log_in({**login, "password": OTHER})
    assert "The owner logs in with the password" in pi.check_output("inkstand-host reset-owner")
    session = partial(somebody.request, "GET", "/api/v1/session")
    wait_for("the session has ended", lambda: session().status == 401)
    api.token = ""
    api.log_in(login)


@pytest.mark.usefixtures("clock")
def test_a_screen_that_is_chosen_while_it_runs_comes_onto_the_glass(
    api: Any,
    current: Callable[[], bytes],
    shows_clock: Callable[[], bool],
    wait_for: Callable[..., Any],
) -> None:
    before = current()
    screen = {"name": "guests", "pack": "wifi", "settings": {"network": "Guests"}}
    chosen = {"screens": [screen], "playlist": [{"screen": "guests"}]}
    status, told = api.ask("PATCH", "/api/v1/settings", json=chosen)
    assert status == 200, told
    wait_for("the screen on the glass", lambda: current() not in (b"", before))
    status, told = api.ask("PATCH", "/api/v1/settings", json={"screens": None, "playlist": None})
    assert status == 200, told
    wait_for("the clock on the glass", shows_clock)
