"""Whatever is fetched from elsewhere is named here, with what it is known by.

A new line that fetches something fails until it is in the list, and so does one that is gone.
`docs/security/README.md` says the same in words.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "driver",
    "host",
    "images",
    "meta",
    "pi_images",
    "plugins",
    "roles",
    "tools",
    "virtual_pi",
)
NAMES = {"Dockerfile", "setup", "Makefile", "init", "run"}
SUFFIXES = {".yml", ".py", ".sh", ".j2", ".toml"}
FETCHES = re.compile(
    r"get_url:|builtin\.(?:git|pip|apt_key|apt_repository|deb822_repository):|git clone"
    r"|(?:^|RUN|do|then|&&|\||;|\$\() *(?:curl|wget) [^=]|\[\"(?:curl|wget)\","
    r"|^ADD +\S*:|urlretrieve"
    r"|pip\b[^#]*\b(?:install|download)\b|\"docker\", \"pull\"|apt-get (?:source|download)"
    r"|^FROM |trusted=yes|allow-unauthenticated|AllowInsecure|--no-check-gpg",
    re.MULTILINE,
)
# The file, what is found in it, and what it is known by: a signature, a checksum, or why by none.
KNOWN = {
    ("images/app/Dockerfile", "FROM "): "base",
    ("images/pigpiod/Dockerfile", "FROM "): "base",
    ("images/traefik/Dockerfile", "FROM "): "base",
    ("images/tests/Dockerfile", "FROM "): "base",
    ("virtual_pi/Dockerfile", "FROM "): "base",
    ("images/pigpiod/Dockerfile", "apt-get source"): "SHA-256",
    ("pi_images/engine.py", '"docker", "pull"'): "base",
    ("pi_images/homemade.py", "pip download"): "version",
    ("roles/docker/vars/main.yml", "trusted=yes"): "SHA-256",
    ("roles/epd_driver/tasks/build.yml", "builtin.git:"): "commit",
    ("tools/setup", "apt-get download"): "apt",
    ("tools/setup", "pip install"): "version",
    ("virtual_pi/testing.py", "pip install"): "version",
}
# Images that their makers mend under the same name; a checksum would keep what they mended away.
BY_TAG = {"debian:trixie-slim", "traefik:v3.7"}


def _files() -> list[Path]:
    found = (it for place in PLACES for it in (ROOT / place).rglob("*"))
    beside = (it for it in ROOT.iterdir() if it.suffix in SUFFIXES or it.name in NAMES)
    wanted = [it for it in found if it.name in NAMES or it.suffix in SUFFIXES]
    return [
        it
        for it in (*wanted, *beside, ROOT / ".ci" / "run")
        if it.is_file() and "tests" not in it.relative_to(ROOT).parts[1:-2]
    ]


def _word(line: str) -> str:
    """Return what is fetched with, in few words."""
    if "pip" in line:
        return "pip download" if "download" in line else "pip install"
    return line.strip() if line.strip() != "FROM" else "FROM "


def fetched(text: str) -> set[str]:
    """Return what in a text fetches something from elsewhere."""
    return {_word(found[0]) for found in FETCHES.finditer(text)}


def read(path: str) -> str:
    return (ROOT / path).read_text()


def default(role: str, setting: str) -> str:
    return str(yaml.safe_load(read(f"roles/{role}/defaults/main.yml"))[setting])


def test_all_that_is_fetched_is_known() -> None:
    found = {
        (str(path.relative_to(ROOT)), word)
        for path in _files()
        for word in fetched(path.read_text())
    }
    assert found == set(KNOWN)


@pytest.mark.parametrize(
    "line",
    [
        "  ansible.builtin.get_url:",
        "  ansible.builtin.git:",
        "RUN curl -fsSL https://tool.example/install | sh",
        " && wget https://tool.example/tool",
        'run(["curl", "-O", url])',
        "ADD https://tool.example/tool /usr/bin/tool",
        "FROM alpine:3",
        "RUN pip install --no-cache-dir requests",
        '    run(["docker", "pull", name])',
        "deb [trusted=yes] https://archive.example ./",
        "RUN apt-get install --allow-unauthenticated tool",
    ],
)
def test_a_line_that_fetches_something_is_found(line: str) -> None:
    assert fetched(line)


def test_the_driver_of_2017_is_one_commit() -> None:
    assert re.fullmatch(r"[0-9a-f]{40}", default("epd_driver", "epd_driver_gratis_version"))
    assert 'version: "{{ epd_driver_gratis_version }}"' in read("roles/epd_driver/tasks/build.yml")


def test_the_source_of_pigpio_has_its_checksum() -> None:
    text = read("images/pigpiod/Dockerfile")
    assert re.search(r"^ARG PIGPIO_SHA256=[0-9a-f]{64}$", text, re.MULTILINE)
    checked = text.index("sha256sum --check --strict")
    assert text.index("apt-get source") < checked < text.index("tar --extract")


@pytest.mark.parametrize("need", ["app", "deploy", "dev"])
def test_python_packages_have_one_version(need: str) -> None:
    """Not a checksum: the same version has a file for each machine, some made later."""
    pinned = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+( *;.*)?|-r \S+")
    for name in (f"requirements-{need}.txt", "constraints.txt"):
        lines = [it for it in read(f".config/{name}").splitlines() if it and it[0] != "#"]
        assert [it for it in lines if not pinned.fullmatch(it)] == []
    assert "--constraint .config/constraints.txt" in read("tools/setup")


@pytest.mark.parametrize("part", ["app", "pigpiod", "traefik"])
def test_images_are_made_of_these_two(part: str) -> None:
    assert default(part, f"{part}_base_image") in BY_TAG
    stages = re.findall(
        r"^FROM (\S+)(?: AS (\S+))?", read(f"images/{part}/Dockerfile"), re.MULTILINE
    )
    assert {base for base, _ in stages} <= {"${BASE_IMAGE}", *(name for _, name in stages)}
