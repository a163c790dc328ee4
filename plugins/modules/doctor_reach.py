"""An Ansible module that looks at an Inkstand from outside, as its visitors do."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cryptography import x509

DOCUMENTATION = """
module: doctor_reach
short_description: Looks at an Inkstand from outside
description:
  - Asks the DNS for its name, connects to its ports, and reads the certificate that it serves.
  - To be run on the controller, whose Python has the library cryptography. It changes nothing.
author: The Inkstand authors
options:
  name:
    description: The name that people type.
    type: str
    required: true
  address:
    description: Name or address by which this computer reaches the host.
    type: str
    required: true
  http_port:
    description: The port of HTTP there.
    type: int
    required: true
  https_port:
    description: The port of HTTPS there.
    type: int
    required: true
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = """
- name: Look from outside
  doctor_reach:
    name: mac.example.com
    address: 192.168.1.20
    http_port: 80
    https_port: 443
  delegate_to: localhost
"""

RETURN = """
findings:
  description: What was seen of each thing, how bad it is (ok, warn, FAIL), and the fix.
  returned: always
  type: list
  elements: dict
  sample: [{level: ok, what: port 443, seen: answers, fix: ""}]
"""

OK, WARN, FAIL = "ok", "warn", "FAIL"
PATIENCE_S = 5.0
# What Traefik calls the certificate that it serves while it has none.
NONE = "TRAEFIK DEFAULT CERT"
RENEW = "ansible-playbook playbook.yml --tags traefik;  docker logs inkstand-traefik  says why not"

Finding = dict[str, str]


def finding(level: str, what: str, seen: str, fix: str = "") -> Finding:
    """Give what was seen of one thing."""
    return {"level": level, "what": what, "seen": seen, "fix": fix}


def is_address(name: str) -> bool:
    """Tell whether a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def addresses(name: str) -> set[str]:
    """Ask for the addresses of a name; none when nobody knows it."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        return set()


def judge_name(name: str, found: set[str], host: set[str]) -> Finding:
    """Judge where a name leads, given the addresses of the name and of the host."""
    if is_address(name):
        return finding(OK, "DNS", f"{name} needs none")
    if not found:
        fix = f"make {name} known to your DNS or router, or set another traefik_host"
        return finding(FAIL, "DNS", f"{name} is unknown to this computer", fix)
    seen = f"{name} is {', '.join(sorted(found))}"
    if not host or found & host:
        return finding(OK, "DNS", seen)
    fix = "right if a router forwards ports 80 and 443 from there; else repair the DNS"
    return finding(WARN, "DNS", f"{seen}, the host {', '.join(sorted(host))}", fix)


def port(address: str, number: int) -> Finding:
    """Connect to a port."""
    try:
        socket.create_connection((address, number), timeout=PATIENCE_S).close()
    except OSError as error:
        fix = "docker start inkstand-traefik; is a firewall or a router between?"
        seen = f"{address} does not answer: {error.strerror or error}"
        return finding(FAIL, f"port {number}", seen, fix)
    return finding(OK, f"port {number}", f"{address} answers")


def served(name: str, address: str, number: int) -> bytes:
    """Give the certificate, in DER, that is served to who asks for a name.

    Raises:
        OSError: nobody answers, or not with TLS.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    # Whether it is to be trusted is not the question; most are of an authority of their own.
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, number), timeout=PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""


def certificate(name: str, address: str, number: int) -> Finding:
    """Look at the certificate."""
    from cryptography import x509  # noqa: PLC0415  (only the controller has it)

    try:
        found = x509.load_der_x509_certificate(served(name, address, number))
    except (OSError, ValueError) as error:
        return finding(
            FAIL, "certificate", f"none is served: {error}", "docker restart inkstand-traefik"
        )
    begin, end = found.not_valid_before_utc, found.not_valid_after_utc
    return judge_certificate(name, names(found), begin, end, dt.datetime.now(dt.UTC))


def names(found: x509.Certificate) -> set[str]:
    """List what a certificate is for; what Traefik makes up itself is for nothing."""
    from cryptography import x509  # noqa: PLC0415  (only the controller has it)

    common = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if common and common[0].value == NONE:
        return set()
    try:
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    hosts = alternative.get_values_for_type(x509.DNSName)
    return {*hosts, *map(str, alternative.get_values_for_type(x509.IPAddress))}


def covers(known: set[str], name: str) -> bool:
    """Tell whether a certificate for these names is for that name."""
    return bool({name, f"*.{name.partition('.')[2]}"} & known)


def days(span: dt.timedelta) -> str:
    """Say how many days, of which the last is not whole."""
    number = span.days
    return {0: "less than a day", 1: "1 day"}.get(number, f"{number} days")


def judge_certificate(
    name: str, known: set[str], begin: dt.datetime, end: dt.datetime, now: dt.datetime
) -> Finding:
    """Judge a certificate by what it is for, and how much of its life is left."""
    if not covers(known, name):
        seen = f"is for {', '.join(sorted(known)) or 'nobody'}, not for {name}"
        return finding(FAIL, "certificate", seen, RENEW)
    if now >= end:
        return finding(FAIL, "certificate", f"ended {days(now - end)} ago", RENEW)
    seen = f"{days(now - begin)} old, ends in {days(end - now)}"
    if end - now < (end - begin) / 10:
        return finding(WARN, "certificate", seen, RENEW)
    return finding(OK, "certificate", seen)


def examine(question: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at everything."""
    name, address = question["name"], question["address"]
    yield judge_name(name, addresses(name), addresses(address))
    yield port(address, question["http_port"])
    secure = port(address, question["https_port"])
    yield secure
    if secure["level"] == OK:
        yield certificate(name, address, question["https_port"])


def main() -> None:
    """Answer Ansible."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "http_port": {"type": "int", "required": True},
            "https_port": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, findings=list(examine(module.params)))


if __name__ == "__main__":
    main()
