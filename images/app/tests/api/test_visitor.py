"""Whose address is counted when log-ins fail."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from inkstand.api.visitor import client_address

pytestmark = pytest.mark.unit
PROXIES = (ip_network("172.18.0.0/16"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("172.18.0.4", "198.51.100.7", "198.51.100.7"),
        ("172.18.0.4", "10.9.9.9, 198.51.100.7", "198.51.100.7"),
        ("172.18.0.4", "", "172.18.0.4"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("192.0.2.9", "198.51.100.7", "192.0.2.9"),
        ("", "198.51.100.7", ""),
    ],
)
def test_a_proxy_is_believed_only_when_it_is_ours(
    peer: str, forwarded_for: str, address: str
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == address
