"""Which files are units, and which units run from which files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inkstand_host import systemd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/etc/systemd/system/inkstand-ca.socket", "inkstand-ca.socket"),
        ("/etc/systemd/system/inkstand-ca@.service", ""),
        ("/etc/systemd/system/sockets.target.wants/inkstand-ca.socket", ""),
        ("/etc/systemd/system/sockets.target.wants", ""),
        ("/etc/tmpfiles.d/inkstand-time.conf", ""),
    ],
)
def test_a_unit_is_a_file_of_systemd_that_can_be_started(path: str, unit: str) -> None:
    assert systemd.unit_of(path) == unit


def test_a_unit_is_restarted_for_itself_and_for_the_program_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "_UNITS", tmp_path)
    (tmp_path / "watch.service").write_text("ExecStart=/usr/bin/python3 -I /usr/local/lib/watch.py")
    assert systemd.runs_from("watch.service", {str(tmp_path / "watch.service")})
    assert systemd.runs_from("watch.service", {"/usr/local/lib/watch.py"})
    assert systemd.runs_from(
        "watch.service", {"/usr/local/lib/watch.py", "/usr/local/lib/other.py"}
    )
    assert not systemd.runs_from("watch.service", {"/usr/local/lib/other.py"})
    assert not systemd.runs_from("gone.service", {"/usr/local/lib/watch.py"})
