"""``python3 -m pigpiod_bridge``."""

import sys

from pigpiod_bridge.cli import main

if __name__ == "__main__":
    sys.exit(main())
