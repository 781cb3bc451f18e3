"""What an exporter is put to work with: a unit of systemd, a dashboard of Grafana, rules of alerts.

    ExecStart=/usr/local/bin/fastsock exporter $OPTIONS      deploy/fastsock-exporter.service

Files of the package, so that who installed it by pip has them.
"""

from __future__ import annotations

import os
import re

FOLDER = os.path.join(os.path.dirname(__file__), "deploy")
FILES = {
    "service": "fastsock-exporter.service",
    "dashboard": "fastsock-dashboard.json",
    "rules": "fastsock-rules.yml",
}

_INSTALLED = "/usr/local/bin/fastsock"


def read_deployment(name: str, command: str = "") -> str:
    """Return one of FILES; the unit with this `command`, a path, instead of the one that it has.

    What systemd would read as more than a path is not put in.
    """
    with open(os.path.join(FOLDER, FILES[name]), encoding="utf-8") as file:
        text = file.read()
    if name == "service" and re.fullmatch(r"(/[\w.+-]+)+", command):
        text = text.replace(f"={_INSTALLED} ", f"={command} ")
    return text
