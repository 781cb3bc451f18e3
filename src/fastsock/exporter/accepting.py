"""What a client accepts, by a header of HTTP: `Accept: text/plain;q=0.5, application/json`."""

from __future__ import annotations

import re

_REFUSES = re.compile(r"q\s*=\s*0(\.0*)?").fullmatch


def accepts(header: str, kind: str) -> bool:
    """Whether `kind`, in lower case, is named there, and not with the quality 0, which refuses."""
    for one in header.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        if name == kind and not any(map(_REFUSES, parameters)):
            return True
    return False
