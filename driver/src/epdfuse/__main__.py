"""`python3 -m epdfuse`."""

import sys

from epdfuse.cli import main

sys.exit(main())
