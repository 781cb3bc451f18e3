"""Socket leaks: what grows, or stays although it should end, from one sample to the next.

One sample tells no leak, whatever it shows: everything here is said of several, with how long was
watched, and growth only where it is more than chance (trend.py).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from fastsock.cgroups import lies_in
from fastsock.diagnose.addresses import format_address, text_end
from fastsock.diagnose.following import NEAR, Followed, Following, Group, Part, Sample
from fastsock.diagnose.process_state import ProcessState
from fastsock.diagnose.sampling import Sampler
from fastsock.diagnose.snapshot import Snapshot
from fastsock.diagnose.trend import Trend, fit, text_seconds
from fastsock.errors import ComparisonError, NoSuchProcess, escape
from fastsock.filter import OWNER_TERMS, TERMS, build_filter
from fastsock.table import Incomplete
from fastsock.tcp import PROTOCOL_NAMES, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What a finding is about.
CLOSE_WAIT, NEVER_CLOSED, DESCRIPTORS = "close-wait", "never-closed", "descriptors"
PORTS, TIME_WAIT = "ports", "time-wait"

HORIZON = 86400.0  # seconds: a limit that is further away at this rate is not worth an alarm
_FULL = 0.98  # of a limit: so near it is reached for all that matters
_SOME = 3  # sockets: fewer are no pattern
_START = 8  # samples: of a process that has just been started fewer tell only of its start
_TICKS = 100  # a second, in start_time (USER_HZ)
_MOST_REMOTES = 5  # addresses that a finding names


class Leak:
    """One finding. What does not apply is None.

    `kind` is close-wait, never-closed, descriptors, ports or time-wait. `process` is whose it is,
    or None: then `owner_state` and `uid` say of sockets why nobody is named and who made them, and
    ports and TIME_WAIT are their namespace's, `netns`. `ended`: the process has ended since.
    `count` is how many there are at the end, `limit` how many there may be, `trend` how it grows,
    `seconds` and `samples` how long and how often that was watched.

    Of sockets: `direction` is out (from us to `remote_address` and `remote_port`) or in (to us, on
    `local_port`), `remotes` are the most frequent other ends as (address, sockets), of
    `remote_count` in all. Of CLOSE_WAIT: `whole` so many of them were in it in every sample, and
    `longest` seconds is the one that is in it longest. Never closed: `closed` others came and went
    within `lifetime` samples (nine of ten of them). Of descriptors: `seconds_left` is (likely,
    least, most) until the limit, at this rate. Of ports: `time_wait` of them are in TIME_WAIT;
    `overflow` of time-wait is how many did not become one while watched (TCPTimeWaitOverflow).
    """

    __slots__ = (
        "kind",
        "process",
        "owner_state",
        "uid",
        "ended",
        "netns",
        "protocol",
        "direction",
        "local_address",
        "local_port",
        "remote_address",
        "remote_port",
        "remotes",
        "remote_count",
        "count",
        "limit",
        "trend",
        "seconds",
        "samples",
        "whole",
        "longest",
        "closed",
        "lifetime",
        "seconds_left",
        "time_wait",
        "reuse",
        "overflow",
    )

    kind: str
    process: ProcessState | None
    owner_state: str | None
    uid: int | None
    ended: bool
    netns: int | None
    protocol: str | None
    direction: str | None
    local_address: str | None
    local_port: int | None
    remote_address: str | None
    remote_port: int | None
    remotes: list[tuple[str, int]] | None
    remote_count: int | None
    count: int
    limit: int | None
    trend: Trend | None
    seconds: float
    samples: int
    whole: int | None
    longest: float | None
    closed: int | None
    lifetime: int | None
    seconds_left: tuple[float, float, float | None] | None
    time_wait: int | None
    reuse: int | None
    overflow: int | None

    def __init__(self, kind: str, **values: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, None)
        self.kind = kind
        self.ended = False
        self.set(**values)

    def set(self, **values: Any) -> None:
        """Say more of it."""
        for name, value in values.items():
            setattr(self, name, value)

    @property
    def endpoint(self) -> str:
        """The endpoint as text: 10.0.0.5:5432, or for what came to us `port 443`."""
        remote = ""
        if self.remote_address is not None and self.remote_port:
            remote = text_end(self.remote_address, self.remote_port)
        if self.kind == PORTS:
            return f"{self.local_address} to {remote}"
        if self.direction == "in":
            return f"port {self.local_port}"
        if self.direction == "out":
            return remote or "no endpoint"
        return ""

    def __str__(self) -> str:
        return _SENTENCES[self.kind](self)

    def __repr__(self) -> str:
        return f"<Leak {self}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object: what does not apply is not in it, `text` is the sentence."""
        made: dict[str, Any] = {"kind": self.kind, "text": str(self), "ended": self.ended}
        made["process"] = None if self.process is None else self.process.as_dict()
        for name in self.__slots__:
            value = getattr(self, name)
            if name in made or value is None:
                continue
            if isinstance(value, Trend):
                value = value.as_dict()
            elif name == "remotes":
                value = [{"remote_address": end, "count": number} for end, number in value]
            elif name == "seconds_left":
                names = ("likely", "least", "most")
                value = {k: _rounded(v) for k, v in zip(names, value, strict=True)}
            elif isinstance(value, float):
                value = round(value, 3)
            made[name] = value
        return made


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _growth(leak: Leak) -> str:
    if leak.trend is None or not leak.trend.grows:
        return ""
    return f", grows by {leak.trend}"


