"""python -m fastsock"""

from __future__ import annotations

import sys

from fastsock.cli import main

if __name__ == "__main__":
    sys.exit(main())
