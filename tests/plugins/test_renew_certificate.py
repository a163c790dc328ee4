"""When the certificate of the Pi's own authority is signed anew, and what stays the same."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "roles" / "traefik" / "templates" / "dynamic.yml.j2"
PEM = serialization.Encoding.PEM
NOW = dt.datetime(2027, 6, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LEFT, LIFE = 30 * DAY, 396 * DAY
SENTENCE = "that a renewed one is noticed: "


@pytest.fixture(scope="module")
def program(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("roles/traefik/files/renew_certificate.py")


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def sign(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    days: tuple[float, float],
) -> x509.Certificate:
    return (
        x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), 7)
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mac.home.arpa")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
        .sign(by, hashes.SHA256())
    )


def routes(told: str) -> str:
    return f"# The certificate in use, so {SENTENCE}{told}\nhttp: {{}}\n"


def written(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Place:
    """What the role makes, with a certificate that lasts from day to day, counted from now."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.key, self.authority_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        for part in ("ca", "config/tls", "config/dynamic"):
            (directory / part).mkdir(parents=True)
        (directory / "ca" / "ca.key").write_bytes(written(self.authority_key))
        self.path = directory / "config" / "tls" / "certificate.pem"
        self.path.with_name("key.pem").write_bytes(written(self.key))
        self.routes = directory / "config" / "dynamic" / "inkstand.yml"
        self.lasts(-300, 96)
        self.trusts(-300, 3000)

    def lasts(self, begin: float, end: float, by: ec.EllipticCurvePrivateKey | None = None) -> None:
        made = sign("mac.home.arpa", "CA", self.key, by or self.authority_key, (begin, end))
        self.path.write_bytes(made.public_bytes(PEM))
        self.routes.write_text(
            f"# The certificate in use, so {SENTENCE}{self.told()}\nhttp: {{}}\n"
        )

    def trusts(self, begin: float, end: float) -> None:
        self.authority = sign("CA", "CA", self.authority_key, self.authority_key, (begin, end))
        (self.directory / "ca.pem").write_bytes(self.authority.public_bytes(PEM))

    def told(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.path.read_bytes())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def renew(
    program: ModuleType, place: Place, now: dt.datetime = NOW, *, synchronised: bool = True
) -> str:
    said: str = program.renew(place.directory, now, LEFT, LIFE, synchronised=synchronised)
    return said


def test_nothing_is_written_while_there_is_time(program: ModuleType, place: Place) -> None:
    place.lasts(-300, 31)
    before = place.path.read_bytes(), place.routes.stat().st_mtime_ns
    assert renew(program, place) == "The certificate lasts until 2027-07-02."
    assert (place.path.read_bytes(), place.routes.stat().st_mtime_ns) == before
    assert not (place.directory / "ca.crl").exists()


@pytest.mark.parametrize(("begin", "end"), [(-370, 29), (-400, -3), (2, 398)])
def test_one_that_ends_soon_has_ended_or_has_not_begun_is_signed_anew(
    program: ModuleType, place: Place, begin: int, end: int
) -> None:
    place.lasts(begin, end)
    old = place.certificate()
    assert renew(program, place) == "The certificate was renewed and lasts until 2028-07-01."
    new = place.certificate()
    new.verify_directly_issued_by(place.authority)
    assert (new.not_valid_before_utc, new.not_valid_after_utc) == (NOW - DAY, NOW + LIFE)
    assert new.public_key() == old.public_key()
    assert new.subject == old.subject
    assert list(new.extensions) == list(old.extensions)
    assert new.serial_number != old.serial_number


def test_a_clock_that_may_be_ahead_signs_nothing(program: ModuleType, place: Place) -> None:
    place.lasts(-300, 96)
    before = place.path.read_bytes()
    with pytest.raises(program.CannotRenewError, match=r"ended 2027-09-05 by a clock that nobody"):
        renew(program, place, NOW + 700 * DAY, synchronised=False)
    assert place.path.read_bytes() == before
    assert "was renewed" in renew(program, place, NOW + 700 * DAY)
    assert place.certificate().not_valid_before_utc == NOW + 699 * DAY
    # Once it is right again, it need not be by the network.
    assert "was renewed" in renew(program, place, synchronised=False)
    assert place.certificate().not_valid_before_utc == NOW - DAY


@pytest.mark.parametrize(("begin", "end"), [(-370, 29), (2, 398)])
def test_a_clock_that_nobody_keeps_right_signs_in_good_time(
    program: ModuleType, place: Place, begin: int, end: int
) -> None:
    place.lasts(begin, end)
    assert "was renewed" in renew(program, place, synchronised=False)


@pytest.mark.parametrize(
    ("script", "synchronised"),
    [("echo yes", True), ("echo no", False), ("exit 1", False), ("", False)],
)
def test_systemd_says_whether_a_time_server_set_the_clock(
    program: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    script: str,
    synchronised: bool,
) -> None:
    if script:
        asked = tmp_path / "timedatectl"
        asked.write_text(f"#!/bin/sh\n[ $2 = --property=NTPSynchronized ] && {script}\n")
        asked.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.is_synchronised() is synchronised


