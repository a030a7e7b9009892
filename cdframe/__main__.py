"""`python -m cdframe` is the command `cdframe`."""

import sys

from cdframe.cli import main

if __name__ == "__main__":
    sys.exit(main())
