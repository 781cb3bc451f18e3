"""What users are called: by /etc/passwd, and by what else getpwuid(3) asks, for a short while."""

from __future__ import annotations

from functools import lru_cache

from fastsock.patience import Patience

_PASSWD = "/etc/passwd"
_MOST = 1 << 24  # bytes of it that are read

_patience = Patience(2.0)  # of a process with name services, in all


def parse_passwd(text: bytes) -> dict[int, bytes]:
    """Return the name of each user's number in passwd(5); where several share one, the first."""
    found: dict[int, bytes] = {}
    for line in text.split(b"\n"):
        fields = line.split(b":")
        if len(fields) >= 3 and fields[0] and fields[2].isdigit() and len(fields[2]) <= 10:
            found.setdefault(int(fields[2]), fields[0])
    return found


@lru_cache(1)
def _read_passwd() -> dict[int, bytes]:
    try:
        with open(_PASSWD, "rb") as passwd:
            return parse_passwd(passwd.read(_MOST))
    except OSError:  # a container may have none
        return {}


@lru_cache(4096)
def user_name(uid: int) -> str:
    """Return the login of a user, or the number as text where nobody knows one.

    What is not in /etc/passwd is asked of name services (LDAP and others, nsswitch.conf(5)) in a
    thread. All of them together are given two seconds in the life of this process, then users stay
    numbers. Text is as os.fsdecode makes it: escape it before it goes to a terminal.
    """
    local = _read_passwd().get(uid)
    if local is not None:
        return local.decode("utf-8", "surrogateescape")
    if _patience.left <= 0:  # of a thousand users each would be a thread that nobody waits for
        return str(uid)
    return _patience.ask(lambda: _ask_services(uid)) or str(uid)


def _ask_services(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError, OSError):  # nobody; OSError: a service that failed
        return ""
