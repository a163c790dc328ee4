"""The Pi as the doctor sees it: files, programs, addresses."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE_S = 30.0


class Machine:
    """The host; the tests make one of files."""

    root = Path("/")

    def read(self, path: str) -> str:
        """Give a file's text without blanks around it, nothing when it cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip(" \n\0")
        except OSError:
            return ""

    def found(self, pattern: str) -> list[Path]:
        """List files by a pattern."""
        return sorted(self.root.glob(pattern))

    def run(self, *argv: str) -> tuple[int, str]:
        """Run a program: its status and what it said; 127 when there is none, 124 when it hangs."""
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                argv,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                env=environment,
                check=False,
            )
        except FileNotFoundError:
            return 127, f"there is no {argv[0]}"
        except subprocess.TimeoutExpired:
            return 124, f"{argv[0]} does not answer"
        return done.returncode, (done.stdout + done.stderr).strip()

    def disk(self, path: str) -> tuple[int, int, int, float]:
        """Give number, free and all bytes of a file system, and the share of free inodes."""
        place = self.root / path.lstrip("/")
        status, room = os.stat(place), os.statvfs(place)  # noqa: PTH116  (beside statvfs)
        share = room.f_favail / room.f_files if room.f_files else 1.0
        usage = shutil.disk_usage(place)
        return status.st_dev, usage.free, usage.total, share

    def now(self) -> float:
        """Give the time in seconds since 1970."""
        return time.time()

    def unreachable(self, host: str, port: int) -> str:
        """Say why nobody answers at a port; nothing when somebody does."""
        try:
            socket.create_connection((host, port), timeout=5).close()
        except socket.gaierror:
            return "its name cannot be resolved"
        except OSError as error:
            return f"does not answer ({error.strerror or error})"
        return ""

    def ask(self, url: str) -> Any:
        """Give the JSON that an address answers; None when it does not."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return parsed(error.read().decode(errors="replace"))
        except (OSError, ValueError):
            return None


def parsed(text: str) -> Any:
    """Give what a text of JSON says, None when it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
