"""Where this repository is, where it keeps what takes long to make, and of what it makes images."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "virtual-pi"
BASE_IMAGE = "debian:trixie-slim"
TRAEFIK_IMAGE = "traefik:v3.7"
