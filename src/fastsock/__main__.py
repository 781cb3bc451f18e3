"""python -m fastsock"""

from __future__ import annotations

import sys

from fastsock.cli import main

sys.exit(main())