def _say_close_wait(leak: Leak) -> str:
    watched = text_seconds(leak.seconds)
    longest = text_seconds(leak.longest or 0.0)
    stays = f"the longest for at least {longest} of the {watched} watched"
    if leak.whole:
        stays = f"{leak.whole} of them in all {leak.samples} samples over {watched}"
    return f"{leak.count} in CLOSE_WAIT, {stays}{_growth(leak)}"


def _say_never_closed(leak: Leak) -> str:
    within = f"{leak.lifetime} sample{'s' if leak.lifetime != 1 else ''}"
    before = leak.trend.first if leak.trend else 0
    return (
        f"{leak.count} opened while watched and not closed, while {leak.closed} others came and "
        f"went, most within {within}; open ones from {before} to "
        f"{leak.trend.last if leak.trend else 0}{_growth(leak)}"
    )


def _say_descriptors(leak: Leak) -> str:
    if leak.seconds_left is None:
        return f"{leak.count} descriptors of {leak.limit}: no more can be opened"
    likely, least, most = leak.seconds_left
    span = (
        f"{text_seconds(least)} or more"
        if most is None
        else (f"{text_seconds(least)} to {text_seconds(most)}")
    )
    return (
        f"{leak.count} descriptors of {leak.limit}{_growth(leak)}: at this rate the limit is "
        f"reached in about {text_seconds(likely)} ({span})"
    )


def _say_ports(leak: Leak) -> str:
    reuse = ""
    if leak.reuse:
        to = "" if leak.reuse == 1 else " over loopback"
        reuse = f"; tcp_tw_reuse={leak.reuse} lets those in TIME_WAIT be taken again{to}"
    return (
        f"{leak.count} of {leak.limit} local ports taken, {leak.time_wait} of them in TIME_WAIT, "
        f"in {leak.samples} samples over {text_seconds(leak.seconds)}{reuse}"
    )


def _say_time_wait(leak: Leak) -> str:
    of = "" if leak.limit is None else f" of {leak.limit} (tcp_max_tw_buckets)"
    lost = ""
    if leak.overflow:
        lost = f"; {leak.overflow} more were closed without it (TCPTimeWaitOverflow)"
    return (
        f"{leak.count} in TIME_WAIT{of}, in {leak.samples} samples over "
        f"{text_seconds(leak.seconds)}{lost}"
    )


_SENTENCES: dict[str, Callable[[Leak], str]] = {
    CLOSE_WAIT: _say_close_wait,
    NEVER_CLOSED: _say_never_closed,
    DESCRIPTORS: _say_descriptors,
    PORTS: _say_ports,
    TIME_WAIT: _say_time_wait,
}


