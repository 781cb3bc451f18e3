"""What lsof's face says of itself: usage, fields, version."""

from __future__ import annotations

from collections.abc import Sequence

from fastsock.compat.lsof_flags import FIELDS

_USAGE = (
    "usage: fastsock lsof [-abhlnNOPQRtUvVX] [-c c] [+c w] [-d fds] [+d dir] [+D dir] [+f[gG]]",
    "       [-F fields] [-g [groups]] [-i [address]] [-K [i]] [+L [n]] [-o [n]] [-p pids] [-r [t]]",
    "       [-s [tcp:states]] [-T [qs]] [-u users] [-w] [-x [fl]] [--] [names]",
)
_HELP = (
    "Selections; any of them selects a file, with -a all of them must; ^ in front excludes:",
    "  -i [46][tcp|udp][@host|@address|@[v6]][:port,first-last,service]   TCP and UDP",
    "  -s tcp:state,^state   of those only (not) these states       -U   UNIX sockets",
    "  -p pids  -g groups  -u users   processes                     -c command  -c /regex/[bix]",
    "  -d 3,5-9,cwd,txt,mem,fd   descriptors                        +L n   fewer than n links",
    "  names   files, or whole file systems; +d DIR, +D DIR: what is in a directory, below it",
    "Output:",
    "  -n, -P, -l   numbers for hosts, ports, users      -t   process numbers only",
    "  -F fields    for programs (-F? lists them)        -T [qs]   queues, states; -T: neither",
    "  -R, -g       parent, group      +c w   width of COMMAND      -o, -s   offsets, sizes",
    "  +f g, +f G   open flags         +L     links                 -K   threads, -K i: none",
    "  -r [t][c<n>][m<mark>]   again every t seconds, +r while there is something",
    "  -V   what was not found         -Q     that is no failure    -w   no warnings",
)


def explain(help: str) -> list[str]:
    """Return the lines of -h, -v and -F?, and of "", the usage that follows complaints."""
    if help == "F":
        return ["fields:", *(f"  {letter}  {meaning}" for letter, meaning in FIELDS.items())]
    if help == "v":
        from fastsock import __version__

        return [f"fastsock {__version__}: its lsof answers as lsof 4.95.0 does"]
    return [*_USAGE, *_HELP] if help == "h" else [*_USAGE, "Help is behind -h."]


def refuse_all(complaints: Sequence[str], help: str) -> list[str]:
    """Return what is said about a command line that is not answered."""
    return list(complaints) if help == "names" else [*complaints, *explain(help)]
