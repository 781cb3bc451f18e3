"""Processes that a test forks: for one result or for a while, as another user, elsewhere."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

import sockfarm

T = TypeVar("T")
OWN = 0  # a network namespace that nobody else is in
NOBODY = 65534
AS_ROOT = os.geteuid() == 0
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
libc = ctypes.CDLL(None, use_errno=True)


def fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns of threads that other tests' libraries keep; our children need no lock.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def join(thread: threading.Thread, seconds: float | None = None) -> None:
    """Wait for a thread's end, also for the kernel's; AssertionError where it takes longer.

    Python says so before that. A fork in between copies the locks that it holds on its way out, and
    AddressSanitizer's allocator, other than libc's, does not free them in the child.
    """
    thread.join(seconds)
    assert not thread.is_alive()
    while os.path.exists(f"/proc/self/task/{thread.native_id}"):
        time.sleep(0.001)


def become(user: int) -> None:
    """Change to an account without privileges; an ordinary user stays what he is."""
    if AS_ROOT:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # changing the user cleared it


def hide_descriptors() -> None:
    """Close /proc/self/fd to everybody without CAP_SYS_PTRACE, the own user included."""
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def enter_own_namespace() -> None:
    """Move into a network namespace of our own, or skip the test."""
    reasons = []
    for flags in (sockfarm.CLONE_NEWNET, sockfarm.CLONE_NEWNET | sockfarm.CLONE_NEWUSER):
        try:
            sockfarm.enter_namespace(flags)
        except OSError as error:
            reasons.append(str(error.strerror))
            continue
        if flags & sockfarm.CLONE_NEWUSER:
            sockfarm.drop_capabilities()
        return
    pytest.skip(f"no network namespace of our own: {', '.join(reasons)}")


def enter_namespace(pid: int) -> None:
    """Move into the network namespace of a process, and its user namespace if it has another."""
    for name in ("user", "net"):
        theirs = f"/proc/{pid}/ns/{name}"
        if os.stat(theirs).st_ino == os.stat(f"/proc/self/ns/{name}").st_ino:
            continue
        fd = os.open(theirs, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.setns(fd, 0):
                raise OSError(ctypes.get_errno(), f"setns {theirs}")
        finally:
            os.close(fd)


def prepare_child(user: int | None, netns: int | None) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if netns == OWN:
        enter_own_namespace()
    elif netns is not None:
        enter_namespace(netns)
    if user is not None:
        become(user)


def receive(receiving: int) -> Any:
    """Return what a child sends as its result; skip or fail where it did.

    Does not wait for the end of the pipe: a thread of the child with a descriptor table of its own
    keeps it open.
    """
    with open(receiving, "rb") as pipe:
        try:
            kind, value = pickle.load(pipe)
        except EOFError:
            raise AssertionError("the child was killed, or its result cannot be sent") from None
    if kind == "skipped":
        pytest.skip(value)
    if kind == "failed":
        raise AssertionError(value)
    return value


def in_child(function: Callable[[], T], *, user: int | None = None, netns: int | None = None) -> T:
    """Run `function` in a forked child and return what it returns.

    As `user` where root may change to it, in the network namespace of the process `netns` or OWN.
    """
    receiving, sending = os.pipe()
    child = fork()
    if child == 0:
        result: Any
        try:
            os.close(receiving)
            prepare_child(user, netns)
            result = ("result", function())
        except pytest.skip.Exception as skipped:
            result = ("skipped", str(skipped))
        except BaseException:
            result = ("failed", traceback.format_exc())
        try:
            with open(sending, "wb") as pipe:
                pipe.write(pickle.dumps(result))
        finally:
            os._exit(0)
    os.close(sending)
    try:
        answer: T = receive(receiving)
        return answer
    finally:
        os.waitpid(child, 0)


@contextlib.contextmanager
def child_process(
    prepare: Callable[[], T],
    then: Callable[[], object] = signal.pause,
    *,
    user: int | None = None,
    netns: int | None = None,
) -> Iterator[tuple[int, T]]:
    """Fork a process that runs `prepare`, goes on with `then` and is killed in the end.

    Yields its pid and what `prepare` returned. What `prepare` makes must be kept by somebody: the
    child never returns, so local variables of the caller's frames live on, those of `prepare` not.
    """
    receiving, sending = os.pipe()
    child = fork()
    if child == 0:
        try:
            os.close(receiving)
            prepare_child(user, netns)
            told = ("result", prepare())
        except pytest.skip.Exception as skipped:
            told = ("skipped", str(skipped))  # type: ignore[assignment]
        except BaseException:
            told = ("failed", traceback.format_exc())  # type: ignore[assignment]
        try:
            os.write(sending, pickle.dumps(told))
            os.close(sending)
            if told[0] == "result":
                then()
        finally:
            os._exit(1)
    os.close(sending)
    try:
        yield child, receive(receiving)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
