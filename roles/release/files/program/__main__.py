"""Run as `python3 -I -S /usr/local/lib/inkstand-release`."""

import sys

from inkstand_release.cli import main

if __name__ == "__main__":
    sys.exit(main())
