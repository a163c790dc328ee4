"""Stand in for a DNS provider: lego's `httpreq` on one side, pebble-challtestsrv on the other."""

from __future__ import annotations

import base64
import json
import sys
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ADDRESS, PORT, RECORDS, USER, SECRET = sys.argv[1:]
PASSWORD = Path(SECRET).read_text().strip()
EXPECTED = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Provider(BaseHTTPRequestHandler):
    """Sets and clears TXT records for who knows the password."""

    def do_POST(self) -> None:
        """Take `/present` or `/cleanup` with `{"fqdn": ..., "value": ...}`."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != EXPECTED:
            self.send_error(HTTPStatus.UNAUTHORIZED)
            return
        if self.path == "/present":
            _tell("set-txt", {"host": asked["fqdn"], "value": asked["value"]})
        else:
            _tell("clear-txt", {"host": asked["fqdn"]})
        self.send_response(HTTPStatus.OK)
        self.end_headers()


def _tell(what: str, body: dict[str, str]) -> None:
    request = urllib.request.Request(f"{RECORDS}/{what}", json.dumps(body).encode())
    urllib.request.urlopen(request, timeout=10).close()


ThreadingHTTPServer((ADDRESS, int(PORT)), Provider).serve_forever()
