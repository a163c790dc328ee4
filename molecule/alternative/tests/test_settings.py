"""Each setting is where it should be, seen from where it matters."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e


def inspected(pi: Any, name: str) -> Any:
    return json.loads(pi.check_output("docker inspect %s", name))[0]


def test_the_title_and_the_name_are_as_they_were_written(
    owner: Any, settings: dict[str, Any]
) -> None:
    welcome = f"Welcome to {settings['app_title']} {settings['app_username']}!"
    assert owner.ask("GET", "/")[:2] == (200, {"message": welcome})


def test_longer_messages_are_refused(owner: Any) -> None:
    assert owner.ask("POST", "/messages", {"message": "x" * 100})[0] == 201
    assert owner.ask("POST", "/messages", {"message": "x" * 101})[0] in (400, 413, 422)


def test_the_other_button_brings_back_the_clock(
    owner: Any, pi: Any, wait_for: Callable[..., Any]
) -> None:
    """One press at a time: two in a hurry are a double one, which shows the last message again."""

    def glass() -> Any:
        return owner.ask("GET", "/api/v1/screen")[1]

    owner.ask("POST", "/messages", {"message": "Press the other one"})
    wait_for("a message on the glass", lambda: glass()["screen"] == "message")
    while (before := glass())["screen"] != "clock":
        pi.check_output("docker exec inkstand-pigpiod press 17")
        wait_for("what comes after it", lambda before=before: glass() != before)


def test_the_other_panel_is_mounted_at_the_other_place(pi: Any, owner: Any) -> None:
    told = pi.file("/run/glass/e-paper/panel/panel").content_string
    assert told == "EPD 2.0 200x96 COG 2 FILM 230\n"
    panel = owner.ask("GET", "/api/v1/panel")[1]
    assert (panel["state"], panel["width"], panel["height"]) == ("ok", 200, 96)
    assert not pi.file("/run/epd").exists


def test_messages_are_kept_at_the_other_place(pi: Any) -> None:
    assert pi.file("/srv/inkstand/messages/messages.sqlite3").size > 0
    assert not pi.file("/var/lib/inkstand").exists


def test_containers_have_the_other_limits_and_networks(pi: Any) -> None:
    found = {
        name: inspected(pi, name)
        for name in ("inkstand-app", "inkstand-pigpiod", "inkstand-traefik")
    }
    memory = {name: it["HostConfig"]["Memory"] // 2**20 for name, it in found.items()}
    assert memory == {"inkstand-app": 192, "inkstand-pigpiod": 48, "inkstand-traefik": 96}
    networks = {name: sorted(it["NetworkSettings"]["Networks"]) for name, it in found.items()}
    assert networks == {
        # The first leads out, since there is a pack.
        "inkstand-app": ["inkstand-internet", "other_bus", "other_edge"],
        "inkstand-pigpiod": ["other_bus"],
        "inkstand-traefik": ["inkstand-public", "other_edge"],
    }
    logs = {json.dumps(it["HostConfig"]["LogConfig"]["Config"]) for it in found.values()}
    assert logs == {'{"max-file": "2", "max-size": "1m"}'}


def test_the_engine_has_the_other_options(pi: Any) -> None:
    told = json.loads(pi.file("/etc/docker/daemon.json").content_string)
    assert told["max-concurrent-downloads"] == 1
    assert told["live-restore"] is True


def test_modern_tls_is_1_3_alone(site: Any) -> None:
    with site.connect().sock as connection:
        assert connection.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        site.connect(maximum_version=ssl.TLSVersion.TLSv1_2)


def test_the_edge_has_the_other_limits(site: Any) -> None:
    status, _, headers = site.ask("GET", "/login")
    assert headers["strict-transport-security"] == "max-age=600"
    assert status < 500
    assert site.ask("POST", "/messages", {"message": "x" * 300_000})[0] == 413
    assert site.ask("GET", "/", name="localhost")[0] == 421
    assert site.ask("GET", "/", name="mac.home.arpa")[0] == 401


def test_http_leads_to_the_other_port(site: Any) -> None:
    plain = http.client.HTTPConnection(site.address, 80, timeout=10)
    plain.request("GET", "/ca.pem", headers={"Host": "kueche.home.arpa"})
    answer = plain.getresponse()
    plain.close()
    assert answer.status in (301, 308)
    assert answer.headers["Location"] == "https://kueche.home.arpa:8443/ca.pem"


def test_the_firewall_lets_through_the_web_alone(site: Any, pi: Any) -> None:
    assert pi.service("inkstand-firewall").is_running
    pi.check_output("systemd-run --quiet --unit forgotten python3 -m http.server 9998")
    assert [port for port in (80, 443, 8081, 9998) if _is_open(site.address, port)] == [80, 443]
    pi.check_output("systemctl stop forgotten")


def _is_open(address: str, port: int) -> bool:
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex((address, port)) == 0


def test_parts_of_the_hardening_that_were_left_out_are_not_there(pi: Any) -> None:
    assert pi.file("/etc/systemd/journald.conf.d/inkstand.conf").contains("RuntimeMaxUse=8M")
    assert not pi.file("/etc/systemd/system.conf.d").exists
    assert not pi.file("/etc/apt/apt.conf.d/52inkstand-unattended-upgrades").exists


def test_no_unit_has_failed(pi: Any) -> None:
    assert pi.check_output("systemctl --failed --no-legend --plain") == ""
