"""A real Home Assistant, of PyPI, in a Debian of its own, for its Python is newer than ours."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from tools.common import apt, rootfs
from tools.common.commands import run
from tools.common.paths import CACHE

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 300.0
# pycares: the one before it took names away that aiodns still has in its types.
PACKAGES = ("homeassistant==2025.11.3", "pycares<5", "hass-nabucasa", "home-assistant-frontend")
DEBIAN = ("ca-certificates", "g++", "gcc", "libc6-dev", "python3-dev", "python3-venv")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
USER, PASSWORD = "ada", "correct horse battery staple"
HOOKS = (
    f'cp -L {CERTIFICATES} "$1{CERTIFICATES}"',
    '! test -e /etc/pip.conf || cp -L /etc/pip.conf "$1/etc/"',
    'chroot "$1" python3 -m venv /venv',
    f'chroot "$1" /venv/bin/pip install --quiet --prefer-binary {shlex.join(PACKAGES)}',
    'mkdir "$1/config"',
)


def make_root() -> Path:
    """Return a root file system with Home Assistant in it, made when the cache has none."""
    options = [f"--include={','.join(DEBIAN)}", *(f"--customize-hook={hook}" for hook in HOOKS)]
    *command, suite = (*rootfs.MMDEBSTRAP[:-1], *options, rootfs.SUITE)
    root = CACHE / f"home-assistant-{rootfs.key(' '.join(command).encode())}"

    def make(path: Path) -> None:
        # Tests may run where it is not, and programs in it are found.
        run(["unshare", "--mount", *command, suite, str(path)])

    if shutil.which("mmdebstrap") is None:
        apt.update()
        apt.install(["mmdebstrap", "debian-archive-keyring"])
    with rootfs.alone():
        rootfs.built(root, make)
    return root


def _entry(broker_port: int) -> dict[str, Any]:
    then = "2025-01-01T00:00:00+00:00"
    return {
        "created_at": then,
        "modified_at": then,
        "data": {"broker": "127.0.0.1", "port": broker_port, "protocol": "5"},
        "disabled_by": None,
        "discovery_keys": {},
        "domain": "mqtt",
        "entry_id": "broker",
        "version": 1,
        "minor_version": 2,
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "title": "broker",
        "unique_id": None,
    }


class HomeAssistant:
    """One that knows a broker, and answers on `port` of this machine."""

    def __init__(self, root: Path, config: Path, port: int, broker_port: int) -> None:
        self._root = root
        self._config = config
        self._url = f"http://127.0.0.1:{port}"
        self._token = ""
        (config / ".storage").mkdir(parents=True)
        address = f"http:\n  server_host: 127.0.0.1\n  server_port: {port}\n"
        (config / "configuration.yaml").write_text(f"{address}api:\nimage:\n")
        entries = {"entries": [_entry(broker_port)]}
        key = "core.config_entries"
        stored = {"version": 1, "minor_version": 5, "key": key, "data": entries}
        (config / ".storage" / key).write_text(json.dumps(stored))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and return when it has let us in."""
        line = self._line("--script", "auth", "-c", "/config", "add", USER, PASSWORD)
        subprocess.run(line, check=True, capture_output=True, timeout=PATIENCE)
        with (self._config / "output").open("wb") as output:
            line = self._line("-c", "/config")
            self._process = subprocess.Popen(line, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + PATIENCE
        while not self._token:
            said = (self._config / "output").read_text()
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            try:
                self._log_in()
            except urllib.error.URLError:
                time.sleep(0.2)

    def stop(self) -> None:
        """End it, with all that it has started."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return what it knows of each entity."""
        return {each["entity_id"]: each for each in json.loads(self._ask("/api/states"))}

    def until(self, entity: str, **wanted: object) -> dict[str, Any]:
        """Return what it knows of an entity, once it has these values or attributes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            known = self.states().get(entity, {})
            if wanted.items() <= {**known.get("attributes", {}), **known}.items():
                return known
            assert time.monotonic() < deadline, f"{entity} is {known}, not {wanted}"
            time.sleep(0.1)

    def call(self, service: str, entity: str, **data: object) -> None:
        """Do something, such as notify/send_message."""
        self._ask(f"/api/services/{service}", {"entity_id": entity, **data})

    def picture(self, entity: str) -> bytes:
        """Return the picture of an image entity."""
        return self._ask(self.states()[entity]["attributes"]["entity_picture"])

    def _line(self, *arguments: str) -> list[str]:
        ours, its = shlex.quote(str(self._config)), shlex.quote(str(self._root))
        hass = f"env HOME=/root SSL_CERT_FILE={CERTIFICATES} /venv/bin/hass {shlex.join(arguments)}"
        inside = f"mount --bind {ours} {its}/config && exec chroot {its} {hass}"
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*apart, f"--mount-proc={self._root}/proc", "sh", "-c", inside]

    def _log_in(self) -> None:
        client = {"client_id": f"{self._url}/"}
        wanted = {"handler": ["homeassistant", None], "redirect_uri": f"{self._url}/"}
        flow = json.loads(self._ask("/auth/login_flow", {**client, **wanted}))["flow_id"]
        given = {**client, "username": USER, "password": PASSWORD}
        code = json.loads(self._ask(f"/auth/login_flow/{flow}", given))["result"]
        form = {**client, "grant_type": "authorization_code", "code": code}
        body = urllib.parse.urlencode(form).encode()
        self._token = json.loads(self._send("/auth/token", body, {}))["access_token"]

    def _ask(self, path: str, body: object = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if body is None:
            return self._send(path, None, headers)
        json_type = {"Content-Type": "application/json"}
        return self._send(path, json.dumps(body).encode(), headers | json_type)

    def _send(self, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(f"{self._url}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content: bytes = answer.read()
        return content


def is_wanted() -> bool:
    """Tell whether it was asked for: to install it takes minutes."""
    return "INKSTAND_HOME_ASSISTANT" in os.environ
