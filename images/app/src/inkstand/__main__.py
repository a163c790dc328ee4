"""`python -m inkstand` is `inkstand`."""

import sys

from inkstand.cli import main

sys.exit(main())