class Leaks:
    """What a watch found.

    `seconds` is the time between the first sample and the last, `samples` how many there were,
    `sockets` how many were followed in the last one, `processes` how many processes were seen.
    `findings` are Leak objects, those of processes first; `notes` are sentences about what was seen
    and is no finding: a process that ended, growth whose limit is far. `end` says why the watch
    ended: samples (all were taken), ended (the processes), interrupted, stopped (`wait` said so) or
    files. `sources`, `incomplete` and `elapsed` as elsewhere; the waiting is not in it.
    """

    __slots__ = (
        "seconds",
        "samples",
        "sockets",
        "processes",
        "findings",
        "notes",
        "end",
        "host",
        "time",
        "sources",
        "incomplete",
        "elapsed",
    )

    def __init__(self) -> None:
        self.seconds = 0.0
        self.samples = 0
        self.sockets = 0
        self.processes = 0
        self.findings: list[Leak] = []
        self.notes: list[str] = []
        self.end = ""
        self.host = ""
        self.time = 0.0
        self.sources: Mapping[str, str] = {}
        self.incomplete: Incomplete = ()
        self.elapsed = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            **({"host": escape(self.host)} if self.host else {}),
            "watched_seconds": round(self.seconds, 3),
            "samples": self.samples,
            "ended": self.end,
            "sockets": self.sockets,
            "processes": self.processes,
            "findings": [leak.as_dict() for leak in self.findings],
            "notes": self.notes,
        }

    def __repr__(self) -> str:
        return f"<Leaks {len(self.findings)} in {self.samples} samples>"


# --------------------------------------------------------------------------------------- judgement


def _judge_part(
    part: Part, followed: Sequence[Followed], times: Sequence[float], end: int
) -> tuple[list[tuple[Leak, Followed | None]], list[str]]:
    """Return the findings about a process in the samples before `end`, and notes."""
    found: list[tuple[Leak, Followed | None]] = []
    # A process whose sockets were seen once: nothing can be said of these.
    if end - part.first > 1:
        for one in followed:
            for leak in (_judge_waiting(one, times, end), _judge_kept(one, times, end)):
                if leak is not None:
                    leak.set(**_endpoint(one.group))
                    found.append((leak, one))
    descriptors, note = _judge_descriptors(part, times, end)
    if descriptors is not None:
        found.append((descriptors, None))
    for leak, _ in found:
        leak.set(process=part.process, owner_state=part.missing, uid=part.uid, ended=part.ended)
    return found, [note] if note else []


def _endpoint(group: Group) -> dict[str, Any]:
    protocol = PROTOCOL_NAMES.get(group.protocol, str(group.protocol))
    made: dict[str, Any] = {"netns": group.netns or None, "protocol": protocol}
    if group.inbound:
        return {**made, "direction": "in", "local_port": group.port}
    return {
        **made,
        "direction": "out",
        "remote_address": format_address(group.address),
        "remote_port": group.port,
    }


def _judge_waiting(one: Followed, times: Sequence[float], end: int) -> Leak | None:
    """Tell of CLOSE_WAIT that stays: half the time or longer, or that there is more and more."""
    first = one.group.part.first
    last = end - 1
    stay = {since: number for since, number in one.waiting.items() if since < last}
    if not stay:
        return None
    seconds = times[last] - times[first]
    longest = times[last] - times[min(stay)]
    values = one.group.waiting.values(first, end)
    trend = fit(times[first:end], values)
    grows = trend is not None and trend.grows and len(one.waiting) >= _SOME
    if longest < seconds / 2 and not grows:
        return None
    return Leak(
        CLOSE_WAIT,
        count=sum(one.waiting.values()),
        whole=sum(number for since, number in stay.items() if since <= first) or None,
        longest=longest,
        trend=trend if grows else None,
        seconds=seconds,
        samples=end - first,
    )


