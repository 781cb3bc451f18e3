"""What README.md says of the library, against the library."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCKS = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_name_is_there_after_a_bare_import() -> None:
    """Names are loaded when they are first used: one that another module brings is not there."""
    code = "".join(BLOCKS.findall(README.read_text()))
    names = sorted(set(re.findall(r"(?<!from )\bfastsock((?:\.[A-Za-z_]+)+)", code)))
    assert ".count" in names and ".Snapshot.take" in names
    script = "import sys, fastsock\nfor name in sys.argv[1:]:\n    eval('fastsock' + name)\n"
    for name in names:
        done = subprocess.run(
            [sys.executable, "-c", script, name], stderr=subprocess.PIPE, text=True
        )
        assert done.returncode == 0, done.stderr