@pytest.mark.parametrize("left", [0, 1, 200])
def test_one_that_was_cut_off_is_made_again_with_its_names(
    program: ModuleType, place: Place, left: int
) -> None:
    renew(program, place)
    old, whole = place.certificate(), place.path.read_bytes()
    place.path.write_bytes(whole[:left])
    assert renew(program, place) == "The certificate was renewed and lasts until 2028-07-01."
    new = place.certificate()
    new.verify_directly_issued_by(place.authority)
    assert (list(new.extensions), new.public_key()) == (list(old.extensions), old.public_key())
    assert place.told() in place.routes.read_text()


def test_one_that_was_cut_off_before_it_was_ever_whole_is_for_the_playbook(
    program: ModuleType, place: Place
) -> None:
    place.path.write_bytes(b"")
    with pytest.raises(program.CannotRenewError, match="Run the playbook"):
        renew(program, place)


def test_one_that_does_not_fit_its_key_is_made_again_for_it(
    program: ModuleType, place: Place
) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    place.path.with_name("key.pem").write_bytes(written(other))
    assert "was renewed" in renew(program, place)
    assert place.certificate().public_key() == other.public_key()
    assert "was renewed" not in renew(program, place)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_key_that_cannot_be_read_is_for_the_playbook(
    program: ModuleType, place: Place, content: bytes
) -> None:
    place.path.with_name("key.pem").write_bytes(content)
    with pytest.raises(program.CannotRenewError, match=r"key cannot be read .* Run the playbook"):
        renew(program, place)


def test_it_is_done_once(program: ModuleType, place: Place) -> None:
    place.lasts(-370, 29)
    renew(program, place)
    new = place.certificate()
    assert renew(program, place) == "The certificate lasts until 2028-07-01."
    assert place.certificate() == new


def test_traefik_is_told_as_the_role_tells_it(program: ModuleType, place: Place) -> None:
    assert SENTENCE in TEMPLATE.read_text()
    place.lasts(-370, 29)
    old = place.told()
    renew(program, place)
    assert place.told() != old
    assert place.routes.read_text() == routes(place.told())
    assert place.routes.stat().st_mode & 0o777 == 0o644


def test_traefik_is_told_later_when_the_power_was_cut_before(
    program: ModuleType, place: Place
) -> None:
    place.lasts(-370, 29)
    before = place.routes.read_text()
    renew(program, place)
    place.routes.write_text(before)
    renew(program, place)
    assert place.told() in place.routes.read_text()


def test_the_list_of_revoked_certificates_is_good_for_longer(
    program: ModuleType, place: Place
) -> None:
    place.lasts(-370, 29)
    renew(program, place)
    found = x509.load_der_x509_crl((place.directory / "ca.crl").read_bytes())
    assert found.is_signature_valid(place.authority_key.public_key())
    assert found.next_update_utc is not None
    assert found.next_update_utc > place.certificate().not_valid_after_utc
    assert list(found) == []


def test_it_does_not_outlast_the_authority_and_is_not_signed_each_day_for_that(
    program: ModuleType, place: Place
) -> None:
    place.trusts(-3630, 20)
    place.lasts(-395, 1)
    assert "was renewed" in renew(program, place)
    assert place.certificate().not_valid_after_utc == place.authority.not_valid_after_utc
    assert "was renewed" not in renew(program, place, NOW + DAY)


def gone(place: Place) -> None:
    place.path.unlink()


def broken(place: Place) -> None:
    place.path.write_text("-----BEGIN CERTIFICATE-----\n")


def not_its_own(place: Place) -> None:
    place.lasts(-370, 29, ec.generate_private_key(ec.SECP256R1()))


def no_key(place: Place) -> None:
    (place.directory / "ca" / "ca.key").unlink()


def clock_is_behind(place: Place) -> None:
    place.trusts(1, 3000)


def authority_has_ended(place: Place) -> None:
    place.trusts(-3000, -1)


@pytest.mark.parametrize(
    ("happened", "sentence"),
    [
        (gone, "The certificate cannot be read"),
        (broken, "The certificate cannot be read"),
        (not_its_own, "The certificate is not the authority's. Run the playbook"),
        (no_key, "The authority cannot be read"),
        (clock_is_behind, "The clock is before the authority's beginning"),
        (authority_has_ended, "The authority itself has ended. Run the playbook"),
    ],
)
def test_it_says_what_is_wrong_and_changes_nothing(
    program: ModuleType, place: Place, happened: Callable[[Place], None], sentence: str
) -> None:
    place.lasts(-370, 29)
    happened(place)
    before = place.path.read_bytes() if place.path.exists() else None
    with pytest.raises(program.CannotRenewError, match=sentence):
        renew(program, place)
    assert (place.path.read_bytes() if place.path.exists() else None) == before


def test_the_unit_fails_when_it_cannot_be_done(
    program: ModuleType, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--directory", str(place.directory), "--days", "396", "--left", "30"]
    gone(place)
    assert program.main(options) == 1
    assert "The certificate cannot be read" in capsys.readouterr().err