def _judge_kept(one: Followed, times: Sequence[float], end: int) -> Leak | None:
    """Tell of sockets that are never closed while others come and go.

    Kept is what came while we watched, is still there and was seen more often than nine of ten of
    those that came and went. That there is such a thing may be chance, and load that rises looks
    alike: it counts where it goes on, and where all together there are more than chance explains.
    So many come and go at a time, n, that two counts of them differ by the root of 2n or so.
    """
    group = one.group
    first, last = group.part.first, end - 1
    closed = sum(group.lifetimes.values())
    if closed < _SOME:
        return None
    lifetime = _most_of(group.lifetimes)
    kept = {
        birth: number
        for birth, number in one.kept.items()
        if birth > first and last - birth + 1 > lifetime
    }
    if len(kept) < _SOME or sum(kept.values()) < _SOME:
        return None
    open_ones = zip(group.live.values(first, end), group.waiting.values(first, end), strict=True)
    trend = fit(times[first:end], [live - waiting for live, waiting in open_ones])
    if trend is None or not trend.grows:
        return None
    at_a_time = sum(seen * number for seen, number in group.lifetimes.items()) / (end - first)
    chance = math.sqrt(2 * at_a_time + group.left)
    if trend.last - trend.first <= max(_SOME, 3 * chance):
        return None
    return Leak(
        NEVER_CLOSED,
        count=sum(kept.values()),
        closed=closed,
        lifetime=lifetime,
        trend=trend,
        seconds=times[last] - times[first],
        samples=end - first,
    )


def _most_of(lifetimes: Mapping[int, int]) -> int:
    """Return in how many samples nine of ten were seen at most."""
    wanted = math.ceil(0.9 * sum(lifetimes.values()))
    for seen in sorted(lifetimes):
        wanted -= lifetimes[seen]
        if wanted <= 0:
            return seen
    return 0


def _judge_descriptors(part: Part, times: Sequence[float], end: int) -> tuple[Leak | None, str]:
    """Tell of descriptors that grow towards RLIMIT_NOFILE, or have reached it."""
    process = part.process
    limit = None if process is None else process.descriptor_limit
    if process is None or limit is None or len(part.samples) < 2:
        return None, ""
    if part.samples[-1] != end - 1:  # it holds no socket any more
        return None, ""
    moments = [times[sample] for sample in part.samples]
    values = part.descriptors.tolist()
    made = Leak(
        DESCRIPTORS,
        count=values[-1],
        limit=limit,
        seconds=moments[-1] - moments[0],
        samples=len(values),
    )
    if min(values[-2:]) >= _FULL * limit:
        return made, ""
    age = moments[0] - process.start_time / _TICKS
    if age < made.seconds and len(values) < _START:
        return None, ""
    trend = fit(moments, values)
    if trend is None or not trend.grows or trend.last - trend.first < _SOME:
        return None, ""
    made.trend, made.seconds_left = trend, trend.until(limit)
    if made.seconds_left is None:
        return None, ""
    if made.seconds_left[0] <= HORIZON or values[-1] >= NEAR * limit:
        return made, ""
    return None, f"{_name(process)}: {made}"


def _name(process: ProcessState) -> str:
    return f"{escape(process.command) or 'process'} {process.pid}"


def _judge_spaces(following: Following) -> list[Leak]:
    """Tell of namespaces whose local ports, or whose TIME_WAIT, come near what there may be."""
    found = []
    times, last = following.times, len(following.times) - 1
    for (inode, local, remote, port), seen in following.ports.items():
        if len(seen) < 2 or seen[-1][0] != last:
            continue
        _, used, waiting, size = seen[-1]
        reuse = following.spaces[inode].settings.get("tcp_tw_reuse")
        found.append(
            Leak(
                PORTS,
                netns=inode,
                local_address=format_address(local),
                remote_address=format_address(remote),
                remote_port=port,
                count=used,
                limit=size,
                time_wait=waiting,
                reuse=reuse if isinstance(reuse, int) else None,
                seconds=times[last] - times[seen[0][0]],
                samples=len(seen),
            )
        )
    for inode, counts in following.time_wait.items():
        space = following.spaces.get(inode)
        limit = None if space is None else space.settings.get("tcp_max_tw_buckets")
        overflows = following.overflows.get(inode, [])
        lost = overflows[-1][1] - overflows[0][1] if overflows else 0
        near = []
        if isinstance(limit, int):
            near = [sample for sample, number in counts if number >= NEAR * limit]
        is_near = len(near) > 1 and near[-1] == last
        if not (is_near or lost > 0) or not counts or counts[-1][0] != last:
            continue
        samples = len(near) if is_near else len(counts)
        since = near[0] if is_near else counts[0][0]
        found.append(
            Leak(
                TIME_WAIT,
                netns=inode,
                count=counts[-1][1],
                limit=limit if isinstance(limit, int) else None,
                overflow=max(lost, 0),
                seconds=times[last] - times[since],
                samples=samples,
            )
        )
    return found


