"""``python -m herald``: the command ``herald``."""

import sys

from herald.cli.frame import main

if __name__ == "__main__":
    sys.exit(main())
