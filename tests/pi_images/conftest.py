"""What the tests of the images for Pis share."""

from __future__ import annotations

import sys
from pathlib import Path

# Run from the root of the repository, as its users do; pytest is not always started there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