def _judge(following: Following, named: bool) -> tuple[list[Leak], list[str]]:
    """Return the findings and the notes; `named`: each process was asked for by its number."""
    times, end = following.times, len(following.times)
    found: list[tuple[Leak, Followed | None]] = []
    notes: list[str] = []
    for part, followed in following.gone:
        leaks, more = _judge_part(part, followed, times, part.last + 1)
        found += leaks
        notes += more
        if (named or leaks) and part.process is not None:
            seconds = times[part.last] - times[part.first]
            samples = part.last - part.first + 1
            notes.append(
                f"{_name(part.process)} ended: what is said of it is of {samples} samples over "
                f"{text_seconds(seconds)}"
            )
    for part, followed in following.followed().items():
        leaks, more = _judge_part(part, followed, times, end)
        found += leaks
        notes += more
    following.find_remotes([one for leak, one in found if one is not None and not leak.ended])
    for leak, one in found:
        if one is not None and one.remotes is not None:
            remotes = one.remotes[leak.kind == CLOSE_WAIT]
            leak.remote_count = len(remotes)
            leak.remotes = [
                (format_address(address), number)
                for address, number in remotes.most_common(_MOST_REMOTES)
            ]
    every = [leak for leak, _ in found]
    kinds = list(_SENTENCES)
    every.sort(key=lambda one: (_pid(one), kinds.index(one.kind), -one.count))
    return [*every, *_judge_spaces(following)], notes


def _pid(leak: Leak) -> tuple[bool, int]:
    return leak.process is None, 0 if leak.process is None else leak.process.pid


# ---------------------------------------------------------------------------------------- the doors


class Watch:
    """Samples, one after the other, and what can be said of them so far."""

    def __init__(self, *, named: bool = False) -> None:
        self.named = named
        self.following = Following()
        self.elapsed = 0.0
        self.end = ""
        self._last: Snapshot | None = None
        self._incomplete: dict[tuple[object, ...], Mapping[str, Any]] = {}

    @property
    def samples(self) -> int:
        """How many there are."""
        return len(self.following.times)

    @property
    def seconds(self) -> float:
        """The time between the first and the last."""
        times = self.following.times
        return times[-1] - times[0] if times else 0.0

    def add(self, sample: Sample) -> None:
        """Take the next one. ComparisonError where it is not of this host, or not the next."""
        started = time.perf_counter()
        snapshot = sample.snapshot
        if self._last is not None:
            _check_next(self._last, snapshot)
        self.following.add(sample)
        self._last = snapshot
        for entry in snapshot.incomplete:
            known = (entry["what"], entry["reason"])
            before = self._incomplete.get(known)
            if before is None or (before.get("count") or 0) < (entry.get("count") or 0):
                self._incomplete[known] = entry
        self.elapsed += time.perf_counter() - started
        if not snapshot.path:  # what was loaded has been taken elsewhere
            self.elapsed += snapshot.elapsed

    def result(self) -> Leaks:
        """Return what can be said now."""
        started = time.perf_counter()
        made = Leaks()
        made.samples, made.seconds, made.end = self.samples, self.seconds, self.end
        if self._last is None:
            made.notes.append("not one sample could be taken: nothing can be said")
            return made
        following = self.following
        made.host, made.time = self._last.host, self._last.time
        made.sockets = following.sockets
        holders = {*following.parts, *(part.holder for part, _ in following.gone)}
        made.processes = sum(holder[0] >= 0 for holder in holders)
        if made.samples < 2:
            made.notes.append("watched once: nothing can be said of leaks from one sample")
        else:
            made.findings, made.notes = _judge(following, self.named)
        if made.samples == 2:
            made.notes.append("two samples: what grows is told from three on")
        made.sources = self._last.sources
        made.incomplete = tuple(self._incomplete.values())
        made.elapsed = self.elapsed + time.perf_counter() - started
        return made


