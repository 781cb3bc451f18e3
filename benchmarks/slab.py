"""How much memory the kernel keeps for files it was asked about: its dentries and inodes of /proc.

    # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : …
    proc_inode_cache     874    897    696   23    4 : tunables    0    0    0 : slabdata …
    dentry              2070   4116    192   21    1 : tunables    0    0    0 : slabdata …

No question of ours frees them: they stay until the process that they tell of ends, or memory runs
short. So what one question leaves behind is seen only after they were dropped. All of this takes
root.
"""

from __future__ import annotations

import os
import sys
import time
from typing import NamedTuple

KINDS = ("dentry", "proc_inode_cache")
DROP = "/proc/sys/vm/drop_caches"  # proc_sys_vm(5); "2": dentries and inodes
SETTLE = 0.05  # seconds between two readings
MOST_DROPS = 6

# What a counter of pages in /proc/meminfo may lag by on each processor (mm/vmstat.c).
LAG_PAGES = 125


class Slab(NamedTuple):
    """Memory in use, in bytes; `grain`: what cannot be told apart from nothing; and who says so."""

    used: int
    grain: int
    source: str


def parse_slabinfo(text: str) -> Slab | None:
    """Add up our kinds of objects in use; None where the kernel lists none of them.

    The grain is one slab of each: memory is taken and given back by the slab.
    """
    used = grain = 0
    for line in text.splitlines():
        fields = line.split(None, 5)
        if fields and fields[0] in KINDS:
            active, _, size, per_slab = map(int, fields[1:5])
            used += active * size
            grain += per_slab * size
    return Slab(used, grain, "slabinfo") if grain else None


def parse_meminfo(text: str) -> Slab:
    """Take SReclaimable: all kinds that memory pressure would free, in whole pages."""
    fields = dict(line.split(":", 1) for line in text.splitlines())
    grain = LAG_PAGES * os.sysconf("SC_PAGE_SIZE") * (os.cpu_count() or 1)
    return Slab(int(fields["SReclaimable"].split()[0]) * 1024, grain, "meminfo")


def read_slab() -> Slab:
    shrink()
    slab = None
    try:
        with open("/proc/slabinfo") as file:
            slab = parse_slabinfo(file.read())
    except OSError:  # for root only, and not in every kernel
        pass
    if slab is None:
        with open("/proc/meminfo") as file:
            slab = parse_meminfo(file.read())
    return slab


def shrink() -> None:
    """Have each processor give back the slabs it keeps: their free objects count as used."""
    for kind in KINDS:
        try:
            with open(f"/sys/kernel/slab/{kind}/shrink", "w") as file:
                file.write("1")
        except OSError:  # not in every kernel, read-only in containers: the counts are coarser
            pass


def drop_caches() -> None:
    """Free the dentries and inodes that nothing holds, of the whole host. Raises OSError.

    One pass spares what was used since the last, and what somebody is just looking at, so it is
    done until two in a row free nothing more.
    """
    least, in_vain = sys.maxsize, 0
    for _ in range(MOST_DROPS):
        with open(DROP, "w") as file:
            file.write("2")
        used = settle().used
        in_vain = in_vain + 1 if used > least * 0.99 else 0
        if in_vain == 2:
            break
        least = min(least, used)


def settle() -> Slab:
    """Wait until two readings agree, half a second at most: much is freed late, by RCU."""
    last = read_slab()
    for _ in range(10):
        time.sleep(SETTLE)
        now = read_slab()
        if now.used == last.used:
            break
        last = now
    return now
