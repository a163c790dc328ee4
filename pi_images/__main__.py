"""Run `python -m pi_images`."""

import sys

from pi_images.cli import main

if __name__ == "__main__":
    sys.exit(main())