def _check_next(before: Snapshot, snapshot: Snapshot) -> None:
    """Raise ComparisonError where two snapshots do not follow each other on one host."""
    first, second = _label(before), _label(snapshot)
    if before.host != snapshot.host:
        raise ComparisonError(
            f"{second} is of host {escape(snapshot.host)}, {first} of {escape(before.host)}: "
            "leaks are looked for on one host"
        )
    if before.boot_id != snapshot.boot_id:
        raise ComparisonError(f"{second} is of another boot than {first}: no socket is in both")
    for name in ("protocols", "netns_asked"):
        if getattr(before, name) != getattr(snapshot, name):
            raise ComparisonError(
                f"{second} was not asked for the same as {first}: {name} {getattr(snapshot, name)} "
                f"and {getattr(before, name)}"
            )
    if snapshot.monotonic == before.monotonic:
        raise ComparisonError(f"{second} is of the same moment as {first}")
    if snapshot.monotonic < before.monotonic:
        raise ComparisonError(
            f"{second} was taken before {first}: name them in the order in which they were taken"
        )


def _label(snapshot: Snapshot) -> str:
    return escape(snapshot.path) if snapshot.path else "a snapshot"


def check_interval(interval: float) -> float:
    """Return a number of seconds between samples; ValueError for what is none."""
    if isinstance(interval, bool) or not isinstance(interval, (int, float)):
        raise TypeError(f"interval: {interval!r} is not a number of seconds")
    if not (math.isfinite(interval) and interval > 0):
        raise ValueError(f"interval: {interval!r} is not a number of seconds above 0")
    return float(interval)


def check_samples(samples: int | None) -> int | None:
    """Return a number of samples; ValueError for fewer than two, which tell nothing."""
    if samples is None:
        return None
    if isinstance(samples, bool) or not isinstance(samples, int):
        raise TypeError(f"samples: {samples!r} is not a number")
    if samples < 2:
        raise ValueError(f"samples: {samples!r}: a leak is told from two samples or more")
    return samples


def watch_leaks(
    snapshots: Iterable[Snapshot] | None = None,
    *,
    interval: float = 2.0,
    samples: int | None = 6,
    tree: int | None = None,
    wait: Callable[[float], bool] | None = None,
    progress: Callable[[Watch], object] | None = None,
    **question: Any,
) -> Leaks:
    """Watch this host's sockets for a while, and return what looks like a leak.

    A sample is taken every `interval` seconds, `samples` in all (None: until something else ends
    it); `question` as for `scan`, of TCP and UDP where it names no protocol. With `pid`, `command`
    or `cgroup` only what these processes hold is read, with `tree` what a process holds and all
    that it starts. The watch ends early when all of these have ended, on KeyboardInterrupt while it
    waits or reads, and when `wait` (called with seconds to wait, default: time.sleep) returns
    False. `progress` is called with the Watch after each sample.

    With `snapshots` (in the order in which they were taken, on one host) these are the samples, and
    `question` selects among what they hold.

    Found are: CLOSE_WAIT that stays, sockets that are never closed while others come and go, by
    process and endpoint; descriptors that grow towards RLIMIT_NOFILE (getrlimit(2)); local ports
    that run out between two ends (ip_local_port_range), TIME_WAIT near tcp_max_tw_buckets
    (ip-sysctl.rst). One sample is never enough, and growth is told from three.

    Everybody sees all sockets; whose they are needs the same user or CAP_SYS_PTRACE, settings of
    other namespaces CAP_SYS_ADMIN: what is missing is in `incomplete`. Raises as `scan`,
    NoSuchProcess where nobody that is named lives at the start, ValueError for an interval or a
    number of samples that makes no sense, ComparisonError for snapshots that do not follow each
    other.
    """
    if snapshots is not None:
        return _watch_snapshots(snapshots, question, progress)
    interval, samples = check_interval(interval), check_samples(samples)
    watch = Watch(named=question.get("pid") is not None)
    try:
        sampler = Sampler(question, tree)
    except NoSuchProcess:
        if tree is None:
            raise
        watch.end = "ended"  # what was started was faster than we
        return watch.result()
    following = time.monotonic()
    while True:
        try:
            sample = sampler.take()
        except NoSuchProcess:
            if not watch.samples and tree is None:
                raise
            watch.end = "ended"
            break
        except KeyboardInterrupt:
            watch.end = "interrupted"
            break
        watch.add(sample)
        if progress is not None:
            progress(watch)
        if samples is not None and watch.samples >= samples:
            watch.end = "samples"
            break
        following = max(following + interval, time.monotonic())
        try:
            going = _sleep(following, wait)
        except KeyboardInterrupt:
            watch.end = "interrupted"
            break
        if not going:
            watch.end = "stopped"
            break
    if watch.samples:
        watch.following.finish(sampler.has_ended)
    made = watch.result()
    if sampler.hidden:
        pids = ", ".join(map(str, sampler.hidden))
        made.notes.append(f"process {pids} may not be read any more: it was left out from then on")
    return made


