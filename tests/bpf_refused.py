"""A kernel that refuses bpf(2), as containers and services make it: by a filter of seccomp(2)."""

from __future__ import annotations

import ctypes
import platform
import struct

from children import libc

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
BPF_CALL = {"x86_64": 321, "ppc64le": 361}.get(platform.machine(), 280)


def refuse_bpf(code: int, command: int | None = None) -> None:
    """Have the kernel answer bpf(2), or one of its commands, with an error from now on."""
    load, jump, answer = 0x20, 0x15, 0x06  # BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ, BPF_RET
    refused, allowed = 0x00050000 | code, 0x7FFF0000
    steps = [(load, 0, 0, 0), (jump, 0, 1, BPF_CALL), (answer, 0, 0, refused)]
    if command is not None:
        steps[1:2] = [(jump, 0, 3, BPF_CALL), (load, 0, 0, 16), (jump, 0, 1, command)]
    steps.append((answer, 0, 0, allowed))
    code_bytes = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code_bytes)
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held))
    )
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) == 0
