"""Which addresses may be asked: the URL that somebody wrote, and what its name leads to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote, urlsplit

from inkstand.errors import FetchError

PORTS = {"http": 80, "https": 443}
_MAX_HOST = 253
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
# What inet_aton(3) takes for a number: http://2130706433/ and http://0x7f.1/ are this machine.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# All that RFC 3986 lets stand in a path and a query; a % may be the start of what is quoted.
_AS_IT_IS = "/?%:@!$&'()*+,;=~[]"

# https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast. A table of our own:
# what the properties of `ipaddress` say of some of them differs between releases of Python.
_NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind the address translation of a provider
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, where clouds tell their secrets
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # of protocols
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4, which are gone
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# IPv6 the other way round: only this much was ever given to the public, and not all of it.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # of protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was checked: `host` is a name in ASCII or an address, `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Who is asked; what has another may be somebody else."""
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        """The URL made of its parts, so that every reader of it finds the same ones."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def is_public(address: str) -> bool:
    """Tell whether `address` (not a name) is one of the public internet.

    IPv6 that carries an IPv4 address (mapped, 6to4, NAT64) is judged by that one. What cannot be
    read, or names an interface of this machine (`fe80::1%eth0`), is not public.
    """
    found = _read(address)
    if isinstance(found, IPv6Address) and (carried := _carried(found)):
        found = carried
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC)
    if found is None or found not in _GLOBAL_UNICAST:
        return False
    return not any(found in network for network in _NOT_PUBLIC_6)


def is_address(host: str) -> bool:
    """Tell whether `host` is an address in its usual form, and not a name."""
    return _read(host) is not None


def check_url(url: str) -> Target:
    """Return the parts of `url`; nobody is asked what its name leads to.

    Raises:
        FetchError: it is none of http or https, or has something that it must not have.
    """
    if _CONTROL.search(url):
        raise FetchError("a URL must not have control characters in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # What Python says quotes the URL, which may hold a secret.
        raise FetchError("this is not a URL; write one such as https://example.com/data") from None
    if parts.scheme not in PORTS:
        raise FetchError("a URL has to begin with https:// or http://")
    if "@" in parts.netloc:
        raise FetchError("a URL must not have a user or a password in it; use a header")
    if port == 0:
        raise FetchError("a URL must not have the port 0")
    path = quote(parts.path or "/", _AS_IT_IS, errors="surrogateescape")
    query = quote(parts.query, _AS_IT_IS, errors="surrogateescape")
    host = _host(parts.hostname or "")
    return Target(
        parts.scheme, host, port or PORTS[parts.scheme], path + (f"?{query}" if query else "")
    )


def _host(written: str) -> str:
    """Return the host in the one form that is asked for and connected to."""
    if not written or len(written) > _MAX_HOST:
        raise FetchError("a URL has to name a host, such as https://example.com/data")
    if ":" in written:
        if (address := _read(written)) is None:
            raise FetchError("a URL must not have an address of an interface, or a broken one")
        return str(address)
    try:
        # It also turns other digits and dots of Unicode into those of ASCII.
        host = written.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        host = ""
    if not _HOST.fullmatch(host):
        raise FetchError("a URL has to name a host, such as https://example.com/data")
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and _read(host) is None:
        raise FetchError(f"{host} is not a name; write addresses as four decimal numbers")
    return host


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return None if isinstance(found, IPv6Address) and found.scope_id is not None else found


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