def _sleep(until: float, wait: Callable[[float], bool] | None) -> bool:
    seconds = max(until - time.monotonic(), 0.0)
    if wait is not None:
        return wait(seconds)
    time.sleep(seconds)
    return True


def _watch_snapshots(
    snapshots: Iterable[Snapshot],
    question: Mapping[str, Any],
    progress: Callable[[Watch], object] | None,
) -> Leaks:
    selection = {name: value for name, value in question.items() if value is not None}
    unknown = sorted(selection.keys() - set(TERMS))
    if unknown:
        raise TypeError(f"snapshots have been taken: {', '.join(unknown)} has no place here")
    watch = Watch(named="pid" in selection)
    for snapshot in snapshots:
        watch.add(_select(snapshot, selection))
        if progress is not None:
            progress(watch)
    watch.end = "files"
    return watch.result()


def _select(snapshot: Snapshot, selection: Mapping[str, Any]) -> Sample:
    """Return a sample of what is selected; what nobody holds is counted in all there is."""
    if not selection:
        return Sample(snapshot)
    table = snapshot.sockets
    if table.owners is None and any(name in selection for name in OWNER_TERMS):
        raise ComparisonError(f"{_label(snapshot)} was taken without owners: nobody can be named")
    chosen = Snapshot(
        sockets=table.select(**selection),
        host=snapshot.host,
        boot_id=snapshot.boot_id,
        time=snapshot.time,
        monotonic=snapshot.monotonic,
        path=snapshot.path,
        protocols=snapshot.protocols,
        netns_asked=snapshot.netns_asked,
        spaces=snapshot.spaces,
        netns=snapshot.netns,
        sources=snapshot.sources,
        incomplete=snapshot.incomplete,
        elapsed=snapshot.elapsed,
    )
    pids = None
    if any(name in selection for name in OWNER_TERMS):
        pids = _named_pids(snapshot, selection)
    chosen.processes = {
        pid: one for pid, one in snapshot.processes.items() if pids is None or pid in pids
    }
    waiting: dict[int, int] = {}
    for inode in table.select(state=[State.TIME_WAIT]).column("netns"):
        waiting[inode] = waiting.get(inode, 0) + 1
    return Sample(chosen, time_wait=waiting, ports=[table], pids=pids)


def _named_pids(snapshot: Snapshot, selection: Mapping[str, Any]) -> set[int]:
    """Return the processes of a snapshot that are named, with sockets or without."""
    want = build_filter(**{k: v for k, v in selection.items() if k in OWNER_TERMS}).terms
    found = set()
    for pid, process in snapshot.processes.items():
        if "pid" in want and pid not in want["pid"]:
            continue
        if "command" in want and process.command not in want["command"]:
            continue
        if "cgroup" not in want or lies_in(process.cgroup, want["cgroup"]):
            found.add(pid)
    return found


__all__ = ["Leak", "Leaks", "Watch", "watch_leaks"]
