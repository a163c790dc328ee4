"""Run `python -m virtual_pi`."""

import sys

from virtual_pi.cli import main

if __name__ == "__main__":
    sys.exit(main())
