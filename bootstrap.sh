#!/bin/sh
# Build fastsock into the virtual environment .venv of this directory: sh bootstrap.sh [EXTRA]
#
# It is `python3 -m venv .venv && .venv/bin/pip install .` and one thing more: Debian and Ubuntu
# deliver python3 without venv and without its C headers. What is missing is installed with apt-get.
# PYTHON names another interpreter.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}

missing=$("$python" - <<'END'
import importlib.util, os, shutil, sys, sysconfig

if sys.version_info < (3, 10):
    sys.exit("fastsock needs Python 3.10 or newer, and this is " + sys.version.split()[0])
header = os.path.join(sysconfig.get_path("include"), "Python.h")
compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "gcc"
needs = {
    "gcc": shutil.which(compiler.split()[0]),
    "python3-dev": os.path.exists(header),
    "python3-venv": importlib.util.find_spec("ensurepip"),
}
print(*(package for package, present in needs.items() if not present))
END
)
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
    echo "bootstrap.sh: installing $missing" >&2
    $sudo apt-get update
    # shellcheck disable=SC2086  # a list of packages
    $sudo apt-get install -y $missing
fi

"$python" -m venv .venv
.venv/bin/pip install ".${1:+[$1]}"
