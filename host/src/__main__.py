"""Run as `python3 -I -S /usr/local/lib/inkstand-host`, which `inkstand-host` does."""

import sys

from inkstand_host.cli import main

if __name__ == "__main__":
    sys.exit(main())
