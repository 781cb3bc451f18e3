"""What an exporter is put to work with: a unit of systemd, a dashboard of Grafana, rules of alerts.

    ExecStart=/usr/local/bin/fastsock exporter $OPTIONS      deploy/fastsock-exporter.service

Files of the package, so that who installed it by pip has them.
"""

from __future__ import annotations

import os
import re
import sys

from fastsock.errors import escape

FOLDER = os.path.join(os.path.dirname(__file__), "deploy")
FILES = {
    "service": "fastsock-exporter.service",
    "dashboard": "fastsock-dashboard.json",
    "rules": "fastsock-rules.yml",
}

OPTIONS_FILE = "/etc/default/fastsock-exporter"  # has the exporter's flags

_INSTALLED = "/usr/local/bin/fastsock"

# What the unit does not see: ProtectHome=, PrivateTmp=.
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")


def read_deployment(name: str, command: str = "") -> str:
    """Return one of FILES; the unit with this `command`, a path, instead of the one that it has."""
    with open(os.path.join(FOLDER, FILES[name]), encoding="utf-8") as file:
        text = file.read()
    if name == "service":
        text = text.replace(f"={_INSTALLED} ", f"={_choose(command)} ")
    return text


def find_obstacle(command: str = "") -> str:
    """Return why the unit with this `command` cannot start on this host, as a line; "" if it may.

    The command is a script of the Python that we run in, and its package is this one.
    """
    started = _choose(command)
    if not os.path.exists(started):
        return f"the unit starts {started}, which does not exist: write yours into ExecStart="
    needed = (started, sys.executable, FOLDER) if started == command else (started,)
    for path in (*needed, *map(os.path.realpath, needed)):
        for directory in _HIDDEN:
            if path.startswith(f"{directory}/"):
                return (
                    f"the unit cannot start: it needs {escape(path)}, and does not see {directory} "
                    "(ProtectHome=, PrivateTmp=); install fastsock elsewhere, as below /opt"
                )
    return ""


def _choose(command: str) -> str:
    """Return what the unit starts: what systemd would read as more than a path is not put in."""
    return command if re.fullmatch(r"(/[\w.+-]+)+", command) else _INSTALLED
